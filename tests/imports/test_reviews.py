"""Imports that wait for an operator: looked at, ticked, placed by hand, applied, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.connections.matching import Policy
from halo_host.errors import ChangedMeanwhile, ConnectionBusy, InvalidInput
from halo_host.imports import apply, payers, undo
from halo_host.imports.change_sets import ChangeSet, RowState, State
from halo_host.imports.listing import Order, RowFilter
from halo_host.imports.resolve import Lead, LinkTo, MakeNew, Skip
from halo_host.imports.rules import Action, Rule
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker

ANN = {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
BEN = {"id": "CU2", "given_name": "Ben", "family_name": "Baker", "email": "ben@acme.example"}
CAT = {"id": "CU3", "given_name": "Cat", "family_name": "Cole", "email": "cat@acme.example"}
EVERYTHING = RowFilter()


def work(desk: Desk) -> int:
    return Worker(desk.host.jobs, carriers(desk.host), lambda: False).work()


def looked_at(desk: Desk, *records: dict[str, Any]) -> ChangeSet:
    if records:
        desk.ledger.write(*records)
    change_set = desk.host.reviews.start(CONNECTION, agent=AGENT)
    assert change_set.state is State.QUEUED
    work(desk)
    return desk.host.imports.get(change_set.number)


def applied(desk: Desk, change_set: ChangeSet) -> ChangeSet:
    assert desk.host.reviews.apply(change_set.number, agent=AGENT).state is State.APPLYING
    work(desk)
    return desk.host.imports.get(change_set.number)


def test_an_import_that_is_looked_at_waits_and_changes_nothing(desk: Desk) -> None:
    change_set = looked_at(desk, ANN, BEN)

    assert change_set.state is State.PLANNED
    assert change_set.rows == {"new": {"pending": 2}}
    assert change_set.counts["fetched"] == 2
    assert desk.names() == []


def test_it_is_applied_in_the_background(desk: Desk) -> None:
    change_set = applied(desk, looked_at(desk, ANN, BEN))

    assert change_set.state is State.APPLIED
    assert desk.names() == ["Ann Archer", "Ben Baker"]


def test_rows_that_are_left_out_are_not_applied_and_come_again(desk: Desk) -> None:
    change_set = looked_at(desk, ANN, BEN, CAT)
    number = change_set.number

    assert desk.host.reviews.tick(number, False, RowFilter(), agent=AGENT) == 3
    assert desk.host.reviews.tick(number, True, [2], agent=AGENT) == 1
    done = applied(desk, change_set)

    assert done.rows == {"new": {"applied": 1, "left-out": 2}}
    assert desk.names() == ["Ben Baker"]
    assert looked_at(desk).rows == {"new": {"pending": 2}}


def test_a_decision_from_an_old_page_is_refused(desk: Desk) -> None:
    change_set = looked_at(desk, ANN, BEN)
    number, version = change_set.number, change_set.version
    reviews = desk.host.reviews
    reviews.tick(number, False, [1], agent="Ada", version=version)

    for decide in (
        lambda: reviews.tick(number, False, [2], agent="Bea", version=version),
        lambda: reviews.apply(number, agent="Bea", version=version),
        lambda: desk.host.imports.discard(number, agent="Bea", version=version),
        lambda: desk.host.imports.resolve(number, 2, Skip(), agent="Bea", version=version),
    ):
        with pytest.raises(ChangedMeanwhile, match="has changed since you loaded this page"):
            decide()

    assert desk.host.imports.get(number).rows == {"new": {"left-out": 1, "pending": 1}}


def test_a_row_placed_by_hand_goes_there_when_it_is_applied(desk: Desk) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Cat", phone="1")
    change_set = looked_at(desk, ANN, BEN, CAT)
    number = change_set.number
    decide = desk.host.imports.resolve

    decide(number, 1, MakeNew(desk.site("Acme Ltd/Warehouse")), agent=AGENT)
    decide(number, 2, Skip(), agent=AGENT)
    row = decide(number, 3, LinkTo(user), agent=AGENT)
    assert (row.action, row.state, row.rule) == (Action.LINK, RowState.PENDING, Rule.BY_HAND)
    assert len(desk.names()) == 1
    assert desk.host.imports.held(CONNECTION) == []
    done = applied(desk, change_set)

    assert done.rows == {
        "link": {"applied": 1},
        "new": {"applied": 1},
        "skipped": {"applied": 1},
    }
    ann = desk.host.directory.user(desk.user_of("CU1"))
    assert ann.site == "Warehouse"
    assert desk.user_of("CU3") == user
    assert desk.host.directory.user(user).family_name == "Cole"
    assert [it.external_id for it in desk.host.imports.held(CONNECTION)] == ["CU2"]


def test_a_payer_placed_twice_keeps_all_that_it_offers(desk: Desk) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Cat", family_name="Cole")
    change_set = looked_at(desk, CAT)
    decide = desk.host.imports.resolve

    decide(change_set.number, 1, LinkTo(user), agent=AGENT)
    row = decide(change_set.number, 1, MakeNew(desk.default_site.id), agent=AGENT)
    applied(desk, change_set)

    assert row.why.count("Before:") == 1
    assert desk.host.directory.user(desk.user_of("CU3")).name == "Cat Cole"
    assert desk.user_of("CU3") != user


def test_a_link_that_was_planned_can_become_a_new_user(desk: Desk) -> None:
    desk.add_user("Acme Ltd/Warehouse", given_name="Ann", email="ann@acme.example")
    change_set = looked_at(desk, {**ANN, "company": "Acme Ltd"})
    assert change_set.rows == {"link": {"pending": 1}}

    desk.host.imports.resolve(change_set.number, 1, MakeNew(desk.default_site.id), agent=AGENT)
    applied(desk, change_set)

    made = desk.host.directory.user(desk.user_of("CU1"))
    assert (made.name, made.email, made.site_id) == (
        "Ann Archer",
        "ann@acme.example",
        desk.default_site.id,
    )


def test_a_conflict_decided_before_it_is_applied(desk: Desk) -> None:
    elsewhere = desk.add_user("Acme Ltd/Warehouse", email="ann@acme.example")
    change_set = looked_at(desk, ANN)
    assert change_set.rows == {"conflict": {"open": 1}}

    desk.host.imports.resolve(change_set.number, 1, LinkTo(), agent=AGENT)
    assert desk.host.imports.get(change_set.number).rows == {"link": {"pending": 1}}
    applied(desk, change_set)

    assert desk.user_of("CU1") == elsewhere


def test_the_payer_that_leads_is_decided_before_it_is_applied(desk: Desk) -> None:
    desk.host.directory.add_custom_field("Office", agent=AGENT)
    desk.host.connections.map_field(CONNECTION, "office", "Office", Policy.FOLLOW, agent=AGENT)
    user = desk.add_user("Acme Ltd/Warehouse", email="ann@acme.example")
    first = desk.run({**ANN, "metadata": {"office": "Leeds"}})
    desk.host.imports.resolve(first.number, 1, LinkTo(user), agent=AGENT)
    second = desk.run({**ANN, "metadata": {"office": "Leeds"}}, {**BEN, "email": ANN["email"]})
    position = next(it.position for it in desk.rows(second) if it.external_id == "CU2")
    desk.host.imports.resolve(second.number, position, LinkTo(user), agent=AGENT)
    change_set = looked_at(
        desk,
        {**ANN, "metadata": {"office": "Leeds"}},
        {**BEN, "email": ANN["email"], "metadata": {"office": "York"}},
    )
    rows = desk.rows(change_set)
    assert {row.rule for row in rows} == {Rule.PAYERS_DIFFER}
    leading = next(row.position for row in rows if row.external_id == "CU2")

    desk.host.imports.resolve(change_set.number, leading, Lead(), agent=AGENT)
    assert desk.host.directory.values(user) == {"Office": "Leeds"}
    applied(desk, change_set)

    assert desk.host.directory.values(user) == {"Office": "York"}


def test_a_new_import_takes_the_place_of_one_that_waits_where_that_is_wanted(desk: Desk) -> None:
    first = looked_at(desk, ANN)
    desk.ledger.write(ANN, BEN)

    second = desk.host.reviews.start(CONNECTION, agent=AGENT, replaces=first.number)
    assert desk.host.imports.get(first.number).state is State.PLANNED
    work(desk)

    assert desk.host.imports.get(second.number).state is State.PLANNED
    old = desk.host.imports.get(first.number)
    assert (old.state, old.note) == (
        State.DISCARDED,
        f"Import {second.number} has looked at every payer again.",
    )
    with pytest.raises(InvalidInput, match="is discarded"):
        desk.host.reviews.apply(first.number, agent=AGENT)


def test_a_second_import_of_a_connection_is_refused_while_one_is_under_way(desk: Desk) -> None:
    running = desk.host.reviews.start(CONNECTION, agent=AGENT)

    with pytest.raises(ConnectionBusy, match=f"Import {running.number} .* is under way"):
        desk.host.reviews.start(CONNECTION, agent="Bea")


def test_an_import_that_waits_can_be_discarded(desk: Desk) -> None:
    change_set = looked_at(desk, ANN)

    done = desk.host.imports.discard(change_set.number, agent=AGENT, version=change_set.version)

    assert done.state is State.DISCARDED
    assert desk.names() == []


def test_a_stopped_import_has_changed_nothing_and_another_can_begin(desk: Desk) -> None:
    desk.ledger.write(ANN)
    change_set = desk.host.reviews.start(CONNECTION, agent=AGENT)

    stopped = desk.host.reviews.stop(change_set.number, agent="Ada")

    assert (stopped.state, stopped.note) == (
        State.ABANDONED,
        "Stopped by Ada; nothing was applied.",
    )
    assert work(desk) == 0
    assert looked_at(desk).state is State.PLANNED


def test_applying_that_was_stopped_goes_on(desk: Desk) -> None:
    change_set = looked_at(desk, ANN)
    desk.host.reviews.apply(change_set.number, agent=AGENT)

    stopped = desk.host.reviews.stop(change_set.number, agent=AGENT)
    assert stopped.state is State.APPLYING
    assert not desk.host.reviews.is_worked_on(stopped)
    desk.host.reviews.go_on(change_set.number, agent=AGENT)
    work(desk)

    assert desk.host.imports.get(change_set.number).state is State.APPLIED


def after(calls: int) -> Callable[[], bool]:
    """Say that the worker is to stop, from the call after so many on."""
    left = [calls]

    def should_stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return should_stop


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (apply, payers, undo):
        monkeypatch.setattr(module, "BATCH", 5)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("calls", [4, 6, 9])
def test_what_a_restart_has_interrupted_goes_on_where_it_stands(desk: Desk, calls: int) -> None:
    desk.ledger.write(*({"id": f"CU{n:02}", "given_name": f"Ann {n:02}"} for n in range(40)))
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    host = desk.host

    def restarted(state: State, left: int = 30) -> None:
        """An integrator is stopped again and again; another one goes on."""
        for _ in range(left):
            Worker(host.jobs, carriers(host), after(calls)).work()
            if host.imports.get(number).state is state:
                return
            assert host.reviews.is_worked_on(host.imports.get(number))
        Worker(host.jobs, carriers(host), lambda: False).work()

    restarted(State.PLANNED)
    assert host.imports.get(number).rows == {"new": {"pending": 40}}
    host.reviews.tick(number, False, [7], agent=AGENT)
    host.reviews.apply(number, agent=AGENT)
    restarted(State.APPLIED)
    assert host.imports.get(number).rows == {"new": {"applied": 39, "left-out": 1}}
    assert len(desk.names()) == 39
    host.reviews.undo(number, agent=AGENT)
    restarted(State.UNDONE)
    assert desk.names() == []


def test_a_provider_that_fails_is_told_and_nothing_waits(desk: Desk) -> None:
    desk.ledger.write(ANN, {"fail": "Acme Pay is closed on Mondays."})

    change_set = looked_at(desk)

    assert (change_set.state, change_set.rows) == (State.FAILED, {})
    assert "closed on Mondays" in change_set.note


def test_a_connection_that_cannot_import_is_told_at_once(desk: Desk) -> None:
    desk.host.connections.disable(CONNECTION, agent=AGENT)

    with pytest.raises(InvalidInput, match="disabled"):
        desk.host.reviews.start(CONNECTION, agent=AGENT)
    assert desk.host.imports.newest() == []


def test_an_undo_is_previewed_and_done_in_the_background(desk: Desk) -> None:
    change_set = applied(desk, looked_at(desk, ANN, BEN))
    desk.edit(desk.user_of("CU2"), phone="+44 20 7946 0000")

    preview = desk.host.reviews.preview_undo(change_set.number)
    assert preview.undone == {Action.NEW: 1}
    assert [(row.name, why) for row, why in preview.first_kept] == [
        ("Ben Baker", "Changed since: phone.")
    ]
    desk.host.reviews.undo(change_set.number, agent=AGENT)
    work(desk)

    done = desk.host.imports.get(change_set.number)
    assert done.state is State.PARTLY_UNDONE
    assert desk.names() == ["Ben Baker"]


def test_rows_are_found_filtered_and_sorted(desk: Desk) -> None:
    desk.add_user("Acme Ltd/Warehouse", email="zoë@acme.example")
    zoe = {"id": "CU9", "given_name": "Zoë", "family_name": "Ärger", "email": "zoë@acme.example"}
    number = looked_at(desk, CAT, zoe, BEN, ANN, {"unreadable": "no name", "id": "CU7"}).number

    def names(wanted: RowFilter = EVERYTHING, **how: object) -> list[str]:
        page = desk.host.reviews.page(number, wanted, **how)  # type: ignore[arg-type]
        return [row.name for row in page.rows]

    assert names() == ["CU7", "Cat Cole", "Zoë Ärger", "Ben Baker", "Ann Archer"] or names() == [
        "Cat Cole", "Zoë Ärger", "Ben Baker", "Ann Archer", "CU7"
    ]  # fmt: skip
    assert names(order=Order.NAME)[:3] == ["Ann Archer", "Ben Baker", "Cat Cole"]
    assert names(order=Order.NAME_DOWN, size=2, page=2) == names(order=Order.NAME_DOWN)[2:4]
    assert names(RowFilter(action=Action.CONFLICT)) == ["Zoë Ärger"]
    assert names(RowFilter(state=RowState.NOTED)) == ["CU7"]
    assert names(RowFilter(text="ZOË")) == ["Zoë Ärger"]
    assert names(RowFilter(text="cu3")) == ["Cat Cole"]
    assert names(RowFilter(text="baker ben@acme")) == ["Ben Baker"]
    assert names(RowFilter(text="100%")) == []
    assert desk.host.reviews.page(number, RowFilter(action=Action.NEW), size=2).total == 3


def test_ticks_follow_the_filter(desk: Desk) -> None:
    change_set = looked_at(desk, ANN, BEN, CAT)

    desk.host.reviews.tick(change_set.number, False, RowFilter(text="ben"), agent=AGENT)

    page = desk.host.reviews.page(change_set.number, RowFilter(state=RowState.LEFT_OUT))
    assert [row.name for row in page.rows] == ["Ben Baker"]
