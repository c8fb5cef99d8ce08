"""An import that is killed anywhere ends, after the next run, as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.acme import AGENT, Desk

from halo_host.database.tables import custom_field_values, held_payers, links, metadata, users
from halo_host.imports.change_sets import State

pytestmark = pytest.mark.once
SCRIPT = Path(__file__).with_name("killed_import.py")

# A first list and a second one, so that an import makes, links, updates, conflicts and removes.
FIRST = [
    {"id": f"CU{number:03}", "given_name": f"Ann {number}", "email": f"a{number}@acme.example"}
    for number in range(150)
]
SECOND = [
    *({**payer, "phone": "2"} if number % 3 else payer for number, payer in enumerate(FIRST[10:])),
    *({"id": f"NEW{number}", "given_name": "Eve", "company": "Acme"} for number in range(120)),
    {"id": "LINKED", "email": "there@acme.example", "company": "Acme Ltd"},
    {"id": "TWICE", "email": "a100@acme.example"},
]
TIMES = {"created_at", "removed_at", "held_at"}
# What an import notes for the next one; that it is right shows in the next one finding nothing.
NOTES = {"digest"}


def seeds(soaked: int) -> list[Any]:
    """One for every run of the tests, and so many more for `tox -m soak`."""
    more = (pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, soaked + 1))
    return [0, *more]


@pytest.fixture
def prepared(desk: Desk) -> Desk:
    desk.add_user("Acme Ltd/Warehouse", email="there@acme.example")
    desk.run(*FIRST)
    desk.ledger.write(*SECOND)
    return desk


@pytest.mark.parametrize("seed", seeds(soaked=20))
def test_a_killed_import_ends_with_the_next_run_as_if_nothing_had_happened(
    prepared: Desk, seed: int
) -> None:
    before = dump(prepared)
    steps = steps_of(prepared)
    expected = state(prepared)

    for point in kill_points(steps, 25, seed):
        restore(prepared, before)
        assert run_until(prepared, point).returncode == -signal.SIGKILL
        prepared.run()
        assert state(prepared) == expected, f"killed at step {point} of {steps}"
        assert prepared.run().rows == {"conflict": {"open": 1}}


@pytest.mark.parametrize("seed", seeds(soaked=10))
def test_a_killed_undo_ends_with_the_next_run_as_if_nothing_had_happened(
    prepared: Desk, seed: int
) -> None:
    number = prepared.run().number
    before = dump(prepared)
    steps = steps_of(prepared, undo=number)
    prepared.run()
    expected = state(prepared)

    for point in kill_points(steps, 10, seed):
        restore(prepared, before)
        assert run_until(prepared, point, undo=number).returncode == -signal.SIGKILL
        prepared.host.imports.run("acme-pay", agent=AGENT)
        if prepared.host.imports.get(number).state is State.APPLIED:
            # Killed before it had noted that it began.
            prepared.host.imports.undo(number, agent=AGENT)
        assert state(prepared) == expected, f"killed at step {point} of {steps}"


def kill_points(steps: int, count: int, seed: int) -> Iterator[int]:
    """Points all over the run, the same in every test run."""
    chosen = random.Random(seed)
    for part in range(count):
        first, last = steps * part // count, steps * (part + 1) // count
        yield chosen.randint(first + 1, max(last, first + 1))


def steps_of(desk: Desk, undo: int | None = None) -> int:
    done = run_until(desk, 0, undo)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def run_until(desk: Desk, step: int, undo: int | None = None) -> subprocess.CompletedProcess[str]:
    settings = desk.host.settings
    arguments = [str(settings.data), settings.database_url, str(step), str(undo or "")]
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def dump(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    with desk.host.database.read() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in metadata.sorted_tables
        }


def restore(desk: Desk, rows: dict[str, list[dict[str, Any]]]) -> None:
    with desk.host.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])


def state(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """The directory and its links, without the times at which they were written."""
    found = {}
    for table in (users, custom_field_values, links, held_payers):
        rows = dump(desk)[table.name]
        found[table.name] = sorted(
            tuple(
                value if name not in TIMES else value is None
                for name, value in row.items()
                if name not in NOTES
            )
            for row in rows
        )
    return found
