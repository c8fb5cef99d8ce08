"""Payers that the provider no longer holds: their links are marked, their users stay."""

from __future__ import annotations

import pytest
from support.acme import AGENT, Desk

from halo_host.errors import InvalidInput
from halo_host.imports.change_sets import State

PAYERS = [{"id": f"CU{number:02}", "given_name": "Ann"} for number in range(20)]


def removed_links(desk: Desk) -> list[str]:
    return [
        link.external_id
        for user in desk.host.directory.users(limit=1_000)
        for link in desk.host.directory.links(user.id)
        if link.removed_at
    ]


def test_a_payer_absent_from_a_whole_list_is_marked_and_its_user_stays(desk: Desk) -> None:
    desk.run(*PAYERS)

    change_set = desk.run(*PAYERS[1:])

    assert change_set.rows == {"removed": {"applied": 1}}
    assert removed_links(desk) == ["CU00"]
    assert len(desk.names()) == 20
    assert desk.run().rows == {}


def test_a_payer_that_comes_back_is_unmarked(desk: Desk) -> None:
    desk.run(*PAYERS)
    desk.run(*PAYERS[1:])

    assert desk.run(*PAYERS).rows == {"returned": {"applied": 1}}
    assert removed_links(desk) == []


def test_nobody_is_taken_for_removed_when_the_list_was_not_whole(desk: Desk) -> None:
    desk.run(*PAYERS)

    change_set = desk.run(*PAYERS[1:], {"endless": True})

    assert (change_set.rows, removed_links(desk)) == ({}, [])
    assert "not say that the list was whole" in change_set.note


def test_nobody_is_taken_for_removed_when_a_record_has_no_readable_id(desk: Desk) -> None:
    desk.run(*PAYERS)

    change_set = desk.run(*PAYERS[1:], {"unreadable": "no id"})

    assert removed_links(desk) == []
    assert "no readable id" in change_set.note


def test_an_unreadable_record_is_not_absent(desk: Desk) -> None:
    desk.run(*PAYERS)
    desk.run(*PAYERS[1:], {"unreadable": "bad", "id": "CU00"})

    assert removed_links(desk) == []


def test_a_tenth_gone_is_applied_and_more_than_a_tenth_is_held(desk: Desk) -> None:
    desk.run(*PAYERS)
    assert desk.run(*PAYERS[2:]).state is State.APPLIED
    held = desk.run(*PAYERS[4:], {"id": "new", "given_name": "Eve"})

    assert held.state is State.HELD
    assert held.rows == {"new": {"pending": 1}, "removed": {"pending": 2}}
    assert len(removed_links(desk)) == 2
    assert "Eve" not in desk.names()


def test_a_held_change_set_waits_until_it_is_applied_or_discarded(desk: Desk) -> None:
    desk.run(*PAYERS)
    held = desk.run(*PAYERS[10:])
    with pytest.raises(InvalidInput, match="is held"):
        desk.run()

    desk.host.imports.discard(held.number, agent=AGENT)
    assert removed_links(desk) == []

    again = desk.run()
    desk.host.imports.approve(again.number, agent=AGENT)
    assert len(removed_links(desk)) == 10


def test_an_empty_list_holds_everything(desk: Desk) -> None:
    desk.run(*PAYERS)
    desk.ledger.write()

    assert desk.run().state is State.HELD
    assert removed_links(desk) == []
