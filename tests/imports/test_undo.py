"""Undo takes back exactly what a change set did, and nothing that came later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.connections.matching import Policy
from halo_host.errors import InvalidInput
from halo_host.imports.change_sets import RowState, State
from halo_host.imports.resolve import LinkTo
from halo_host.imports.rules import Action

ANN = {"id": "CU1", "given_name": "Ann", "email": "ann@acme.example", "company": "Acme Ltd"}
BOB = {"id": "CU2", "given_name": "Bob"}


def test_new_users_vanish_and_their_payers_are_held(desk: Desk) -> None:
    first = desk.run(ANN, BOB)

    undone = desk.host.imports.undo(first.number, agent=AGENT)

    assert (undone.state, undone.rows) == (State.UNDONE, {"new": {"undone": 2}})
    assert desk.names() == []
    assert [payer.external_id for payer in desk.host.imports.held(CONNECTION)] == ["CU1", "CU2"]
    again = desk.run()
    assert (again.rows, again.counts["held"]) == ({}, 2)


def test_released_payers_are_imported_again(desk: Desk) -> None:
    first = desk.run(ANN, BOB)
    desk.host.imports.undo(first.number, agent=AGENT)

    assert desk.host.imports.release(CONNECTION, ["CU2"], agent=AGENT) == 1
    assert desk.run().rows == {"new": {"applied": 1}}
    assert desk.names() == ["Bob"]
    assert desk.host.imports.release(CONNECTION, [], change_set=first.number, agent=AGENT) == 1


def test_an_update_gives_the_values_from_before_and_they_follow_again_once_released(
    desk: Desk,
) -> None:
    desk.host.directory.add_custom_field("Office", agent=AGENT)
    desk.host.connections.map_field(CONNECTION, "office", "Office", Policy.FOLLOW, agent=AGENT)
    desk.run({**ANN, "phone": "1", "metadata": {"office": "Leeds"}})
    later = desk.run({**ANN, "phone": "2", "metadata": {"office": "York"}})
    user = desk.user_of("CU1")

    desk.host.imports.undo(later.number, agent=AGENT)

    assert desk.host.directory.user(user).phone == "1"
    assert desk.host.directory.values(user) == {"Office": "Leeds"}
    desk.host.imports.release(CONNECTION, ["CU1"], agent=AGENT)
    assert desk.run().rows == {"update": {"applied": 1}}
    assert desk.host.directory.user(user).phone == "2"


def test_a_link_to_a_user_who_was_there_is_taken_back_and_the_user_stays(desk: Desk) -> None:
    there = desk.add_user("Acme Ltd/Warehouse", email="ann@acme.example")
    change_set = desk.run(ANN)
    assert desk.host.directory.user(there).given_name == "Ann"

    desk.host.imports.undo(change_set.number, agent=AGENT)

    user = desk.host.directory.user(there)
    assert (user.given_name, user.email) == ("", "ann@acme.example")
    assert desk.host.directory.links(there) == []


def edited(desk: Desk) -> None:
    desk.edit(desk.user_of("CU1"), phone="by hand")


def moved(desk: Desk) -> None:
    user, site = desk.user_of("CU1"), desk.default_site.id
    desk.host.directory.move_user(user, site, agent=AGENT)


def value_added(desk: Desk) -> None:
    desk.host.directory.add_custom_field("Floor", agent=AGENT)
    desk.host.directory.set_value(desk.user_of("CU1"), "Floor", "3", agent=AGENT)


def updated_by_a_later_import(desk: Desk) -> None:
    desk.run({**ANN, "phone": "2"}, BOB)


def linked_to_a_second_payer(desk: Desk) -> None:
    change_set = desk.run(ANN, BOB, {**ANN, "id": "CU3"})
    (row,) = desk.rows(change_set, Action.CONFLICT)
    desk.host.imports.resolve(change_set.number, row.position, LinkTo(), agent=AGENT)


def gone_at_the_provider(desk: Desk) -> None:
    change_set = desk.run(BOB)
    desk.host.imports.approve(change_set.number, agent=AGENT)


@pytest.mark.parametrize(
    "change",
    [
        edited,
        moved,
        value_added,
        updated_by_a_later_import,
        linked_to_a_second_payer,
        gone_at_the_provider,
    ],
)
def test_what_has_been_changed_since_is_kept_row_by_row(
    desk: Desk, change: Callable[[Desk], None]
) -> None:
    first = desk.run(ANN, BOB)
    change(desk)
    user = desk.user_of("CU1")
    would_keep = [row.name for row, why in desk.host.imports.preview_undo(first.number) if why]

    undone = desk.host.imports.undo(first.number, agent=AGENT)

    assert undone.rows == {"new": {"kept": 1, "undone": 1}}
    (kept,) = desk.host.imports.rows(first.number, state=RowState.KEPT)
    assert (kept.external_id, kept.user_id) == ("CU1", user)
    assert kept.note
    assert would_keep == ["Ann"]
    assert desk.names() == ["Ann"]


def test_a_held_payer_still_stands_in_the_way_of_its_email(desk: Desk) -> None:
    payers = [ANN, {**ANN, "id": "CU9", "company": None}]
    first = desk.run(*payers)
    assert first.rows == {"new": {"applied": 1}, "conflict": {"open": 1}}
    desk.host.imports.undo(first.number, agent=AGENT)

    assert desk.run().rows == {"conflict": {"open": 1}}, "a person was to decide about it"


def test_rows_that_were_kept_can_be_undone_later(desk: Desk) -> None:
    first = desk.run(ANN, BOB)
    edited(desk)
    partly = desk.host.imports.undo(first.number, agent=AGENT)
    assert partly.state is State.PARTLY_UNDONE

    desk.edit(desk.user_of("CU1"), phone="")
    whole = desk.host.imports.undo(first.number, agent=AGENT)

    assert (whole.state, whole.rows) == (State.UNDONE, {"new": {"undone": 2}})
    assert desk.names() == []


def test_a_value_changed_and_changed_back_is_as_the_import_left_it(desk: Desk) -> None:
    first = desk.run(ANN)
    user = desk.user_of("CU1")
    desk.edit(user, phone="by hand")
    desk.edit(user, phone="")

    assert desk.host.imports.undo(first.number, agent=AGENT).rows == {"new": {"undone": 1}}


def test_undoing_an_update_needs_only_the_fields_that_it_changed(desk: Desk) -> None:
    desk.run({**ANN, "phone": "1"})
    later = desk.run({**ANN, "phone": "2"})
    desk.edit(desk.user_of("CU1"), city="Leeds")

    assert desk.host.imports.undo(later.number, agent=AGENT).rows == {"update": {"undone": 1}}


def test_newest_first_every_change_set_can_be_undone(desk: Desk) -> None:
    numbers = [desk.run({**ANN, "phone": str(phone)}).number for phone in range(3)]

    for number in reversed(numbers):
        assert "kept" not in str(desk.host.imports.undo(number, agent=AGENT).rows)

    assert desk.names() == []


def test_a_change_set_is_undone_once(desk: Desk) -> None:
    first = desk.run(ANN)
    desk.host.imports.undo(first.number, agent=AGENT)

    with pytest.raises(InvalidInput, match="is undone"):
        desk.host.imports.undo(first.number, agent=AGENT)


def test_a_preview_of_undo_changes_nothing(desk: Desk) -> None:
    first = desk.run(ANN, BOB)

    assert [why for _, why in desk.host.imports.preview_undo(first.number)] == ["", ""]
    assert sorted(desk.names()) == ["Ann", "Bob"]


def test_a_mark_of_removal_is_taken_back(desk: Desk) -> None:
    desk.run(ANN, BOB)
    removed = desk.host.imports.approve(desk.run(ANN).number, agent=AGENT)
    user = desk.user_of("CU2")

    desk.host.imports.undo(removed.number, agent=AGENT)

    (link,) = desk.host.directory.links(user)
    assert link.removed_at is None
    assert desk.run(ANN).rows == {}, "the payer is held, so its absence is not noted again"


def test_the_mark_of_removal_comes_back_when_a_return_is_undone(desk: Desk) -> None:
    desk.run(ANN, BOB)
    desk.host.imports.approve(desk.run(ANN).number, agent=AGENT)
    user = desk.user_of("CU2")
    (before,) = desk.host.directory.links(user)
    returned = desk.run(ANN, {**BOB, "phone": "2"})
    assert returned.rows == {"returned": {"applied": 1}, "update": {"applied": 1}}

    desk.host.imports.undo(returned.number, agent=AGENT)

    assert desk.host.directory.links(user) == [before]
    assert desk.host.directory.user(user).phone == ""
