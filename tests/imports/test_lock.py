"""Two imports of one connection at once: the second says who is at work."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import update
from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock

from halo_host.database.job_tables import jobs
from halo_host.errors import ConnectionBusy
from halo_host.imports.change_sets import State
from halo_host.imports.resolve import Skip
from halo_host.jobs.job import JobState
from halo_host.jobs.lease import LIFETIME, Lease


@contextmanager
def hold(desk: Desk, agent: str = "Olive") -> Iterator[Lease]:
    """An import of somebody else is running."""
    lease = desk.host.jobs.begin("import", CONNECTION, agent=agent)
    yield lease
    desk.host.jobs.finish(lease, "")


def test_the_second_import_says_who_is_at_work(desk: Desk) -> None:
    with hold(desk), pytest.raises(ConnectionBusy) as caught:
        desk.run({"id": "CU1"})

    said = str(caught.value)
    assert said.startswith(f"An import of {CONNECTION} is running: started by Olive on ")
    assert platform.node() in said
    assert f"process {os.getpid()}" in said
    assert "2026-03-02 09:00:00 UTC" in said
    assert desk.names() == []


def test_the_lane_is_free_again_after_an_import_that_failed(desk: Desk) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="The provider is down"):
            desk.run({"fail": "The provider is down."})

    assert desk.run({"id": "CU1"}).rows == {"new": {"applied": 1}}
    done, *failed = desk.host.jobs.list(CONNECTION)
    assert (done.state, done.why, done.agent, done.new) == (JobState.DONE, "hand", AGENT, 1)
    assert done.result == "Import 3 is applied."
    assert [job.error for job in failed] == ["The provider is down."] * 2


def test_other_connections_have_lanes_of_their_own(desk: Desk) -> None:
    desk.enable("second")
    desk.ledger.write({"id": "CU1"})

    with hold(desk):
        assert desk.run(slug="second").rows == {"new": {"applied": 1}}


def test_undo_and_resolve_wait_for_an_import_too(desk: Desk) -> None:
    number = desk.run({"id": "CU1"}).number

    with hold(desk), pytest.raises(ConnectionBusy):
        desk.host.imports.undo(number, agent=AGENT)
    with hold(desk), pytest.raises(ConnectionBusy):
        desk.host.imports.resolve(number, 1, Skip(), agent=AGENT)

    assert len(desk.names()) == 1


def test_decisions_hold_the_lane_but_are_no_runs(desk: Desk) -> None:
    desk.add_user("Acme Ltd/Warehouse", email="a@acme.example")
    desk.add_user("Acme Ltd/Warehouse", email="a@acme.example")
    number = desk.run({"id": "CU1", "email": "a@acme.example"}).number
    assert desk.host.imports.get(number).rows == {"conflict": {"open": 1}}

    desk.host.imports.resolve(number, 1, Skip(), agent=AGENT)

    assert [job.result for job in desk.host.jobs.list(CONNECTION)] == ["Import 1 is applied."]


def test_an_undo_is_a_run_that_says_what_became_of_the_change_set(desk: Desk) -> None:
    number = desk.run({"id": "CU1"}).number

    desk.host.imports.undo(number, agent=AGENT)

    undone = desk.host.jobs.list(CONNECTION)[0]
    assert undone.arguments == {"task": "undoing", "change_set": number}
    assert undone.result == f"Import {number} is undone."


def test_a_dead_process_of_this_machine_holds_nothing(desk: Desk) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with hold(desk):
        set_holder(desk, process_id=ended.pid)
        assert desk.run({"id": "CU1"}).rows == {"new": {"applied": 1}}


def test_an_undo_that_died_is_finished_by_the_next_import(desk: Desk) -> None:
    number = desk.run({"id": "CU1"}).number
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    undo = {"task": "undoing", "change_set": number}
    desk.host.jobs.begin("import", CONNECTION, agent="Olive", arguments=undo)
    set_holder(desk, process_id=ended.pid)

    desk.run({"id": "CU1"}, {"id": "CU2"})

    done, left, _ = desk.host.jobs.list(CONNECTION)
    assert left.state is JobState.FAILED
    assert left.error == f"It was interrupted; run {done.id} finished what it left."


def test_an_import_elsewhere_is_taken_for_dead_when_its_lease_has_run_out(
    desk: Desk, clock: Clock
) -> None:
    with hold(desk):
        set_holder(desk, machine="another-machine", process_id=1)
        with pytest.raises(ConnectionBusy, match="another-machine"):
            desk.run({"id": "CU1"})

        clock.advance(seconds=LIFETIME.total_seconds())
        assert desk.run({"id": "CU1"}).rows == {"new": {"applied": 1}}


def test_an_import_that_was_taken_for_dead_writes_nothing_more(desk: Desk, clock: Clock) -> None:
    with hold(desk) as lost:
        clock.advance(seconds=(LIFETIME + timedelta(seconds=1)).total_seconds())
        desk.run({"id": "CU1"})

        with (
            pytest.raises(ConnectionBusy, match="another took over"),
            desk.host.database.write() as connection,
        ):
            lost.renew(connection)


def test_the_integrator_carries_on_an_import_whose_process_died(desk: Desk) -> None:
    """It ends what was planned, and asks the provider only where nothing was planned yet."""
    number = desk.run({"id": "CU1"}).number
    desk.host.imports.undo(number, agent=AGENT)
    desk.host.imports.release(CONNECTION, ["CU1"], agent=AGENT)
    desk.ledger.write({"id": "CU1"}, {"id": "CU2"})
    desk.host.jobs.begin("import", CONNECTION, agent="Olive")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    set_holder(desk, process_id=ended.pid)

    lease = desk.host.jobs.claim()
    assert lease is not None
    result = desk.host.imports.carry_on(lease)

    assert result == "Import 2 is applied."
    assert desk.host.imports.get(2).agent == "Olive"
    assert desk.host.imports.get(2).state is State.APPLIED
    assert desk.host.jobs.get(lease.job_id).new == 2


def set_holder(desk: Desk, **values: object) -> None:
    with desk.host.database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.state == "running").values(**values))
