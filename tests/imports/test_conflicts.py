"""What is ambiguous is listed with its candidates, never guessed, and decided by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.connections.matching import Policy
from halo_host.errors import HostError, InvalidInput, NotFound
from halo_host.imports.change_sets import ChangeRow, RowState
from halo_host.imports.resolve import Lead, LinkTo, MakeNew, Skip
from halo_host.imports.rules import Action, Rule

ANN = {"id": "CU1", "given_name": "Ann", "email": "ann@acme.example", "company": "Acme Ltd"}


def conflict(desk: Desk, *payers: Mapping[str, Any]) -> ChangeRow:
    (row,) = desk.rows(desk.run(*payers), Action.CONFLICT)
    assert row.state is RowState.OPEN
    return row


def test_an_email_of_another_customer_is_a_conflict_with_that_user(desk: Desk) -> None:
    elsewhere = desk.add_user("Unsorted/Main", given_name="Ann", email="ANN@acme.example")

    row = conflict(desk, ANN)

    assert row.rule is Rule.EMAIL_ELSEWHERE
    assert [it["user"] for it in row.candidates] == [elsewhere]
    assert len(desk.names()) == 1


def test_an_email_without_a_company_name_is_a_conflict_too(desk: Desk) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")

    assert conflict(desk, {**ANN, "company": None}).rule is Rule.EMAIL_ELSEWHERE


def test_two_users_with_that_email_are_a_conflict(desk: Desk) -> None:
    add = desk.host.directory.add_user
    for reference in ("A", "B"):
        fields = {"email": "ann@acme.example"}
        add("Acme Ltd/Warehouse", fields, reference=reference, agent=AGENT)

    row = conflict(desk, ANN)

    assert row.rule is Rule.EMAIL_AMBIGUOUS
    assert len(row.candidates) == 2


def test_two_customers_of_that_name_are_a_conflict(desk: Desk) -> None:
    desk.host.directory.add_customer("ACME LTD.", reference="second", agent=AGENT)

    row = conflict(desk, ANN)

    assert row.rule is Rule.COMPANY_AMBIGUOUS
    assert {it["place"] for it in row.candidates} == {"Acme Ltd / Head office", "ACME LTD. / Main"}


def test_two_sites_of_that_name_are_a_conflict(desk: Desk) -> None:
    desk.host.directory.add_site("Unsorted", "Warehouse", agent=AGENT)

    assert conflict(desk, {**ANN, "company": "Warehouse"}).rule is Rule.COMPANY_AMBIGUOUS


def test_the_second_payer_of_an_email_in_one_list_is_a_conflict(desk: Desk) -> None:
    change_set = desk.run(ANN, {**ANN, "id": "CU2"})

    assert change_set.rows == {"new": {"applied": 1}, "conflict": {"open": 1}}
    (row,) = desk.rows(change_set, Action.CONFLICT)
    assert (row.rule, row.external_id) == (Rule.EMAIL_TWICE, "CU2")


@pytest.mark.parametrize("user_id", ["999999", "Ann", "1.0", "-1", "9" * 40])
def test_a_user_id_that_names_nobody_is_a_conflict(desk: Desk, user_id: str) -> None:
    desk.host.connections.configure(CONNECTION, agent=AGENT, matching={"user_id_key": "user"})

    assert conflict(desk, {**ANN, "metadata": {"user": user_id}}).rule is Rule.UNKNOWN_USER_ID


def test_a_user_who_has_a_payer_gets_a_second_one_by_hand_only(desk: Desk) -> None:
    desk.run(ANN)
    first = desk.user_of("CU1")

    row = conflict(desk, ANN, {**ANN, "id": "CU2", "phone": "22"})
    assert (row.rule, [it["user"] for it in row.candidates]) == (Rule.USER_TAKEN, [first])
    desk.host.imports.resolve(row.change_set, row.position, LinkTo(), agent=AGENT)

    assert desk.user_of("CU2") == first
    assert desk.host.directory.user(first).phone == "22"
    assert desk.run().rows == {}


def test_a_conflict_is_resolved_by_linking_to_any_user(desk: Desk) -> None:
    other = desk.add_user("Acme Ltd/Warehouse", given_name="Zoe")
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    row = conflict(desk, ANN)

    desk.host.imports.resolve(row.change_set, row.position, LinkTo(other), agent=AGENT)

    user = desk.host.directory.user(other)
    assert (user.given_name, user.email) == ("Zoe", "ann@acme.example")
    assert desk.run().rows == {}


def test_a_conflict_is_resolved_by_a_new_user(desk: Desk) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    row = conflict(desk, ANN)

    site = desk.site("Acme Ltd/Warehouse")
    desk.host.imports.resolve(row.change_set, row.position, MakeNew(site), agent=AGENT)

    assert desk.host.directory.user(desk.user_of("CU1")).site == "Warehouse"
    assert desk.run().rows == {}


def test_a_skipped_payer_is_left_alone_until_released(desk: Desk) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    row = conflict(desk, ANN)
    desk.host.imports.resolve(row.change_set, row.position, Skip(), agent=AGENT)

    again = desk.run()
    assert (again.rows, again.counts["held"]) == ({}, 1)

    desk.host.imports.release(CONNECTION, ["CU1"], agent=AGENT)
    assert desk.run().rows == {"conflict": {"open": 1}}


def test_all_conflicts_of_a_kind_are_resolved_at_once(desk: Desk) -> None:
    for number in range(3):
        desk.add_user("Unsorted/Main", email=f"p{number}@acme.example")
    desk.host.directory.add_customer("Twin Ltd", reference="1", agent=AGENT)
    desk.host.directory.add_customer("Twin Ltd", reference="2", agent=AGENT)
    payers = [{"id": f"CU{n}", "email": f"p{n}@acme.example"} for n in range(3)]
    change_set = desk.run(*payers, {"id": "CU9", "company": "Twin Ltd"})

    resolved, left = desk.host.imports.resolve_all(
        change_set.number, LinkTo(), agent=AGENT, kind=Rule.EMAIL_ELSEWHERE
    )
    assert (resolved, left) == (3, [])

    resolved, left = desk.host.imports.resolve_all(change_set.number, LinkTo(), agent=AGENT)
    assert (resolved, len(left)) == (0, 1)
    assert "0 users as candidates" in left[0].reason


def test_a_resolved_conflict_is_taken_back_with_its_change_set(desk: Desk) -> None:
    there = desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    row = conflict(desk, {**ANN, "phone": "5"})
    desk.host.imports.resolve(row.change_set, row.position, LinkTo(), agent=AGENT)
    assert desk.host.directory.user(there).phone == "5"

    undone = desk.host.imports.undo(row.change_set, agent=AGENT)

    assert undone.rows == {"link": {"undone": 1}}
    assert desk.host.directory.user(there).phone == ""
    assert desk.host.directory.links(there) == []


@pytest.mark.parametrize(
    ("choice", "error"),
    [(LinkTo(4711), NotFound), (MakeNew(4711), NotFound), (Lead(), InvalidInput)],
)
def test_a_choice_that_leads_nowhere_changes_nothing(
    desk: Desk, choice: LinkTo | MakeNew | Lead, error: type[HostError]
) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    row = conflict(desk, ANN)

    with pytest.raises(error):
        desk.host.imports.resolve(row.change_set, row.position, choice, agent=AGENT)

    assert desk.host.imports.rows(row.change_set)[0].state is RowState.OPEN
    assert len(desk.names()) == 1


def test_a_conflict_is_resolved_once(desk: Desk) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    row = conflict(desk, ANN)
    desk.host.imports.resolve(row.change_set, row.position, LinkTo(), agent=AGENT)

    with pytest.raises(InvalidInput, match="no open conflict"):
        desk.host.imports.resolve(row.change_set, row.position, LinkTo(), agent=AGENT)


def test_a_later_import_supersedes_older_conflicts(desk: Desk) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    first = conflict(desk, ANN)
    conflict(desk, ANN)

    assert desk.host.imports.rows(first.change_set)[0].state is RowState.SUPERSEDED


def test_payers_of_one_user_whose_mapped_values_differ_are_a_conflict(desk: Desk) -> None:
    field = desk.host.directory.add_custom_field("Office", agent=AGENT)
    desk.host.connections.map_field(CONNECTION, "office", "Office", Policy.FOLLOW, agent=AGENT)
    leeds, york = {**ANN, "metadata": {"office": "Leeds"}}, {"id": "CU2", "email": ANN["email"]}
    desk.run(leeds)
    row = conflict(desk, leeds, york)
    desk.host.imports.resolve(row.change_set, row.position, LinkTo(), agent=AGENT)
    assert desk.run().rows == {}, "one of them says nothing about the office, so they agree"

    york["metadata"] = {"office": "York"}  # type: ignore[assignment]
    change_set = desk.run(leeds, york)
    rows = desk.rows(change_set, Action.CONFLICT)
    assert {row.rule for row in rows} == {Rule.PAYERS_DIFFER}
    user = desk.user_of("CU1")
    assert desk.host.directory.values(user) == {field.name: "Leeds"}

    (second,) = (row for row in rows if row.external_id == "CU2")
    desk.host.imports.resolve(change_set.number, second.position, Lead(), agent=AGENT)
    assert desk.host.directory.values(user) == {field.name: "York"}
    assert desk.run(leeds, york).rows == {}

    desk.host.imports.undo(change_set.number, agent=AGENT)
    assert desk.host.directory.values(user) == {field.name: "Leeds"}
    desk.host.imports.release(CONNECTION, ["CU2"], agent=AGENT)
    again = desk.run(leeds, york)
    resolved, left = desk.host.imports.resolve_all(again.number, Lead(), agent=AGENT)
    assert (resolved, left) == (1, []), "the first one that leads settles the other"
