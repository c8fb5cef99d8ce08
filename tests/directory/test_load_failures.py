"""A database that cannot take a file says why, and nothing that was loaded is lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from support.clock import Clock
from support.databases import sqlite_url

from halo_host.database.database import Database
from halo_host.database.upgrade import upgrade
from halo_host.directory.directory import Directory
from halo_host.errors import DatabaseError

AGENT = "tester"


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = sqlite_url(tmp_path)
    with closing(Database(url)) as database:
        upgrade(database)
    return url


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    rows = "".join(f"Customer {n},{n}@x.example,{'x' * 500}\n" for n in range(600))
    file.write_text("customer,email,city\n" + rows)
    return file


def test_a_database_for_reading_only_is_left_as_it_is(url: str, people: Path, clock: Clock) -> None:
    with closing(Database(f"{url}?mode=ro")) as database:
        directory = Directory(database, clock)
        with pytest.raises(DatabaseError, match="open for reading only; nothing was changed"):
            directory.load(people, agent=AGENT)
        assert directory.customers() == []


def test_a_full_disk_keeps_whole_batches_and_the_next_load_goes_on(
    url: str, people: Path, clock: Clock
) -> None:
    with (
        closing(Database(f"{url}?max_page_count=200")) as full,
        pytest.raises(DatabaseError, match=r"is full.*\n.*goes on where it stopped"),
    ):
        Directory(full, clock).load(people, agent=AGENT)

    with closing(Database(url)) as database:
        directory = Directory(database, clock)
        loaded = len(directory.users(limit=1_000))
        assert 0 < loaded < 600
        report = directory.load(people, agent=AGENT)

        assert (report.users.unchanged, report.users.added) == (loaded, 600 - loaded)
        assert len(directory.customers()) == len(directory.users(limit=1_000)) == 600
