"""A lease: it is renewed with every write, and lost to whoever takes over."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
from sqlalchemy import event, update
from support.acme import CONNECTION, Desk
from support.clock import Clock

from halo_host.database.job_tables import jobs
from halo_host.errors import ConnectionBusy, HostError
from halo_host.jobs.claiming import MAX_ATTEMPTS
from halo_host.jobs.job import JobState
from halo_host.jobs.lease import LIFETIME, Counts, JobCancelled, JobStopped, Lease, LeaseLost


def ended_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def set_holder(desk: Desk, **values: object) -> None:
    with desk.host.database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.state == "running").values(**values))


def test_renewing_is_one_statement_and_adds_to_the_counters(desk: Desk, clock: Clock) -> None:
    lease = desk.host.jobs.begin("sync", CONNECTION, agent="Olive")
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with desk.host.database.write() as connection:
        event.listen(connection, "before_cursor_execute", note)
        lease.renew(connection, add=Counts(pages=1, new=3, waited_ms=40), step="Payments")
    with desk.host.database.write() as connection:
        lease.renew(connection, add=Counts(pages=1, failed=2, requests=5, rate_limited=1))

    assert len(statements) == 1
    job = desk.host.jobs.get(lease.job_id)
    assert (job.pages, job.new, job.failed, job.requests) == (2, 3, 2, 5)
    assert (job.waited_ms, job.rate_limited, job.step) == (40, 1, "Payments")


def test_counters_are_taken_back_with_their_transaction(desk: Desk) -> None:
    lease = desk.host.jobs.begin("sync", CONNECTION, agent="Olive")

    def write() -> None:
        with desk.host.database.write() as connection:
            lease.renew(connection, add=Counts(pages=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()

    assert desk.host.jobs.get(lease.job_id).pages == 0


def test_a_lane_has_one_holder_and_the_second_hears_who_it_is(desk: Desk) -> None:
    desk.host.jobs.begin("sync", CONNECTION, agent="Olive")
    desk.host.jobs.begin("import", CONNECTION, agent="Olive")

    with pytest.raises(ConnectionBusy) as caught:
        desk.host.jobs.begin("verify", CONNECTION, agent="Ann")

    assert str(caught.value).startswith(
        f"A sync of {CONNECTION} is running: started by Olive on {platform.node()} "
        f"(process {os.getpid()}) at 2026-03-02 09:00:00 UTC."
    )


@pytest.mark.parametrize("sign", ["process", "token", "lease"])
def test_a_dead_holders_job_is_claimed_and_goes_on(desk: Desk, clock: Clock, sign: str) -> None:
    lost = desk.host.jobs.begin("sync", CONNECTION, agent="Olive", arguments={"a": 1})
    assert desk.host.jobs.claim() is None
    if sign == "process":
        set_holder(desk, process_id=ended_process())
    elif sign == "token":  # another process was given the dead one's number
        set_holder(desk, token="1.0123456789ab")
    else:
        set_holder(desk, machine="another-machine")
        assert desk.host.jobs.claim() is None
        clock.advance(seconds=LIFETIME.total_seconds())

    lease = desk.host.jobs.claim()

    assert lease is not None
    assert (lease.job_id, lease.attempts, lease.arguments) == (lost.job_id, 2, {"a": 1})
    with pytest.raises(LeaseLost, match="another took over"):
        renew(desk, lost)
    assert not desk.host.jobs.finish(lost, "Too late.")
    assert desk.host.jobs.finish(lease, "Done.")
    assert desk.host.jobs.get(lease.job_id).result == "Done."


def renew(desk: Desk, lease: Lease) -> None:
    with desk.host.database.write() as connection:
        lease.renew(connection)


def test_a_job_that_kills_its_workers_is_given_up(desk: Desk) -> None:
    number = desk.host.jobs.enqueue("sync", CONNECTION, why="schedule", agent="x").id
    for attempt in range(1, MAX_ATTEMPTS + 1):
        lease = desk.host.jobs.claim()
        assert lease is not None
        assert (lease.job_id, lease.attempts) == (number, attempt)
        set_holder(desk, process_id=ended_process())

    assert desk.host.jobs.claim() is None
    job = desk.host.jobs.get(number)
    assert job.state is JobState.FAILED
    assert f"died {MAX_ATTEMPTS} times" in job.error
    (alert,) = desk.host.alerts.list(CONNECTION)
    assert (alert.kind, alert.key) == ("job_dead", "job_dead:sync")
    assert f"Run {number}, the sync of Acme Pay, was given up." in alert.text


def test_a_cancelled_job_writes_nothing_more_and_frees_its_lane(desk: Desk) -> None:
    lease = desk.host.jobs.begin("sync", CONNECTION, agent="Olive")

    desk.host.jobs.cancel(lease.job_id, agent="Ann")

    with pytest.raises(JobCancelled, match="was cancelled"):
        renew(desk, lease)
    assert desk.host.jobs.begin("sync", CONNECTION, agent="Ann").job_id != lease.job_id


def test_a_worker_that_is_stopped_writes_the_page_in_work_and_no_other(desk: Desk) -> None:
    stopping = False
    desk.host.jobs.enqueue("sync", CONNECTION, why="schedule", agent="x")
    lease = desk.host.jobs.claim(should_stop=lambda: stopping)
    assert lease is not None
    renew(desk, lease)
    lease.checkpoint()

    stopping = True
    renew(desk, lease)
    with pytest.raises(JobStopped):
        lease.checkpoint()
    with pytest.raises(JobStopped):
        renew(desk, lease)
    desk.host.jobs.give_back(lease)

    again = desk.host.jobs.claim()
    assert again is not None
    assert (again.job_id, again.attempts) == (lease.job_id, 1)


def test_the_end_of_a_job_is_kept_in_words(desk: Desk) -> None:
    done = desk.host.jobs.begin("sync", CONNECTION, agent="Olive")
    desk.host.jobs.finish(done, "Nothing has changed.")
    failed = desk.host.jobs.begin("sync", CONNECTION, agent="Olive")
    desk.host.jobs.fail(failed, HostError("The provider is down.", advice="Wait."))

    newest, oldest = desk.host.jobs.list(CONNECTION)
    assert (newest.state, newest.error, newest.advice) == (
        "failed",
        "The provider is down.",
        "Wait.",
    )
    assert (oldest.state, oldest.result) == ("done", "Nothing has changed.")
