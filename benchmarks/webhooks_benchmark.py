"""How quickly `halo-host serve` answers webhooks on SQLite while a first fill runs beside it.

    python benchmarks/webhooks_benchmark.py --deliveries 20000

starts `serve`, a process that fills the mirror without end, and clients that deliver one event
each: first evenly, so many a second, then as quickly as they are answered. Then the server is
killed (`kill -9`), and every acknowledged delivery is looked for in the inbox.

What is measured is the time from when a delivery was due to its answer, as the provider sees it.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from halo_host import (
    Batch,
    Integration,
    Meaning,
    PaymentRecord,
    PaymentState,
    Stream,
    StreamKind,
    StreamPage,
    Usage,
    hookimpl,
)
from halo_host.database.mirror_tables import payments
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings, embedded_database
from halo_host.webhooks.tables import deliveries

INSTALLED = Path(__file__).parents[1] / "tests" / "installed"
SECRET = "hush-hush-hush"
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}


# --- the fill ------------------------------------------------------------------------------------


class Fountain:
    """A provider whose list of payments never ends."""

    @hookimpl
    def halo_integrations(self) -> Iterator[Integration]:
        yield Integration(
            slug="fountain", title="Fountain", description="Never ends.", config_schema=SCHEMA
        )

    @hookimpl
    def halo_streams(self) -> Iterator[Stream]:
        paid = Meaning(PaymentState.PAID_OUT, "It is paid.")
        yield Stream(kind=StreamKind.PAYMENTS, meanings={"paid_out": paid})

    @hookimpl
    def halo_open_reader(self) -> Any:
        @contextmanager
        def opened() -> Iterator[Fountain]:
            yield self

        return opened()

    def list_page(self, kind: StreamKind, *, cursor: str | None, until: Any, of: Any) -> StreamPage:
        start = int(cursor or 0)
        raw, records = [], []
        newest = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(start, start + 500):
            at = newest - timedelta(seconds=number)
            raw.append(
                {
                    "id": f"PM{number:010}",
                    "created_at": at.isoformat(),
                    "status": "paid_out",
                    "amount": 1250 + number % 5000,
                    "currency": "GBP",
                    "description": f"Invoice {number}",
                    "links": {"mandate": f"MD{number % 9973:06}"},
                }
            )
            records.append(
                PaymentRecord(
                    id=raw[-1]["id"],
                    status="paid_out",
                    amount=raw[-1]["amount"],
                    currency="GBP",
                    external_user_id=f"CU{number % 9973:06}",
                    created_at=at,
                    description=raw[-1]["description"],
                )
            )
        return StreamPage(Batch(kind, records, raw), str(start + 500))

    def usage(self) -> Usage:
        return Usage()


def fill(settings: Settings) -> None:
    plugins = Plugins(strict=True)
    plugins.add("fountain", Fountain())
    with Host(settings, plugins=plugins) as host:
        lease = host.jobs.begin("sync", "fountain", agent="benchmark")
        host.sync.run(lease)


def filled(host: Host) -> int:
    with host.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(payments)) or 0


# --- the clients ---------------------------------------------------------------------------------


class Client(threading.Thread):
    """Delivers its share over one connection; notes when each was due and answered."""

    def __init__(self, address: tuple[str, int], numbers: Sequence[int], rate: float) -> None:
        super().__init__()
        self._address = address
        self._requests = [(number, _request(number)) for number in numbers]
        self._rate = rate
        self.times: list[float] = []
        self.acknowledged: list[int] = []

    def run(self) -> None:
        connection = socket.create_connection(self._address, timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for place, (number, request) in enumerate(self._requests):
            due = began + place / self._rate if self._rate else time.perf_counter()
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                part = connection.recv(4096)
                if not part:
                    raise ConnectionError("the server closed a connection")
                answer += part
            self.times.append(time.perf_counter() - due)
            if answer.startswith(b"HTTP/1.1 204"):
                self.acknowledged.append(number)
        connection.close()


def _request(number: int) -> bytes:
    event = {
        "id": f"EV{number:010}",
        "kind": "payments",
        "resource": f"PM{number:010}",
        "action": "paid_out",
        "at": "2026-03-01T09:00:00+00:00",
        "details": {"origin": "bank", "cause": "payment_paid_out", "description": "x" * 200},
    }
    body = json.dumps({"id": f"D{number}", "events": [event]}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return (
        "POST /webhooks/acme-pay HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Acme-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def deliver(address: tuple[str, int], numbers: range, clients: int, rate: float) -> list[int]:
    """Print what was measured; the deliveries that were acknowledged."""
    threads = [Client(address, numbers[place::clients], rate / clients) for place in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    times = sorted(each for thread in threads for each in thread.times)
    acknowledged = [number for thread in threads for number in thread.acknowledged]
    asked = f"{rate:g} a second" if rate else "as quickly as answered"
    print(
        f"{len(acknowledged):,} of {len(numbers):,} deliveries accepted, {asked}: "
        f"{len(acknowledged) / took:,.0f} a second; "
        f"median {_at(times, 0.5):.1f} ms, p95 {_at(times, 0.95):.1f} ms, "
        f"p99 {_at(times, 0.99):.1f} ms, max {times[-1] * 1000:.1f} ms"
    )
    return acknowledged


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))] * 1000


# --- the whole -----------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rate", type=float, default=600, help="deliveries a second, evenly")
    parser.add_argument("--folder", type=Path, help="where the databases are made")
    parser.add_argument("--no-fill", action="store_true")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill is not None:
        fill(_settings(arguments.fill))
        return
    sys.path.insert(0, str(INSTALLED))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure(_settings(Path(folder)), arguments)


def _settings(folder: Path) -> Settings:
    return Settings(data=folder, database_url=embedded_database(folder))


def measure(settings: Settings, arguments: argparse.Namespace) -> None:
    ledger = settings.data / "ledger.jsonl"
    ledger.touch()
    plugins = Plugins.installed()
    plugins.add("fountain", Fountain())
    with Host(settings, plugins=plugins) as host:
        host.connections.enable(
            "acme-pay",
            {"ledger": str(ledger), "api_key": "a-secret-key", "webhook_secret": SECRET},
            agent="benchmark",
        )
        host.connections.enable("fountain", {}, agent="benchmark")
        with _serving(settings) as (process, address), _filling(settings, arguments):
            if not arguments.no_fill:
                while filled(host) < 5_000:
                    time.sleep(0.1)
            half = arguments.deliveries // 2
            spent = sum(map(_processor_seconds, _family(process.pid)))
            before, began = filled(host), time.perf_counter()
            kept = deliver(address, range(half), arguments.clients, arguments.rate)
            kept += deliver(address, range(half, 2 * half), arguments.clients, 0)
            took = time.perf_counter() - began
            spent = sum(map(_processor_seconds, _family(process.pid))) - spent
            print(f"The server's processor time: {spent / len(kept) * 1000:.2f} ms a delivery")
            for process_id in _family(process.pid):
                os.kill(process_id, signal.SIGKILL)
            print(f"The fill beside it: {(filled(host) - before) / took:,.0f} payments a second")
        with host.webhooks.inbox.database.read() as connection:
            there = set(connection.scalars(select(deliveries.c.delivery_key)))
    lost = {f"D{number}" for number in kept} - there
    print(f"On disk after kill -9: {len(there):,}; acknowledged and lost: {len(lost):,}")
    if lost:
        sys.exit(1)


def _family(parent: int) -> list[int]:
    """A process, and all that it and its children have started."""
    found = [parent]
    for process_id in found:
        for tasks in Path(f"/proc/{process_id}/task").glob("*/children"):
            found += map(int, tasks.read_text().split())
    return found


def _processor_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(settings: Settings) -> Iterator[tuple[subprocess.Popen[bytes], tuple[str, int]]]:
    log = settings.data / "serve.log"
    environment = {
        **os.environ,
        "PYTHONPATH": str(INSTALLED),
        "HALO_HOST_DATA": str(settings.data),
        "HALO_HOST_DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-m", "halo_host", "serve", "--no-integrator"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while not (found := re.search(r"Serving on http://(.+):(\d+)", log.read_text())):
            if process.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.05)
        address = found[1], int(found[2])
        socket.create_connection(address, timeout=30).close()
        yield process, address
    finally:
        process.kill()
        process.wait()


@contextmanager
def _filling(settings: Settings, arguments: argparse.Namespace) -> Iterator[None]:
    if arguments.no_fill:
        yield
        return
    process = subprocess.Popen([sys.executable, __file__, "--fill", str(settings.data)])
    try:
        yield
        if process.poll() is not None:
            sys.exit("The fill ended before the deliveries did.")
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
