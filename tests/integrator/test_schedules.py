"""When work begins by itself, on a clock that only the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from support.bank import Bank
from support.clock import Clock

from halo_host import ProviderError
from halo_host.audit import entries
from halo_host.errors import InvalidInput
from halo_host.integrator.sweep import Sweep
from halo_host.jobs.job import Job, JobState
from halo_host.jobs.presence import Presence
from halo_host.sync.due import retry_delay

from .conftest import AGENT, SLUG, Office


def kinds(jobs: list[Job]) -> list[str]:
    return [job.kind for job in jobs]


def down(bank: Bank) -> None:
    def refuse(method: str, kind: object) -> None:
        raise ProviderError("The bank is closed.")

    bank.before_page = refuse


def up(bank: Bank) -> None:
    bank.before_page = lambda method, kind: None


def test_payments_are_synced_at_once_and_then_every_few_minutes(
    office: Office, clock: Clock
) -> None:
    (first,) = office.turn()
    assert (first.kind, first.why, first.agent, first.state) == (
        "sync",
        "schedule",
        "schedule",
        JobState.DONE,
    )
    assert office.turn() == []

    clock.advance(minutes=4, seconds=59)
    assert office.turn() == []
    clock.advance(seconds=1)
    assert kinds(office.turn()) == ["sync"]


def test_the_mirror_is_proved_a_day_after_it_was_filled(office: Office, clock: Clock) -> None:
    office.turn()
    for _ in range(23):
        clock.advance(hours=1)
        assert kinds(office.turn()) == ["sync"]

    clock.advance(hours=1)
    assert sorted(kinds(office.turn())) == ["sync", "verify"]
    assert office.host.sync.last_proof(SLUG) is not None


def test_a_year_passes_in_seconds(office: Office, bank: Bank, clock: Clock) -> None:
    office.host.schedules.set(
        SLUG, agent=AGENT, payments_minutes=5 * 24 * 60, verify_minutes=30 * 24 * 60
    )
    done: list[Job] = []
    for day in range(0, 365, 5):
        if day % 30 == 0:
            bank.payer(f"CU{day}")
            bank.mandate(f"MD{day}", f"CU{day}")
            bank.payment(f"PM{day}", f"MD{day}")
        done += office.turn()
        clock.advance(days=5)

    assert {job.state for job in done} == {JobState.DONE}
    assert kinds(done).count("sync") == 73
    assert kinds(done).count("verify") == 12
    proof = office.host.sync.last_proof(SLUG)
    assert proof is not None
    assert proof.differences == 0
    assert office.alerts() == []


def test_nothing_begins_in_quiet_hours_over_midnight(office: Office, clock: Clock) -> None:
    office.turn()
    office.host.schedules.set(SLUG, agent=AGENT, quiet_from="22:00", quiet_to="6:30")

    clock.set(datetime(2026, 7, 1, 20, 59, tzinfo=UTC))  # 21:59 in London
    assert kinds(office.turn())[:1] == ["sync"]
    clock.advance(minutes=5)
    assert office.turn() == []
    clock.set(datetime(2026, 7, 2, 5, 29, tzinfo=UTC))
    assert office.turn() == []
    planned = office.host.schedules.plan(SLUG)[0]
    assert (planned.part, planned.due, planned.note) == (
        "payments",
        datetime(2026, 7, 2, 5, 30, tzinfo=UTC),
        "after quiet hours",
    )
    clock.advance(minutes=1)
    assert "sync" in kinds(office.turn())


def test_quiet_hours_end_also_where_clocks_change(office: Office, clock: Clock) -> None:
    """In London clocks go from 01:00 to 02:00 on 29 March 2026, and 01:30 is left out."""
    office.turn()
    office.host.schedules.set(SLUG, agent=AGENT, quiet_from="23:00", quiet_to="01:30")

    clock.set(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    planned = office.host.schedules.plan(SLUG)[0]

    assert planned.due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_people_are_served_in_quiet_hours_and_while_paused(office: Office, clock: Clock) -> None:
    office.turn()
    office.host.schedules.set(SLUG, agent=AGENT, quiet_from="00:00", quiet_to="23:59")
    office.host.schedules.pause(SLUG, agent=AGENT)
    clock.advance(hours=1)
    assert office.turn() == []

    office.host.schedules.sync_now(SLUG, agent=AGENT, parts=("payments", "verify"))

    done = office.turn()
    assert kinds(done) == []  # queued before the turn
    assert [(job.kind, job.why, job.state) for job in office.host.jobs.list(limit=2)] == [
        ("verify", "hand", "done"),
        ("sync", "hand", "done"),
    ]


def test_a_paused_connection_rests_until_it_is_resumed(office: Office, clock: Clock) -> None:
    office.turn()
    office.host.schedules.pause(SLUG, agent=AGENT)
    clock.advance(days=30)
    assert office.turn() == []
    assert office.alerts() == []

    office.host.schedules.resume(SLUG, agent=AGENT)
    assert "sync" in kinds(office.turn())
    assert office.alerts() == []
    actions = [entry.action for entry in entries(office.host.database, entity="connection")]
    assert actions[:2] == ["schedule.resumed", "schedule.paused"]


def test_what_is_switched_off_or_disabled_does_not_begin(office: Office, clock: Clock) -> None:
    office.host.schedules.set(SLUG, agent=AGENT, payments_on=False)
    assert office.turn() == []

    office.host.schedules.set(SLUG, agent=AGENT, payments_on=True)
    office.host.connections.disable(SLUG, agent=AGENT)
    assert office.turn() == []
    with pytest.raises(InvalidInput, match="disabled"):
        office.host.schedules.sync_now(SLUG, agent=AGENT)


def test_after_failures_it_is_tried_again_more_and_more_seldom(
    office: Office, bank: Bank, clock: Clock
) -> None:
    down(bank)
    began = clock()
    tried = []
    for _ in range(12 * 12):
        tried += [clock() - began for job in office.turn() if job.state is JobState.FAILED]
        clock.advance(minutes=5)

    assert [int(it.total_seconds()) // 60 for it in tried[:6]] == [0, 5, 15, 35, 75, 135]
    assert max(after - before for before, after in pairwise(tried)) == timedelta(hours=1)


def test_a_failed_proof_is_tried_again_the_same_day() -> None:
    day = timedelta(days=1)

    assert retry_delay(1, day) == timedelta(minutes=5)
    assert retry_delay(30, day) == day
    assert retry_delay(30, timedelta(minutes=1)) == timedelta(hours=1)


def test_failures_raise_one_alert_and_success_ends_it(
    office: Office, bank: Bank, clock: Clock
) -> None:
    down(bank)
    for minutes in (5, 10):
        office.turn()
        assert office.alerts() == []
        clock.advance(minutes=minutes)
    office.turn()
    assert office.alerts() == ["sync_failing:sync"]
    (alert,) = office.host.alerts.list(SLUG)
    assert alert.text == ("The last 3 syncs of Bank failed. The newest said: The bank is closed.")
    clock.advance(minutes=20)
    office.turn()
    assert len(office.host.alerts.list(SLUG, kinds=("sync_failing",), ended=True)) == 1

    up(bank)
    clock.advance(hours=1)
    office.turn()

    assert office.alerts() == []


def test_a_failure_by_hand_is_weighed_at_the_next_sweep(
    office: Office, bank: Bank, clock: Clock
) -> None:
    """Though the integrator looks at the age of everything only now and then."""
    office.sweep = Sweep(office.host, Presence(office.host.database, clock, threads=1))
    office.host.schedules.set(SLUG, agent=AGENT, alert_failures=1)
    office.turn()
    assert office.alerts() == []

    down(bank)
    office.host.schedules.sync_now(SLUG, agent=AGENT)
    office.worker.work()
    clock.advance(seconds=5)

    assert office.alerts() == ["sync_failing:sync"]
    assert office.alerts() == ["sync_failing:sync"]


def test_a_connection_that_nobody_syncs_is_stale(office: Office, clock: Clock) -> None:
    """The worker hangs; the sweep still sees that nothing comes in."""
    office.turn()
    clock.advance(minutes=59)
    assert office.alerts() == []
    clock.advance(minutes=2)
    assert office.alerts() == ["stale:payments"]
    (alert,) = office.host.alerts.list(SLUG)
    assert alert.text == "The payments of Bank were last synced 61 minutes ago."

    office.worker.work()

    assert office.alerts() == []


def test_the_age_of_an_alert_can_be_set(office: Office, clock: Clock) -> None:
    office.host.schedules.set(SLUG, agent=AGENT, alert_minutes=10)
    office.turn()
    clock.advance(minutes=11)

    assert office.alerts() == ["stale:payments"]


def test_the_time_of_quiet_hours_does_not_count_as_age(office: Office, clock: Clock) -> None:
    office.host.schedules.set(SLUG, agent=AGENT, quiet_from="10:00", quiet_to="20:00")
    office.turn()
    clock.set(datetime(2026, 3, 2, 19, 59, tzinfo=UTC))
    assert office.alerts() == []
    clock.advance(minutes=2)

    assert office.alerts() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"payments_minutes": 0}, "one sync of payments to the next must be a number from 1"),
        ({"alert_failures": -1}, "after which an alert is raised must be a number from 1"),
        ({"quiet_from": "22:00"}, "both their beginning and their end"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "would never end"),
        ({"quiet_from": "25:00", "quiet_to": "06:00"}, "'25:00' is no time of day"),
        ({"paused_at": None}, "no setting paused_at"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(
    office: Office, changes: dict[str, object], said: str
) -> None:
    before = office.host.schedules.get(SLUG)

    with pytest.raises(InvalidInput, match=said):
        office.host.schedules.set(SLUG, agent=AGENT, **changes)

    assert office.host.schedules.get(SLUG) == before


def test_deliveries_that_wait_are_found_without_anybody_telling(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.turn()
    monkeypatch.setattr(office.host.webhooks, "connections_with_work", lambda: [SLUG])

    office.sweep.once()

    assert kinds(office.host.jobs.list(states=("queued",))) == ["webhooks"]


def test_a_run_for_deliveries_that_were_taken_in_already_is_not_kept(office: Office) -> None:
    def queued(why: str) -> int:
        return office.host.jobs.enqueue("webhooks", SLUG, why=why, agent=AGENT).id

    queued("webhook")
    office.worker.work()
    assert office.host.jobs.list(kinds=("webhooks",)) == []

    asked_for = queued("hand")
    office.worker.work()
    kept = office.host.jobs.get(asked_for)
    assert (kept.state, kept.result) == (JobState.DONE, "There was nothing to do.")


def test_a_run_for_deliveries_that_ends_a_row_of_failures_is_kept(office: Office) -> None:
    with pytest.raises(ProviderError), office.host.jobs.holding("webhooks", SLUG, agent=AGENT):
        raise ProviderError("The bank is closed.")
    number = office.host.jobs.enqueue("webhooks", SLUG, why="webhook", agent=AGENT).id

    office.worker.work()

    assert office.host.jobs.get(number).state is JobState.DONE
    assert office.host.schedules.webhook_pause(SLUG) == timedelta(0)


def test_an_unreadable_part_does_not_keep_the_sweep_from_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> list[str]:
        raise InvalidInput("The inbox is gone.")

    monkeypatch.setattr(office.host.webhooks, "connections_with_work", broken)

    assert kinds(office.turn()) == ["sync"]
    office.turn()
    assert caplog.text.count("The inbox is gone.") == 1


def test_a_bug_in_a_carrier_fails_the_job_and_not_the_worker(office: Office, bank: Bank) -> None:
    def broken(method: str, kind: object) -> None:
        raise RuntimeError("boom")

    bank.before_page = broken
    (job,) = office.turn()

    assert job.state is JobState.FAILED
    assert job.error


def test_of_two_integrators_one_queues_what_is_due(office: Office, clock: Clock) -> None:
    clock.advance(seconds=1)
    second = Office(office.host, office.bank)
    office.sweep.once()
    second.sweep.once()
    assert (office.sweep.leads, second.sweep.leads) == (True, False)

    clock.advance(minutes=2)  # the first one is gone
    second.sweep.once()
    assert second.sweep.leads


def test_old_runs_are_forgotten(office: Office, clock: Clock) -> None:
    office.host.schedules.set(SLUG, agent=AGENT, payments_minutes=24 * 60)
    for _ in range(40):
        office.turn()
        clock.advance(days=1)
    office.turn()

    kept = office.host.jobs.list(limit=1_000, kinds=("sync",))
    assert 30 <= len(kept) <= 32
