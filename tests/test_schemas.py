"""The published contracts are what the code says, and a promise is not broken unnoticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import publish_schemas
import pytest
from jsonschema import Draft202012Validator
from publish_schemas import broken_promises, contracts
from support.released import ReleasedHost

from halo_host import HOOK_API
from halo_host.connections.matching import Policy
from halo_host.database.tables import CORE_FIELDS

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


def _published(name: str) -> publish_schemas.Contract:
    contract: publish_schemas.Contract = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return contract


@pytest.mark.parametrize("name", [f"hooks/{HOOK_API}.json", "types.json"])
def test_plugins_get_what_was_promised_to_them(name: str) -> None:
    broken = broken_promises(_published(name), contracts()[name])

    assert not broken, "\n".join(broken)


def test_what_is_published_is_what_the_code_says() -> None:
    stale = publish_schemas.differing(SCHEMAS)

    assert not stale, f"{stale}: run `python tools/publish_schemas.py`"


def test_every_level_up_to_the_present_one_is_published() -> None:
    levels = sorted(int(file.stem) for file in (SCHEMAS / "hooks").glob("*.json"))

    assert levels == list(range(1, HOOK_API + 1))


@pytest.mark.parametrize("level", range(2, HOOK_API + 1))
def test_a_level_only_adds_to_the_one_before(level: int) -> None:
    """A plugin of an older level goes on being called as it was promised."""
    before = _published(f"hooks/{level - 1}.json")["hooks"]
    after = _published(f"hooks/{level}.json")["hooks"]

    assert {name: after.get(name) for name in before} == before
    assert after.keys() > before.keys(), "else it would need no level of its own"


@pytest.fixture(scope="module")
def of_host_0_1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, publish_schemas.Contract]:
    """What the released host of level 1 promised, read from its own code."""
    return ReleasedHost("0.1.0", tmp_path_factory.mktemp("released")).contracts()


def test_what_host_0_1_promised_still_holds(
    of_host_0_1: dict[str, publish_schemas.Contract],
) -> None:
    assert of_host_0_1["hooks/1.json"] == _published("hooks/1.json")
    for name in ("types.json", "connection.json"):
        broken = broken_promises(of_host_0_1[name], contracts()[name])

        assert not broken, "\n".join(broken)


def test_a_connection_schema_that_refuses_what_it_accepted_is_named() -> None:
    published = contracts()["connection.json"]

    def named(change: Callable[[publish_schemas.Contract], object]) -> list[str]:
        present = copy.deepcopy(published)
        change(present)
        return broken_promises(published, present)

    assert named(lambda it: it["properties"].update(colour={"type": "string"})) == []
    assert named(lambda it: it["$defs"]["policy"]["enum"].append("ask")) == []
    assert named(lambda it: it["$defs"]["policy"].update(default="keep", title="Who wins")) == []
    assert named(lambda it: it["properties"].pop("default_site")) == [
        "/properties/default_site was taken away."
    ]
    assert named(lambda it: it["$defs"]["policy"]["enum"].remove("keep")) == [
        "/$defs/policy/enum refuses 'keep'."
    ]
    assert named(lambda it: it.update(required=["user_id_key"])) == [
        "/required asks for user_id_key."
    ]
    assert named(lambda it: it["properties"]["user_id_key"].update(maxLength=20)) == [
        "/properties/user_id_key/maxLength changed from 50 to 20."
    ]
    assert named(lambda it: it["properties"]["default_site"].update(multipleOf=2)) == [
        "/properties/default_site/multipleOf changed from None to 2."
    ]


def test_the_connection_schema_knows_the_policies_and_core_fields_of_the_code() -> None:
    schema = _published("connection.json")

    Draft202012Validator.check_schema(schema)
    assert schema["$defs"]["policy"]["enum"] == [policy.value for policy in Policy]
    assert schema["$defs"]["policy"]["default"] == Policy.FOLLOW.value
    assert schema["properties"]["core_fields"]["propertyNames"]["enum"] == list(CORE_FIELDS)
    for policy in Policy:
        assert f"{policy.value}: " in schema["$defs"]["policy"]["description"]


def test_a_hook_that_changes_without_a_new_level_is_named() -> None:
    published = contracts()[f"hooks/{HOOK_API}.json"]
    present = copy.deepcopy(published)
    present["hooks"]["halo_user_tabs"]["arguments"].append(
        {"name": "page", "kind": "positional or keyword", "annotation": "int", "required": True}
    )

    (message,) = broken_promises(published, present)

    assert message.startswith("halo_user_tabs: ")
    assert "raise HOOK_API" in message


def test_a_type_may_gain_what_is_optional_and_lose_nothing() -> None:
    published = contracts()["types.json"]
    payment = published["types"]["Payment"]["built_from"]
    extra = {"name": "fee", "kind": "keyword-only", "annotation": "Money | None"}

    def with_payment(arguments: list[publish_schemas.Contract]) -> publish_schemas.Contract:
        types = published["types"]
        return {"types": types | {"Payment": types["Payment"] | {"built_from": arguments}}}

    optional = with_payment([*payment, extra | {"required": False}])
    required = with_payment([*payment, extra | {"required": True}])

    assert broken_promises(published, optional) == []
    assert broken_promises(published, required) == ["Payment(fee) is new and has no default."]
    assert broken_promises(published, with_payment(payment[1:])) == [
        "Payment(id) changed or was taken away."
    ]


def test_publishing_refuses_to_break_a_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_schemas.publish(tmp_path, unreleased=False)
    name = f"hooks/{HOOK_API}.json"
    before = (tmp_path / name).read_text(encoding="utf-8")
    present = contracts()
    del present[name]["hooks"]["halo_demo"]
    monkeypatch.setattr(publish_schemas, "contracts", lambda: present)

    with pytest.raises(SystemExit, match="halo_demo"):
        publish_schemas.publish(tmp_path, unreleased=False)
    assert (tmp_path / name).read_text(encoding="utf-8") == before

    assert publish_schemas.publish(tmp_path, unreleased=True) == [name]
