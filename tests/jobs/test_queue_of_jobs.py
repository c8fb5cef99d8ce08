"""Queueing jobs: equal ones are one, lanes are free or not, people come first."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock

from halo_host.errors import InvalidInput, NotFound
from halo_host.jobs.job import Job
from halo_host.jobs.lease import Lease


def enqueue(desk: Desk, kind: str = "sync", slug: str = CONNECTION, **options: object) -> Job:
    wanted = {"why": "schedule", "agent": "the schedule"} | options
    return desk.host.jobs.enqueue(kind, slug, **wanted)  # type: ignore[arg-type]


def claim(desk: Desk) -> Lease:
    lease = desk.host.jobs.claim()
    assert lease is not None
    return lease


def test_an_equal_job_that_waits_already_is_returned(desk: Desk) -> None:
    first = enqueue(desk, arguments={"a": 1})

    assert enqueue(desk, arguments={"a": 1}).id == first.id
    assert enqueue(desk, arguments={"a": 2}).id != first.id
    assert enqueue(desk, "verify").id != first.id


def test_a_job_that_runs_does_not_count_as_waiting(desk: Desk) -> None:
    number = enqueue(desk).id
    assert claim(desk).job_id == number

    assert enqueue(desk).id != number


def test_what_waits_comes_forward_for_a_person(desk: Desk, clock: Clock) -> None:
    later = enqueue(desk, not_before=clock() + timedelta(hours=1))
    assert desk.host.jobs.claim() is None

    sooner = enqueue(desk, why="hand", agent="Olive")

    assert (sooner.id, sooner.why, sooner.agent) == (later.id, "hand", "Olive")
    assert claim(desk).agent == "Olive"


def test_people_come_before_webhooks_and_those_before_the_schedule(desk: Desk) -> None:
    for slug in ("second", "third"):
        desk.enable(slug)
    scheduled = enqueue(desk)
    webhook = enqueue(desk, "webhooks", "second", why="webhook")
    by_hand = enqueue(desk, slug="third", why="hand")

    claimed = [claim(desk).job_id for _ in range(3)]

    assert claimed == [by_hand.id, webhook.id, scheduled.id]


def test_what_has_waited_long_is_not_overtaken_by_webhooks(desk: Desk, clock: Clock) -> None:
    desk.enable("second")
    scheduled = enqueue(desk)
    clock.advance(minutes=11)
    enqueue(desk, "webhooks", "second", why="webhook")

    assert claim(desk).job_id == scheduled.id


def test_a_lane_that_is_taken_keeps_its_other_jobs_waiting(desk: Desk) -> None:
    first, second = enqueue(desk), enqueue(desk, "verify")
    lease = claim(desk)
    assert lease.job_id == first.id
    assert desk.host.jobs.claim() is None

    desk.host.jobs.finish(lease, "")

    assert claim(desk).job_id == second.id


def test_of_a_paused_connection_only_what_people_ask_for_is_done(desk: Desk) -> None:
    desk.host.schedules.pause(CONNECTION, agent=AGENT)
    enqueue(desk)
    by_hand = enqueue(desk, "verify", why="hand")

    assert claim(desk).job_id == by_hand.id
    assert desk.host.jobs.claim() is None


def test_of_a_disabled_connection_nothing_is_done(desk: Desk) -> None:
    enqueue(desk, why="hand")
    desk.host.connections.disable(CONNECTION, agent=AGENT)

    assert desk.host.jobs.claim() is None


def test_a_failed_job_can_be_retried_but_not_one_that_waits(desk: Desk) -> None:
    job = enqueue(desk, arguments={"a": 1})
    with pytest.raises(InvalidInput, match="is queued"):
        desk.host.jobs.retry(job.id, agent="Olive")
    desk.host.jobs.cancel(job.id, agent="Olive")

    again = desk.host.jobs.retry(job.id, agent="Olive")

    assert (again.why, again.arguments) == ("retry", {"a": 1})
    with pytest.raises(InvalidInput, match="ended already"):
        desk.host.jobs.cancel(job.id, agent="Olive")


def test_of_unknown_connections_and_numbers_the_operator_is_told(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no connection nobody"):
        enqueue(desk, slug="nobody")
    with pytest.raises(NotFound, match="no run 7"):
        desk.host.jobs.get(7)


def test_many_threads_never_claim_one_job_twice_or_one_lane_at_once(desk: Desk) -> None:
    slugs = [CONNECTION, *(f"more-{number}" for number in range(4))]
    for slug in slugs[1:]:
        desk.enable(slug)
    expected = {enqueue(desk, kind, slug).id for slug in slugs for kind in ("sync", "verify")}
    claimed: list[int] = []
    running: set[str] = set()
    wrong: list[str] = []
    guard = threading.Lock()

    def work() -> None:
        while (lease := desk.host.jobs.claim()) is not None or len(claimed) < len(expected):
            if lease is None:
                continue
            with guard:
                claimed.append(lease.job_id)
                if lease.slug in running:
                    wrong.append(lease.slug)
                running.add(lease.slug)
            with desk.host.database.write() as connection:
                lease.renew(connection)
            with guard:
                running.remove(lease.slug)
            desk.host.jobs.finish(lease, "")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(claimed) == sorted(expected)
    assert not wrong


def test_many_threads_that_ask_for_the_same_make_one_job(desk: Desk) -> None:
    numbers: list[int] = []
    threads = [threading.Thread(target=lambda: numbers.append(enqueue(desk).id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(numbers) == 8
    assert len(set(numbers)) == 1


def test_old_runs_are_forgotten_and_failures_later(desk: Desk, clock: Clock) -> None:
    ends = {}
    for day in range(4):
        for failed in (False, True):
            lease = desk.host.jobs.begin("sync", CONNECTION, agent="x")
            if failed:
                desk.host.jobs.fail(lease, InvalidInput("No."))
            else:
                desk.host.jobs.finish(lease, "Yes.")
            ends[lease.job_id] = (day, failed)
        clock.advance(days=1)

    now = clock()
    forgotten = desk.host.jobs.prune(
        ended_before=now - timedelta(days=1.5), failed_before=now - timedelta(days=3.5)
    )

    left = [ends[job.id] for job in desk.host.jobs.list(CONNECTION)]
    assert forgotten == 4
    assert sorted(left) == [(1, True), (2, True), (3, False), (3, True)]
    clock.advance(days=100)
    desk.host.jobs.prune(ended_before=clock(), failed_before=clock())
    assert len(desk.host.jobs.list(CONNECTION)) == 2  # the newest of each kind stay
