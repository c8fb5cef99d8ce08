"""What the tests share: official bodies, a clock that only sleeping moves, and a bare server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from halo_gocardless.addresses import OFFICIAL, Address
from halo_gocardless.client import Client
from halo_gocardless.retries import FOR_IMPORT, Patience

OFFICIAL_BODIES = Path(__file__).parent / "fixtures" / "gocardless"
TOKEN = "sandbox_a-token-that-nobody-may-see"


class PassingTime:
    """A clock that stands still unless somebody sleeps; `naps` remembers for how long."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def passing_time() -> PassingTime:
    return PassingTime()


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def make_client(passing_time: PassingTime) -> Callable[..., Client]:
    def make(address: Address = OFFICIAL["sandbox"], patience: Patience = FOR_IMPORT) -> Client:
        return Client(
            address,
            TOKEN,
            patience,
            sleep=passing_time.sleep,
            clock=passing_time.clock,
            jitter=lambda: 1.0,
        )

    return make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Iterator[Client]:
    with make_client() as client:
        yield client


@pytest.fixture
def official() -> Callable[[str], Any]:
    """Reads one of GoCardless's published example files, such as "customers"."""
    return lambda name: json.loads((OFFICIAL_BODIES / f"{name}.json").read_bytes())


@pytest.fixture
def serve() -> Callable[..., Any]:
    """Runs a server on a free loopback port that answers each request with a given function."""

    @contextmanager
    def run(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return run
