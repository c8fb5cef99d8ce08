"""Integrators as processes of their own: stopped politely, killed, several at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.database.tables import links, users
from halo_host.host import Host
from halo_host.jobs.job import JobState
from halo_host.jobs.presence import running_integrators
from halo_host.jobs.queue import queue_address
from halo_host.settings import Settings

SCRIPT = Path(__file__).with_name("integrator_process.py")
PAYERS = [
    {"id": f"CU{number:03}", "given_name": f"Ann {number}", "email": f"a{number}@acme.example"}
    for number in range(110)
]
DEADLINE = 90.0


@pytest.fixture
def host(database_url: str, tmp_path: Path, acme_pay: None) -> Iterator[Host]:
    """As the other tests' host, but it lives in real time, as the processes do."""
    settings = Settings(data=tmp_path / "data", database_url=database_url, strict=True)
    with Host(settings) as host:
        yield host


def eventually(what: Callable[[], Any]) -> Any:
    """Wait until it is so."""
    give_up = time.monotonic() + DEADLINE
    while not (found := what()):
        assert time.monotonic() < give_up, "It did not happen in time."
        time.sleep(0.02)
    return found


def command(desk: Desk, *options: str) -> subprocess.Popen[str]:
    settings = desk.host.settings
    return subprocess.Popen(
        [sys.executable, "-m", "halo_host", "integrator", "--sweep", "0.1", *options],
        env=os.environ
        | {"HALO_HOST_DATA": str(settings.data), "HALO_HOST_DATABASE_URL": settings.database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def script(desk: Desk, steps: int = 0) -> subprocess.Popen[str]:
    settings = desk.host.settings
    return subprocess.Popen(
        [sys.executable, SCRIPT, str(settings.data), settings.database_url, str(steps)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    """Stop it politely; what it wrote to standard output."""
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return out


def ended(desk: Desk, number: int) -> bool:
    return desk.host.jobs.get(number).finished_at is not None


def people(desk: Desk) -> list[tuple[Any, ...]]:
    with desk.host.database.read() as connection:
        found = connection.execute(
            links.join(users, users.c.id == links.c.user_id)
            .select()
            .with_only_columns(links.c.external_id, users.c.given_name, users.c.email)
        )
        return sorted(tuple(row) for row in found)


def expected() -> list[tuple[str, str, str]]:
    return sorted((it["id"], it["given_name"], it["email"]) for it in PAYERS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_carries_out_what_is_queued_and_stops_cleanly(desk: Desk, number: int) -> None:
    desk.ledger.write(*PAYERS)
    job = desk.host.jobs.enqueue("import", CONNECTION, why="hand", agent="Olive")

    with running(command(desk)) as process:
        eventually(lambda: ended(desk, job.id))
        assert len(running_integrators(desk.host.database, desk.host.clock())) == 1
        stopped(process, number)

    done = desk.host.jobs.get(job.id)
    assert (done.state, done.new, done.agent) == (JobState.DONE, len(PAYERS), "Olive")
    assert done.result == "Import 1 is applied."
    assert people(desk) == expected()
    assert running_integrators(desk.host.database, desk.host.clock()) == []


def test_an_import_that_is_stopped_half_way_is_queued_again_and_goes_on(desk: Desk) -> None:
    desk.ledger.write(*PAYERS[:60], {"sleep": 0.3}, *PAYERS[60:90], {"sleep": 0.3}, *PAYERS[90:])
    job = desk.host.jobs.enqueue("import", CONNECTION, why="hand", agent="Olive")

    with running(script(desk)) as process:
        eventually(lambda: "fetched" in desk.host.jobs.get(job.id).step)
        stopped(process)

    state = desk.host.jobs.get(job.id).state
    assert state in {JobState.QUEUED, JobState.DONE}  # done, if the end was nearer than the signal
    with running(script(desk)) as process:
        eventually(lambda: ended(desk, job.id))
        stopped(process)
    assert people(desk) == expected()


@pytest.mark.parametrize(
    "seed",
    [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 11))],
)
def test_what_a_killed_integrator_has_begun_another_one_ends(desk: Desk, seed: int) -> None:
    desk.ledger.write(*PAYERS)
    steps = steps_of_an_import(desk)
    chosen = random.Random(seed)
    for part in range(3):
        point = chosen.randint(5 + steps * part // 3, max(6, steps * (part + 1) // 3))
        job = desk.host.jobs.enqueue("import", CONNECTION, why="hand", agent="Olive")
        with running(script(desk, point)) as process:
            eventually(lambda: process.poll() is not None)
            assert process.returncode == -signal.SIGKILL
        with running(script(desk)) as process:
            eventually(partial(ended, desk, job.id))
            stopped(process)

        done = desk.host.jobs.get(job.id)
        assert done.state is JobState.DONE, f"killed at step {point} of {steps}: {done.error}"
        assert people(desk) == expected(), f"killed at step {point} of {steps}"
        take_back(desk)


def steps_of_an_import(desk: Desk) -> int:
    job = desk.host.jobs.enqueue("import", CONNECTION, why="hand", agent="Olive")
    with running(script(desk)) as process:
        eventually(lambda: ended(desk, job.id))
        steps = int(stopped(process))
    take_back(desk)
    return steps


def take_back(desk: Desk) -> None:
    """Nobody is imported any more, so that the next import has everything to do."""
    for change_set in desk.host.imports.newest(CONNECTION):
        if change_set.state == "applied" and change_set.rows:
            desk.host.imports.undo(change_set.number, agent=AGENT)
    desk.host.imports.release(CONNECTION, [it["id"] for it in PAYERS], agent=AGENT)


def test_an_import_of_the_command_line_that_was_killed_is_ended_by_the_integrator(
    desk: Desk,
) -> None:
    desk.ledger.write(*PAYERS[:60], {"sleep": 60}, *PAYERS[60:])
    settings = desk.host.settings
    killed = subprocess.Popen(
        [sys.executable, "-m", "halo_host", "import", "run", CONNECTION],
        env=os.environ
        | {"HALO_HOST_DATA": str(settings.data), "HALO_HOST_DATABASE_URL": settings.database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (job,) = eventually(lambda: desk.host.jobs.list(CONNECTION))
    eventually(lambda: desk.host.imports.newest(CONNECTION))
    killed.kill()
    killed.wait()
    desk.ledger.write(*PAYERS)

    with running(script(desk)) as process:
        eventually(lambda: ended(desk, job.id))
        stopped(process)

    done = desk.host.jobs.get(job.id)
    assert (done.state, done.attempts) == (JobState.DONE, 2)
    assert people(desk) == expected()


def test_two_integrators_share_the_work_and_never_a_lane(desk: Desk) -> None:
    slugs = [CONNECTION, "second", "third", "fourth"]
    for slug in slugs[1:]:
        desk.enable(slug)
    desk.ledger.write(*PAYERS[:30])

    with running(command(desk)) as first, running(command(desk)) as second:
        eventually(lambda: len(running_integrators(desk.host.database, desk.host.clock())) == 2)
        tasks: list[dict[str, str]] = [{}, *({"task": f"round {turn}"} for turn in range(6))]
        numbers = [
            desk.host.jobs.enqueue("import", slug, why="hand", agent="Olive", arguments=task).id
            for task in tasks
            for slug in slugs
        ]
        eventually(lambda: all(ended(desk, number) for number in numbers))
        stopped(first)
        stopped(second)

    found = [desk.host.jobs.get(number) for number in numbers]
    assert {job.state for job in found} == {JobState.DONE}
    assert {job.attempts for job in found} == {1}
    for slug in slugs:
        turns = sorted((job.started_at, job.finished_at) for job in found if job.connection == slug)
        assert all(before[1] <= after[0] for before, after in pairwise(turns))
        assert len(desk.host.imports.newest(slug)) == 1
    assert {job.process_id for job in found} == {first.pid, second.pid}


def test_work_is_found_where_the_queue_was_lost(desk: Desk) -> None:
    desk.ledger.write(*PAYERS[:5])
    with running(command(desk)) as process:
        eventually(lambda: running_integrators(desk.host.database, desk.host.clock()))
        empty_queue(desk)
        job = desk.host.jobs.enqueue("import", CONNECTION, why="hand", agent="Olive")
        empty_queue(desk)
        eventually(lambda: ended(desk, job.id))
        stopped(process)

    assert desk.host.jobs.get(job.id).state is JobState.DONE


def empty_queue(desk: Desk) -> None:
    """Delete the queue's file, or drop its tables."""
    if desk.host.database.is_sqlite:
        address = Path(queue_address(desk.host.settings).removeprefix("sqlite:///"))
        for file in address.parent.glob(f"{address.name}*"):
            file.unlink()
        return
    with desk.host.database.write() as connection:
        for name in ("kv", "schedule", "task", "counter"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS halo_queue_{name}")


def test_a_job_rings_for_the_integrator(desk: Desk) -> None:
    """With a sweep that comes once an hour, only the queue can have told of the job."""
    desk.ledger.write(*PAYERS[:5])
    with running(command(desk, "--sweep", "3600")) as process:
        eventually(lambda: running_integrators(desk.host.database, desk.host.clock()))
        job = eventually(lambda: ring(desk))
        eventually(lambda: ended(desk, job))
        stopped(process)

    assert desk.host.jobs.get(job).state is JobState.DONE


def ring(desk: Desk) -> int:
    return desk.host.jobs.enqueue("import", CONNECTION, why="hand", agent="Olive").id
