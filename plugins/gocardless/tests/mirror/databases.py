"""The databases that a run is for. PostgreSQL's server is that of the host's tests, which lie
beside this plugin in the repository; runs on SQLite alone need nothing of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KINDS_OF_RUN = tuple((os.environ.get("HALO_HOST_TEST_DATABASES") or "sqlite").split(","))


@contextmanager
def running_server() -> Iterator[Any]:
    """A private PostgreSQL server for one test session."""
    from support.postgresql_server import running_server

    with running_server() as server:
        yield server


@contextmanager
def empty_database(kind: str, folder: Path, server: Any) -> Iterator[str]:
    """The address of a database of its own for one test."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'halo-host.db'}"
        return
    from support.databases import empty_postgresql

    with empty_postgresql(server) as url:
        yield url
