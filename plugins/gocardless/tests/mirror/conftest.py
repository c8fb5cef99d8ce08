"""A host beside a twin, on every database that the run is for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .databases import KINDS_OF_RUN, empty_database, running_server
from .desk import Desk, opened_desk


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests reaches them; no pause before another try is long."""
    for name in list(os.environ):
        if name.startswith(("HALO_", "PG", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HALO_GOCARDLESS_ALLOW_API_URL", "loopback")
    monkeypatch.setattr("halo_gocardless.retries.LONGEST_WAIT", 0.002)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    with running_server() as server:
        yield server


@pytest.fixture(params=KINDS_OF_RUN)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database for each test, on every kind that the run is for."""
    is_server = request.param == "postgresql"
    server = request.getfixturevalue("postgresql_server") if is_server else None
    with empty_database(request.param, tmp_path, server) as url:
        yield url


@pytest.fixture
def make_desk(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a desk as `opened_desk` does, and closes it after the test."""
    with ExitStack() as opened:
        yield lambda **how: opened.enter_context(opened_desk(tmp_path, database_url, **how))


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A twin without payers and a host without a mirror."""
    return make_desk()
