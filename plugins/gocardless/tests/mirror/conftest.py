"""A host beside a twin, on every database that the run is for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from halo_gocardless.twin import Knobs, TwinConfig, TwinServer

from ..twin.conftest import Api
from .databases import KINDS_OF_RUN, empty_database, running_server
from .desk import WEBHOOK_SECRET, Desk, connect, opened_host, serving_webhooks

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
# Requests are limited by the minute of the wall clock, in which a test lives through months.
UNLIMITED = Knobs(rate_limit=1_000_000)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests reaches them, and no pause before another try is long."""
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
    """Starts a twin with a virtual clock, some of its configuration changed, and a host beside it
    that takes its webhooks where `webhooks` is true."""
    with ExitStack() as opened:

        def make(*, webhooks: bool = False, clock: Any = None, **config: Any) -> Desk:
            chosen = {"customers": 0, "now": NOW, "virtual_clock": True, "knobs": UNLIMITED}
            server = opened.enter_context(TwinServer(TwinConfig(**chosen | config)))
            host = opened.enter_context(
                opened_host(tmp_path / "data", database_url, clock or server.twin.now)
            )
            api = opened.enter_context(Api(server.url, server.access_token))
            connect(host, server)
            if webhooks:
                url = opened.enter_context(serving_webhooks(host))
                server.twin.add_webhook_endpoint(url, WEBHOOK_SECRET)
            return Desk(server, host, api)

        yield make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A twin without payers and a host without a mirror."""
    return make_desk()
