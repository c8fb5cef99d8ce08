"""An integrator that is killed while it fills the mirror: the next one goes on where it stood."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from halo_host import StreamKind
from halo_host.jobs.job import JobState

from .desk import AGENT, SLUG, Desk
from .processes import DEADLINE, integrator, wait_until

pytestmark = pytest.mark.once


@pytest.mark.parametrize("request_number", [2, 7, 30, 100])
def test_a_fill_that_is_killed_goes_on_where_it_stood(
    make_desk: Callable[..., Desk], database_url: str, tmp_path: Path, request_number: int
) -> None:
    desk: Desk = make_desk(customers=60, now=datetime.now(UTC))
    [job] = desk.host.schedules.sync_now(SLUG, agent=AGENT)
    left = iter(range(request_number - 1))
    killed = threading.Event()
    asked: list[str] = []

    def kill(path: str) -> None:
        asked.append(path)
        if not killed.is_set() and next(left, None) is None:
            os.kill(first.pid, signal.SIGKILL)
            killed.set()

    with desk.happening(kill):
        with integrator(database_url, tmp_path) as first:
            assert killed.wait(DEADLINE), first.said()
            assert first.wait(DEADLINE) == -signal.SIGKILL
        read_before = len(asked)
        assert desk.host.jobs.get(job.id).state is JobState.RUNNING
        with integrator(database_url, tmp_path) as second:
            wait_until(lambda: desk.host.jobs.get(job.id).state is JobState.DONE, second)
        assert second.returncode == 0

    done = desk.host.jobs.get(job.id)
    assert done.attempts == 2
    assert done.process_id == second.pid
    assert read_before < len(asked)
    # Every page was read once, but for the one in flight and those that each run begins with.
    for kind in (StreamKind.CUSTOMERS, StreamKind.MANDATES, StreamKind.PAYMENTS):
        pages = -(-len(desk.held_by_twin(kind)) // 500)
        assert asked.count(f"/{kind}") <= pages + 1
    assert asked.count("/payout_items") <= len(desk.payout_lines()) + 1
    desk.assert_right()
