"""Jobs of many pages: killed, stopped and shared, each page is written once and in its lane."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from support.acme import CONNECTION, Desk

from halo_host.database.tables import audit_log
from halo_host.host import Host
from halo_host.jobs.job import JobState
from halo_host.settings import Settings

from .paged_process import PAGES

SCRIPT = Path(__file__).with_name("paged_process.py")
DEADLINE = 90.0


@pytest.fixture
def host(database_url: str, tmp_path: Path, acme_pay: None) -> Iterator[Host]:
    """In real time, as the processes live."""
    settings = Settings(data=tmp_path / "data", database_url=database_url, strict=True)
    with Host(settings) as host:
        yield host


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


@contextmanager
def integrator(desk: Desk, folder: Path) -> Iterator[subprocess.Popen[str]]:
    settings = desk.host.settings
    process = subprocess.Popen(
        [sys.executable, SCRIPT, str(settings.data), settings.database_url, str(folder)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def eventually(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < give_up, "It did not happen in time."
        time.sleep(0.005)


def fetched(folder: Path) -> list[str]:
    file = folder / "fetched"
    return file.read_text().splitlines() if file.exists() else []


def written(desk: Desk, slug: str = CONNECTION) -> list[int]:
    query = select(audit_log.c.entity_id).filter_by(entity=slug, action="page")
    with desk.host.database.read() as connection:
        return [int(it) for it in connection.scalars(query.order_by(audit_log.c.id))]


def enqueue(desk: Desk, slug: str = CONNECTION) -> int:
    return desk.host.jobs.enqueue("sync", slug, why="hand", agent="Olive").id


def is_done(desk: Desk, number: int) -> bool:
    return desk.host.jobs.get(number).state is JobState.DONE


def has_ended(process: subprocess.Popen[str]) -> bool:
    return process.poll() is not None


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, err
    assert "Traceback" not in err


def kill_after(process: subprocess.Popen[str], folder: Path, pages: int) -> None:
    eventually(lambda: len(fetched(folder)) >= pages)
    process.kill()
    process.wait()


def test_a_killed_job_goes_on_at_the_page_that_was_in_work(desk: Desk, folder: Path) -> None:
    job = enqueue(desk)
    chosen = random.Random(0)
    kills = sorted(chosen.sample(range(2, PAGES - 2), 3))
    for pages in kills:
        with integrator(desk, folder) as process:
            kill_after(process, folder, pages)
    with integrator(desk, folder) as process:
        eventually(lambda: is_done(desk, job))
        stop(process)

    assert written(desk) == list(range(PAGES))
    counted = Counter(fetched(folder))
    assert len(counted) == PAGES
    assert sum(counted.values()) <= PAGES + len(kills)
    done = desk.host.jobs.get(job)
    assert (done.attempts, done.pages, done.result) == (1 + len(kills), PAGES, f"{PAGES} pages.")


def test_a_stopped_job_reads_no_page_in_vain(desk: Desk, folder: Path) -> None:
    job = enqueue(desk)
    for pages in (5, 15):
        with integrator(desk, folder) as process:
            eventually(lambda: len(fetched(folder)) >= pages)  # noqa: B023
            stop(process)
        assert desk.host.jobs.get(job).state is JobState.QUEUED
        assert len(written(desk)) == len(fetched(folder))
    with integrator(desk, folder) as process:
        eventually(lambda: is_done(desk, job))
        stop(process)

    assert fetched(folder) == [f"{CONNECTION} {page}" for page in range(PAGES)]
    assert desk.host.jobs.get(job).attempts == 1


def test_integrators_side_by_side_never_work_in_one_lane_at_once(desk: Desk, folder: Path) -> None:
    slugs = [CONNECTION, "second", "third"]
    for slug in slugs[1:]:
        desk.enable(slug)
    with ExitStack() as stack:
        first, second = (stack.enter_context(integrator(desk, folder)) for _ in range(2))
        numbers = [enqueue(desk, slug) for slug in slugs for _ in range(2)]
        eventually(lambda: len(fetched(folder)) >= PAGES)
        first.kill()
        first.wait()
        eventually(lambda: all(is_done(desk, number) for number in numbers) or has_ended(second))
        stop(second)

    assert not (folder / "overlaps").exists()
    for slug in slugs:
        assert written(desk, slug) == list(range(PAGES))
