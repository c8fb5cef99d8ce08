"""Which values an import writes: never what a person wrote, unless the operator says so."""

from __future__ import annotations

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.connections.matching import Policy

OFFICE = "Office"


def map_office(desk: Desk, policy: Policy) -> None:
    desk.host.directory.add_custom_field(OFFICE, agent=AGENT)
    desk.host.connections.map_field(CONNECTION, "office", OFFICE, policy, agent=AGENT)


def payer(**fields: object) -> dict[str, object]:
    return {"id": "CU1", "given_name": "Ann", **fields}


def test_by_default_what_an_import_wrote_follows_the_provider(desk: Desk) -> None:
    desk.run(payer(phone="1"))
    desk.run(payer(phone="2"))
    desk.run(payer(phone="3"))

    assert desk.host.directory.user(desk.user_of("CU1")).phone == "3"


def test_by_default_what_a_person_wrote_stays(desk: Desk) -> None:
    desk.run(payer(phone="1"))
    desk.edit(desk.user_of("CU1"), phone="by hand")

    assert desk.run(payer(phone="2")).rows == {}
    assert desk.host.directory.user(desk.user_of("CU1")).phone == "by hand"


def test_by_default_a_value_of_a_linked_user_that_was_there_before_stays(desk: Desk) -> None:
    there = desk.add_user("Acme Ltd/Head office", email="ann@acme.example", phone="by hand")
    linked = {"email": "ann@acme.example", "company": "Acme Ltd"}
    desk.run(payer(**linked, phone="by hand"))
    desk.run(payer(**linked, phone="2"))

    assert desk.host.directory.user(there).phone == "by hand"


def test_by_default_an_empty_value_is_filled(desk: Desk) -> None:
    desk.run(payer())
    desk.run(payer(phone="2"))

    assert desk.host.directory.user(desk.user_of("CU1")).phone == "2"


def test_by_default_an_empty_value_of_the_provider_clears_nothing(desk: Desk) -> None:
    desk.run(payer(phone="1"))

    assert desk.run(payer()).rows == {}
    assert desk.host.directory.user(desk.user_of("CU1")).phone == "1"


@pytest.mark.parametrize(
    ("policy", "there", "offered", "expected"),
    [
        (Policy.NEW_USERS, "1", "2", "1"),
        (Policy.NEW_USERS, "", "2", ""),
        (Policy.KEEP, "1", "2", "1"),
        (Policy.KEEP, "", "2", "2"),
        (Policy.KEEP, "1", "", "1"),
        (Policy.FOLLOW, "by hand", "2", "by hand"),
        (Policy.OVERWRITE, "by hand", "2", "2"),
        (Policy.OVERWRITE, "by hand", "", "by hand"),
        (Policy.WRITE_EMPTY, "by hand", "2", "2"),
        (Policy.WRITE_EMPTY, "by hand", "", ""),
    ],
)
def test_each_policy_of_core_and_custom_fields(
    desk: Desk, policy: Policy, there: str, offered: str, expected: str
) -> None:
    map_office(desk, policy)
    desk.host.connections.set_core_policy(CONNECTION, "phone", policy, agent=AGENT)
    desk.run(payer(phone="1", metadata={"office": "1"}))
    user = desk.user_of("CU1")
    desk.edit(user, phone=there)
    desk.host.directory.set_value(user, OFFICE, there, agent=AGENT)

    desk.run(payer(phone=offered, metadata={"office": offered}))

    assert desk.host.directory.user(user).phone == expected
    assert desk.host.directory.values(user).get(OFFICE, "") == expected


def test_a_new_user_gets_every_value_whatever_the_policy(desk: Desk) -> None:
    map_office(desk, Policy.NEW_USERS)
    desk.host.connections.set_core_policy(CONNECTION, "phone", Policy.NEW_USERS, agent=AGENT)
    desk.run(payer(phone="1", metadata={"office": "Leeds"}))

    user = desk.user_of("CU1")
    assert desk.host.directory.user(user).phone == "1"
    assert desk.host.directory.values(user) == {OFFICE: "Leeds"}


def test_a_custom_field_fills_through_the_mapping_table_only(desk: Desk) -> None:
    desk.host.directory.add_custom_field("office", agent=AGENT)
    desk.run(payer(metadata={"office": "Leeds"}))

    assert desk.host.directory.values(desk.user_of("CU1")) == {}


def test_a_mapping_made_later_fills_the_users_who_are_there(desk: Desk) -> None:
    desk.run(payer(metadata={"office": "Leeds"}))
    map_office(desk, Policy.FOLLOW)

    assert desk.run().rows == {"update": {"applied": 1}}
    assert desk.host.directory.values(desk.user_of("CU1")) == {OFFICE: "Leeds"}
