"""Work on the mirror that is killed anywhere ends, after the next run, as if nothing had happened,
and no page but the one in flight is read twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bank import Bank, BankPlugin, batch
from support.clock import Clock

from halo_host import StreamKind
from halo_host.database.mirror_tables import (
    dirty_records,
    mandates,
    payers,
    payments,
    payout_items,
    payouts,
    stream_passes,
    timeline,
)
from halo_host.database.tables import metadata
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings

from .conftest import AGENT, Mirrored
from .story import deliveries, founded, grown

pytestmark = pytest.mark.once
SCRIPT = Path(__file__).with_name("killed_sync.py")
POINTS = 25
# Where a record's raw form lies and when it was read may differ; the record itself may not.
PLACES = {"id", "raw_page_id", "raw_position", "removed_at"}
COMPARED = (payers, mandates, payments, payouts, payout_items, timeline)


class Desk:
    """The host of one test, over the database that the killed processes work on."""

    def __init__(self, tmp_path: Path, url: str) -> None:
        self.settings = Settings(data=tmp_path / "data", database_url=url)
        self.settings.data.mkdir()
        self.asked = tmp_path / "asked.txt"

    def opened(self, bank: Bank, clock: Clock) -> Host:
        plugins = Plugins(strict=True)
        plugins.add("bank", BankPlugin(bank))
        return Host(self.settings, clock=clock, plugins=plugins)

    def prepare(self, work: str) -> None:
        bank, clock = founded()
        with self.opened(bank, clock) as host:
            host.connections.enable("bank", {}, slug="bank", agent=AGENT)
            if work != "fill":
                Mirrored(host, bank).sync()

    def run_until(self, step: int, work: str) -> subprocess.CompletedProcess[str]:
        self.asked.write_text("")
        arguments = [str(self.settings.data), self.settings.database_url, str(step), work]
        return subprocess.run(
            [sys.executable, SCRIPT, *arguments, self.asked],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def finish(self, work: str) -> None:
        """What the integrator does a minute later, when it has found that the worker is dead."""
        bank, clock = founded() if work == "fill" else grown()
        clock.advance(minutes=1)
        asked = self.asked.open("a")
        bank.note_page = lambda page: print(page, file=asked)
        with asked, self.opened(bank, clock) as host:
            mirrored = Mirrored(host, bank)
            lease = host.jobs.begin("webhooks" if work == "webhooks" else "sync", "bank", agent="x")
            if work == "webhooks":
                for events in deliveries(bank):
                    host.sync.take_events(lease, batch(StreamKind.EVENTS, events))
                host.sync.reread_dirty(lease)
            else:
                host.sync.run(lease)
            host.jobs.finish(lease, "")
            assert not rows_of(mirrored.host, dirty_records)
            # Where only what is dirty is read again, a begun pass is left to the next sync.
            assert work == "webhooks" or not rows_of(mirrored.host, stream_passes)

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """The mirror without where its raw records lie."""
        bank, clock = founded()
        with self.opened(bank, clock) as host:
            return {
                table.name: sorted(
                    tuple(value for name, value in row.items() if name not in PLACES)
                    for row in rows_of(host, table)
                )
                for table in COMPARED
            }

    def pages_read_twice(self) -> int:
        counted = Counter(self.asked.read_text().splitlines())
        return sum(count - 1 for count in counted.values())


def rows_of(host: Host, table: Any) -> list[dict[str, Any]]:
    with host.database.read() as connection:
        return [dict(row) for row in connection.execute(table.select()).mappings()]


def dump(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    bank, clock = founded()
    with desk.opened(bank, clock) as host:
        return {table.name: rows_of(host, table) for table in metadata.sorted_tables}


def restore(desk: Desk, rows: dict[str, list[dict[str, Any]]]) -> None:
    bank, clock = founded()
    with desk.opened(bank, clock) as host, host.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])


def seeds(soaked: int) -> list[Any]:
    """One for every run of the tests, and so many more for `tox -m soak`."""
    return [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, soaked + 1))]


def kill_points(steps: int, count: int, seed: int) -> Iterator[int]:
    """Points all over the run, the same in every test run."""
    chosen = random.Random(seed)
    for part in range(count):
        first, last = steps * part // count, steps * (part + 1) // count
        yield chosen.randint(first + 1, max(last, first + 1))


@pytest.mark.parametrize("seed", seeds(soaked=20))
@pytest.mark.parametrize("work", ["fill", "increment", "webhooks"])
def test_killed_work_ends_with_the_next_run_as_if_nothing_had_happened(
    database_url: str, tmp_path: Path, work: str, seed: int
) -> None:
    desk = Desk(tmp_path, database_url)
    desk.prepare(work)
    before = dump(desk)
    done = desk.run_until(0, work)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    desk.finish(work)
    expected = desk.state()
    assert expected["payments"]
    assert expected["timeline"]

    for point in kill_points(steps, POINTS, seed):
        restore(desk, before)
        killed = desk.run_until(point, work)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        desk.finish(work)
        assert desk.state() == expected, f"killed at step {point} of {steps}"
        assert desk.pages_read_twice() <= 1, f"killed at step {point} of {steps}"
