"""Enabling and configuring: what is refused, in which words, and what is never shown."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from sqlalchemy import update
from support.acme import AGENT, CONNECTION, Desk

from halo_host import audit
from halo_host.connections.matching import Policy
from halo_host.database.tables import connections
from halo_host.errors import InvalidInput, NotFound
from halo_host.imports.change_sets import State

TOKEN = "token-that-nobody-may-see"


def enable(desk: Desk, slug: str = "second", **settings: Any) -> None:
    given = {"ledger": "here", "api_key": TOKEN} | settings
    desk.host.connections.enable("acme-pay", given, slug=slug, agent=AGENT)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"api_key": 12345678}, "api_key must be text"),
        ({"api_key": "abc"}, "api_key is shorter than 8"),
        ({"ledger": ""}, "ledger is empty"),
        ({"region": TOKEN}, "region must be one of north, south"),
        ({"retries": 10}, r"retries is too large \(limit 9\)"),
        ({"retries": 1.5}, "retries must be a whole number"),
        ({"colour": TOKEN}, "colour is no setting"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    desk: Desk, settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint) as caught:
        enable(desk, **settings)

    assert TOKEN not in str(caught.value)
    assert "abc" not in str(caught.value)
    assert [it.slug for it in desk.host.connections.all()] == [CONNECTION]


def test_every_missing_setting_is_named(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"(?=.*ledger is missing)(?=.*api_key is missing)"):
        desk.host.connections.enable("acme-pay", {}, slug="second", agent=AGENT)


def test_an_unknown_integration_names_those_there_are(desk: Desk) -> None:
    with pytest.raises(NotFound, match="Ready are: acme-pay"):
        desk.host.connections.enable("no-pay", {}, agent=AGENT)


def test_an_unknown_connection_names_those_there_are(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"no connection nowhere\. Connections: acme-pay"):
        desk.host.connections.get("nowhere")


def test_a_default_site_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="no site 4711"):
        desk.host.connections.configure(CONNECTION, agent=AGENT, matching={"default_site": 4711})


def test_a_slug_names_one_connection(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="a connection acme-pay already"):
        enable(desk, CONNECTION)


@pytest.mark.parametrize("slug", ["", "Über", "a b", "-a", "../x", "x" * 61])
def test_a_slug_is_plain(desk: Desk, slug: str) -> None:
    if slug == "":
        with pytest.raises(InvalidInput, match="already"):
            enable(desk, slug)
        return
    with pytest.raises(InvalidInput, match="cannot name a connection"):
        enable(desk, slug)


def test_defaults_of_the_schema_are_filled_in(desk: Desk) -> None:
    enable(desk)

    assert desk.host.connections.get("second").settings["region"] == "north"


def test_configuring_keeps_what_is_not_named_secrets_too(desk: Desk) -> None:
    enable(desk)

    desk.host.connections.configure("second", agent=AGENT, settings={"region": "south"})

    settings = desk.host.connections.for_plugin("second").settings
    assert settings["api_key"].reveal() == TOKEN
    assert (settings["ledger"], settings["region"]) == ("here", "south")


def test_a_disabled_connection_does_nothing_and_keeps_its_history(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"})

    desk.host.connections.disable(CONNECTION, agent=AGENT)

    with pytest.raises(InvalidInput, match="is disabled"):
        desk.run()
    (change_set,) = desk.host.imports.newest(CONNECTION)
    assert change_set.state is State.APPLIED
    assert desk.host.directory.links(desk.user_of("CU1"))


def test_a_connection_that_is_enabled_again_has_its_settings_and_links(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"})
    desk.host.connections.disable(CONNECTION, agent=AGENT)

    desk.host.connections.enable("acme-pay", {}, agent=AGENT)

    assert desk.run().counts["unchanged"] == 1


def test_a_secret_is_in_no_face_no_log_and_no_table(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    enable(desk)
    desk.host.connections.configure("second", agent=AGENT, settings={"api_key": f"{TOKEN}-2"})
    desk.host.connections.check("second")

    connection = desk.host.connections.for_plugin("second")
    shown = [
        repr(desk.host.connections.get("second")),
        repr(connection),
        str(connection.settings),
        json.dumps(dict(connection.settings)),
        f"{connection.settings['api_key']}",
        repr(audit.entries(desk.host.database)),
        caplog.text,
        *(repr(rows) for rows in everything_stored(desk)),
    ]
    assert not [text for text in shown if TOKEN in text]


def everything_stored(desk: Desk) -> list[Any]:
    from halo_host.database.tables import metadata

    with desk.host.database.read() as connection:
        return [connection.execute(table.select()).all() for table in metadata.sorted_tables]


def test_only_text_fields_of_users_can_be_mapped(desk: Desk) -> None:
    desk.host.directory.add_custom_field("Start", type="date", agent=AGENT)
    desk.host.directory.add_custom_field("Region", entity="site", agent=AGENT)

    for name in ("Start", "Region"):
        with pytest.raises(InvalidInput, match=r"Text"):
            desk.host.connections.map_field(CONNECTION, "x", name, Policy.FOLLOW, agent=AGENT)

    assert desk.host.connections.mappings(CONNECTION) == []


def test_a_mapping_is_changed_listed_and_taken_out(desk: Desk) -> None:
    desk.host.directory.add_custom_field("Office", agent=AGENT)
    connections = desk.host.connections
    connections.map_field(CONNECTION, "office", "Office", Policy.FOLLOW, agent=AGENT)
    connections.map_field(CONNECTION, "bureau", "Office", Policy.KEEP, agent=AGENT)

    (mapping,) = connections.mappings(CONNECTION)
    assert (mapping.metadata_key, mapping.policy) == ("bureau", Policy.KEEP)

    connections.unmap_field(CONNECTION, "Office", agent=AGENT)
    assert connections.mappings(CONNECTION) == []
    with pytest.raises(NotFound):
        connections.unmap_field(CONNECTION, "Office", agent=AGENT)


def test_connections_without_a_name_are_told_apart_by_a_number(desk: Desk) -> None:
    enable(desk, "second")
    enable(desk, "third")

    names = {it.slug: it.name for it in desk.host.connections.all()}
    assert names == {CONNECTION: "Acme Pay", "second": "Acme Pay 2", "third": "Acme Pay 3"}
    assert desk.host.connections.free_name("acme-pay") == "Acme Pay 4"


def test_a_name_is_that_of_one_connection(desk: Desk) -> None:
    given = {"ledger": "here", "api_key": TOKEN}
    with pytest.raises(InvalidInput, match="a connection “Acme Pay” already") as refused:
        desk.host.connections.enable(
            "acme-pay", given, slug="second", name=" ACME  pay", agent=AGENT
        )
    assert "name" in refused.value.fields
    enable(desk)
    with pytest.raises(InvalidInput, match="a connection “Acme Pay” already"):
        desk.host.connections.configure("second", name="acme pay", agent=AGENT)

    desk.host.connections.configure(CONNECTION, name="ACME Pay", agent=AGENT)
    assert desk.host.connections.get(CONNECTION).name == "ACME Pay"


def test_equal_names_of_an_earlier_version_stay(desk: Desk) -> None:
    enable(desk)
    with desk.host.database.write() as connection:
        connection.execute(update(connections).values(name="Same"))
    settings = {"region": "south"}

    desk.host.connections.configure("second", name="Same", settings=settings, agent=AGENT)
    desk.host.connections.disable("second", agent=AGENT)
    desk.host.connections.enable("acme-pay", {}, slug="second", name="Same", agent=AGENT)

    details = desk.host.connections.get("second")
    assert (details.name, details.enabled, details.settings["region"]) == ("Same", True, "south")


def test_all_that_is_wrong_with_a_new_connection_is_known_at_once(desk: Desk) -> None:
    wrong = desk.host.connections.unfit("acme-pay", {}, slug="Not Good", name="x" * 450)

    assert set(wrong) == {"slug", "name", "settings"}
    assert set(wrong["settings"].fields) == {"ledger", "api_key"}
