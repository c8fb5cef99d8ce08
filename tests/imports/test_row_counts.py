"""How many rows a change set has: counted once for each decision, and never an old number."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from support.acme import AGENT, CONNECTION, Desk

from halo_host.imports import row_counts
from halo_host.imports.change_sets import ChangeSet, RowState
from halo_host.imports.listing import RowFilter
from halo_host.imports.resolve import Skip
from halo_host.imports.rules import Action
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker

PAYERS = [
    {"id": f"CU{number}", "given_name": "Ann", "family_name": f"Archer {number}"}
    for number in range(1, 5)
]


@pytest.fixture
def waiting(desk: Desk) -> ChangeSet:
    """An import of four payers that waits for an operator."""
    desk.ledger.write(*PAYERS)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    Worker(desk.host.jobs, carriers(desk.host), lambda: False).work()
    return desk.host.imports.get(number)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The change sets whose rows were looked at to count them."""
    found: list[int] = []
    count = row_counts.counted

    def noting(connection: Connection, number: int) -> row_counts.Counted:
        found.append(number)
        return count(connection, number)

    monkeypatch.setattr(row_counts, "counted", noting)
    return found


def test_what_is_only_looked_at_is_not_counted_again(
    desk: Desk, waiting: ChangeSet, counts: list[int]
) -> None:
    for _ in range(3):
        shown = desk.host.imports.get(waiting.number)
        assert shown.count() == 4
        assert desk.host.reviews.page(shown, RowFilter()).total == 4
        assert desk.host.reviews.page(shown, RowFilter(action=Action.LINK)).total == 0

    assert len(counts) <= 1


def test_a_decision_is_seen_at_once(desk: Desk, waiting: ChangeSet) -> None:
    number = waiting.number

    desk.host.reviews.tick(number, False, [1, 2], agent=AGENT)
    assert desk.host.imports.get(number).count(RowState.LEFT_OUT) == 2
    desk.host.reviews.tick(number, True, [2], agent=AGENT)
    shown = desk.host.imports.get(number)
    assert (shown.count(RowState.LEFT_OUT), shown.count(RowState.PENDING)) == (1, 3)
    assert desk.host.reviews.page(shown, RowFilter(state=RowState.LEFT_OUT)).total == 1

    desk.host.imports.resolve(number, 3, Skip(), agent=AGENT)
    assert desk.host.imports.get(number).count(action=Action.SKIPPED) == 1

    desk.host.imports.discard(number, agent=AGENT)
    assert desk.host.imports.get(number).count() == 4


def test_a_search_counts_what_it_finds(desk: Desk, waiting: ChangeSet) -> None:
    page = desk.host.reviews.page(waiting, RowFilter(text="archer 3"))

    assert page.total == 1
