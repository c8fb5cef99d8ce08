"""An import that waits for its review is never thrown away but by whoever reviews it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock
from support.working import work

from halo_host.errors import ChangedMeanwhile, InvalidInput
from halo_host.imports.change_sets import State
from halo_host.imports.held import Reason
from halo_host.imports.listing import RowFilter
from halo_host.imports.resolve import Skip
from halo_host.integrator.sweep import Sweep
from halo_host.jobs.job import JobState, Why
from halo_host.jobs.presence import Presence
from halo_host.sync.due import Standing

ANN = {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
BEN = {"id": "CU2", "given_name": "Ben", "family_name": "Baker", "email": "ben@acme.example"}


@pytest.fixture
def sweep(desk: Desk) -> Sweep:
    presence = Presence(desk.host.database, desk.host.clock, threads=1)
    return Sweep(desk.host, presence, watch_every=timedelta(0))


def turn(desk: Desk, sweep: Sweep) -> None:
    sweep.once()
    work(desk.host)


def users_part(desk: Desk) -> Standing:
    (found,) = [it for it in desk.host.schedules.standing(CONNECTION) if it.part == "users"]
    return found


def reviewed(desk: Desk, clock: Clock) -> int:
    """An import from which Ben was left out, of a connection that imports every hour."""
    desk.run(ANN)
    desk.ledger.write(ANN, BEN)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    desk.host.reviews.tick(number, False, RowFilter(), agent=AGENT)
    clock.advance(hours=2)
    return number


def test_the_schedule_waits_for_it_and_says_so(desk: Desk, clock: Clock, sweep: Sweep) -> None:
    number = reviewed(desk, clock)

    for _ in range(3):
        turn(desk, sweep)
        clock.advance(hours=2)

    assert desk.names() == ["Ann Archer"]
    assert desk.host.imports.get(number).state is State.PLANNED
    part = users_part(desk)
    assert (part.next, part.review) == (None, number)
    assert part.note == f"waits for the review of import {number}"
    assert part.failures == 0

    desk.host.imports.discard(number, agent=AGENT)
    turn(desk, sweep)
    assert desk.names() == ["Ann Archer", "Ben Baker"]


@pytest.mark.parametrize("is_queued_already", [False, True])
def test_no_schedule_writes_what_was_left_out_while_the_rest_is_applied(
    desk: Desk, clock: Clock, sweep: Sweep, is_queued_already: bool
) -> None:
    number = reviewed(desk, clock)
    if is_queued_already:
        desk.host.jobs.enqueue("import", CONNECTION, why=Why.SCHEDULE, agent="Integrator")
        clock.advance(seconds=1)

    desk.host.reviews.apply(number, agent=AGENT)
    clock.advance(seconds=1)
    for _ in range(3):
        turn(desk, sweep)
        clock.advance(minutes=10)

    assert desk.names() == ["Ann Archer"]
    assert desk.host.imports.get(number).state is State.APPLIED
    assert users_part(desk).failures == 0
    clock.advance(hours=1)
    turn(desk, sweep)
    assert desk.names() == ["Ann Archer", "Ben Baker"]


def test_what_was_left_out_can_be_held_until_somebody_releases_it(
    desk: Desk, clock: Clock, sweep: Sweep
) -> None:
    number = reviewed(desk, clock)

    desk.host.reviews.apply(number, agent=AGENT, hold_left_out=True)
    turn(desk, sweep)
    clock.advance(hours=2)
    turn(desk, sweep)

    assert desk.names() == ["Ann Archer"]
    (held,) = desk.host.imports.held(CONNECTION)
    assert (held.external_id, held.name, held.reason) == ("CU2", "Ben Baker", Reason.LEFT_OUT)
    assert held.change_set == number
    desk.host.imports.release(CONNECTION, [], agent=AGENT, change_set=number)
    clock.advance(hours=2)
    turn(desk, sweep)
    assert desk.names() == ["Ann Archer", "Ben Baker"]


def test_a_refused_decision_is_no_run(desk: Desk, clock: Clock) -> None:
    number = reviewed(desk, clock)
    before = desk.host.jobs.list(CONNECTION)

    with pytest.raises(ChangedMeanwhile):
        desk.host.imports.resolve(number, 1, Skip(), agent=AGENT, version=1)
    with pytest.raises(InvalidInput, match="waits for its review"):
        desk.host.imports.run(CONNECTION, agent=AGENT)

    assert desk.host.jobs.list(CONNECTION) == before


def test_a_first_import_that_is_reviewed_does_not_set_the_schedule_going(
    desk: Desk, clock: Clock, sweep: Sweep
) -> None:
    desk.ledger.write(ANN, BEN)
    first = desk.host.reviews.start(CONNECTION, agent=AGENT)
    turn(desk, sweep)
    assert desk.host.imports.get(first.number).state is State.PLANNED

    desk.host.imports.discard(first.number, agent=AGENT)
    clock.advance(days=2)
    turn(desk, sweep)

    assert desk.names() == []
    assert users_part(desk).note == "waits for a first import by hand"


def test_a_scheduled_run_that_was_queued_before_gives_way(desk: Desk, clock: Clock) -> None:
    desk.run(ANN)
    desk.ledger.write(ANN, BEN)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    late = desk.host.jobs.enqueue("import", CONNECTION, why=Why.SCHEDULE, agent="schedule")
    before = users_part(desk).last
    clock.advance(hours=1)
    work(desk.host)

    assert desk.host.jobs.get(late.id).state is JobState.CANCELLED
    assert desk.host.imports.get(number).state is State.PLANNED
    assert desk.names() == ["Ann Archer"]
    part = users_part(desk)
    assert (part.failures, part.last) == (0, before)


def test_now_is_refused_and_queues_nothing(desk: Desk, clock: Clock) -> None:
    number = reviewed(desk, clock)
    known = len(desk.host.jobs.list(CONNECTION))

    with pytest.raises(InvalidInput, match=f"Import {number} of acme-pay waits for its review"):
        desk.host.schedules.sync_now(CONNECTION, agent=AGENT, parts=("users",))

    assert len(desk.host.jobs.list(CONNECTION)) == known


def test_another_import_is_refused_unless_it_is_to_replace_that_one(
    desk: Desk, clock: Clock
) -> None:
    number = reviewed(desk, clock)

    for replaces in (None, number + 1):
        with pytest.raises(InvalidInput, match="waits for its review"):
            desk.host.reviews.start(CONNECTION, agent=AGENT, replaces=replaces)
        with pytest.raises(InvalidInput, match="waits for its review"):
            desk.host.imports.run(CONNECTION, agent=AGENT, replaces=replaces)

    assert desk.host.imports.get(number).state is State.PLANNED
    desk.host.imports.run(CONNECTION, agent=AGENT, replaces=number)
    assert desk.host.imports.get(number).state is State.DISCARDED


def test_a_review_is_kept_where_the_import_in_its_place_fails(desk: Desk, clock: Clock) -> None:
    number = reviewed(desk, clock)
    desk.ledger.path.write_text("this is no ledger", encoding="utf-8")

    failed = desk.host.reviews.start(CONNECTION, agent=AGENT, replaces=number).number
    work(desk.host)

    assert desk.host.imports.get(failed).state is State.FAILED
    assert desk.host.imports.get(number).state is State.PLANNED


def test_after_a_day_an_alert_says_that_imports_wait_for_it(
    desk: Desk, clock: Clock, sweep: Sweep
) -> None:
    number = reviewed(desk, clock)
    sweep.once()
    assert desk.host.alerts.list(CONNECTION) == []

    clock.advance(days=1)
    sweep.once()
    (alert,) = desk.host.alerts.list(CONNECTION)
    assert f"Import {number} of acme-pay waits for its review" in alert.text
    assert "until it is applied or discarded" in alert.text

    desk.host.imports.discard(number, agent=AGENT)
    sweep.once()
    assert "review" not in {it.kind for it in desk.host.alerts.list(CONNECTION)}


def test_one_that_is_held_is_told_at_once(desk: Desk, clock: Clock, sweep: Sweep) -> None:
    desk.run(ANN, BEN)
    desk.run(ANN)
    clock.advance(hours=2)

    for _ in range(4):
        turn(desk, sweep)
        clock.advance(hours=2)

    (alert,) = [it for it in desk.host.alerts.list(CONNECTION) if it.kind == "review"]
    assert "Import 2 of acme-pay is held" in alert.text
    assert users_part(desk).failures == 0


def test_one_that_is_applied_after_its_review_counts_as_the_last_import(
    desk: Desk, clock: Clock
) -> None:
    desk.ledger.write(ANN)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    assert users_part(desk).last is None
    clock.advance(minutes=10)
    desk.host.reviews.apply(number, agent=AGENT)
    work(desk.host)

    part = users_part(desk)

    assert part.last == clock()
    assert part.next == clock() + timedelta(hours=1)
