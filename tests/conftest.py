"""Fixtures of the host's tests. The tests run against the installed host; see tox.ini."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url
from support.acme import INSTALLED, Desk, Ledger
from support.clock import Clock
from support.compiled_once import compile_once
from support.databases import empty_postgresql, kinds_of_run, make_tables, sqlite_url
from support.postgresql_programs import NoServer
from support.postgresql_server import Server, running_server

from halo_host.host import Host
from halo_host.settings import Settings

# Read when the run begins: `isolated_environment` takes the variables away from the tests.
KINDS_OF_RUN = kinds_of_run()
NEEDS_A_DATABASE = {"database_url", "postgresql_server"}


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_configure() -> None:
    compile_once()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and leave out what another run does: tests of the PostgreSQL
    server where the run has none, and tests without a database where the run is for PostgreSQL
    alone."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    dropped = [item for item in items if not _belongs_to_run(item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def _belongs_to_run(item: pytest.Item) -> bool:
    used = NEEDS_A_DATABASE.intersection(getattr(item, "fixturenames", ()))
    if used == {"postgresql_server"}:
        return "postgresql" in KINDS_OF_RUN
    return "sqlite" in KINDS_OF_RUN or bool(used)


@pytest.fixture(autouse=True)
def isolated_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them, and their folders stay as they are.

    A host without `HALO_HOST_DATA` keeps its data below HOME, which is a folder of the test.
    """
    for name in list(os.environ):
        if name.startswith(("HALO_", "PG", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def isolated_logging() -> Iterator[None]:
    """What a test sets up for the log of this process, as `halo-host serve` does, ends with it."""
    root, host = logging.getLogger(), logging.getLogger("halo_host")
    before = (root.handlers[:], root.level, host.level)
    yield
    if (root.handlers, root.level, host.level) != before:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        host.setLevel(before[2])
        logging.captureWarnings(False)


@pytest.fixture
def clock() -> Clock:
    """The time: Monday 2 March 2026, 09:00 UTC, until the test calls `clock.advance(hours=1)`."""
    return Clock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A private server, one for each worker of a run: its start takes under a second."""
    try:
        with running_server() as server:
            yield server
    except NoServer as reason:
        pytest.fail(str(reason), pytrace=False)


@pytest.fixture(params=KINDS_OF_RUN)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own for each test, on every kind that the run is for.

    `HALO_HOST_TEST_DATABASES=sqlite,postgresql pytest` runs such a test twice. For tests with a
    `host` the tables are there already, copied: making them takes longer than most tests do.
    """
    has_tables = "host" in request.fixturenames
    if request.param == "sqlite":
        if has_tables:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path)
        yield sqlite_url(tmp_path)
        return
    server = request.getfixturevalue("postgresql_server")
    copied = {"template": request.getfixturevalue("postgresql_with_tables")} if has_tables else {}
    with empty_postgresql(server, **copied) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database with tables and without rows."""
    folder = tmp_path_factory.mktemp("tables")
    make_tables(sqlite_url(folder))
    (path,) = folder.iterdir()  # all of it: nothing is left in a write-ahead log
    return path


@pytest.fixture(scope="session")
def postgresql_with_tables(postgresql_server: Server) -> Iterator[str]:
    """The name of such a database on the server."""
    with empty_postgresql(postgresql_server) as url:
        make_tables(url)
        yield make_url(url).database or ""


@pytest.fixture
def acme_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin Acme Pay is installed, in this process and in those that it starts."""
    monkeypatch.syspath_prepend(INSTALLED)
    monkeypatch.setenv("PYTHONPATH", str(INSTALLED))


@pytest.fixture
def host(database_url: str, tmp_path: Path, clock: Clock, acme_pay: None) -> Iterator[Host]:
    """A host with an empty database and the plugin Acme Pay."""
    settings = Settings(
        data=tmp_path / "data",
        database_url=database_url,
        strict=True,
        password_rounds=1,  # quick, and as safe as a test needs
        password_memory=1,
    )
    with Host(settings, clock=clock) as host:
        yield host


@pytest.fixture
def desk(host: Host, tmp_path: Path) -> Desk:
    """A small directory, with Acme Pay enabled and nobody in its ledger."""
    desk = Desk(host, Ledger(tmp_path / "ledger.jsonl"))
    desk.enable()
    return desk
