"""A directory of its own for each test, and files to load into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.clock import Clock

from halo_host.database.database import Database
from halo_host.database.upgrade import upgrade
from halo_host.directory.directory import Directory
from halo_host.directory.report import LoadReport

AGENT = "tester"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    upgrade(database)
    yield database
    database.close()


@pytest.fixture
def directory(database: Database, clock: Clock) -> Directory:
    return Directory(database, clock)


@pytest.fixture
def load(directory: Directory, tmp_path: Path) -> Callable[..., LoadReport]:
    """Load a file of this content: `load("customer\\nAcme")`."""

    def load_content(content: str | bytes, name: str = "people.csv", **options: Any) -> LoadReport:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return directory.load(file, agent=AGENT, **options)

    return load_content
