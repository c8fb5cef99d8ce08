"""How quickly `halo-host serve` answers webhooks on SQLite while a first fill runs beside it.

    python benchmarks/webhooks_benchmark.py --deliveries 20000 --peer

starts `serve`, a process that fills the mirror without end, and clients that deliver one event
each: first evenly, so many a second, then as quickly as they are answered. Then the server is
killed (`kill -9`), and every acknowledged delivery is looked for in the inbox. With `--peer` the
same clients deliver the same to `django-gocardless-billing`, with nothing beside it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from measure import BENCHMARKS
from peers import Peer, installed
from report import Line, Report, bounded, machine
from servers import family, free_port, processor_seconds, serving, wait_for
from sqlalchemy import select
from webhook_clients import SECRET, Delivered, Target, deliver
from webhook_fill import NAME, filled, filling, plugins_with_fountain

from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import Settings, embedded_database
from halo_host.webhooks.tables import deliveries

RATE_BOUND, P99_BOUND = 500, 100  # deliveries a second, milliseconds
_CONNECTION = "gocardless"
_PEER = Peer("django-gocardless-billing", "0.1.1", "webhook_peer.py", needs=("gunicorn",))


def main() -> None:
    """Measure, print, and with --record write the figures into README.md."""
    options = _options()
    report = Report(machine(options.folder), "webhook figures")
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        _host(report, Path(folder), options)
        if options.peer:
            _peer(report, Path(folder), options)
    print(report.text())
    if options.record:
        report.record()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rate", type=float, default=550, help="deliveries a second, evenly")
    parser.add_argument("--peer", action="store_true", help="install and measure another, too")
    parser.add_argument("--record", action="store_true", help="write the figures to README.md")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "halo-host-webhook-benchmark"
    )
    return parser.parse_args()


def _host(report: Report, folder: Path, options: argparse.Namespace) -> None:
    settings = Settings(data=folder, database_url=embedded_database(folder))
    plugins = plugins_with_fountain(Plugins.installed())
    with Host(settings, plugins=plugins) as host:
        values = {"access_token": "sandbox_none", "webhook_secrets": SECRET}
        host.connections.enable(_CONNECTION, values, agent="benchmark")
        host.connections.enable(NAME, {}, agent="benchmark")
        with serving(settings) as (process, address), filling(folder):
            while filled(host) < 5_000:
                time.sleep(0.1)
            before, began = filled(host), time.perf_counter()
            target = Target(address, f"/webhooks/{_CONNECTION}", 204)
            evenly, quickly = _both(target, process, options, report, "Host, beside a first fill")
            for process_id in family(process.pid):
                os.kill(process_id, signal.SIGKILL)
            speed = (filled(host) - before) / (time.perf_counter() - began)
            report.lines.append(Line("The fill beside it", f"{speed:,.0f} payments a second"))
        with host.webhooks.inbox.database.read() as connection:
            there = set(connection.scalars(select(deliveries.c.delivery_key)))
    acknowledged = {*evenly.acknowledged, *quickly.acknowledged}
    missing = len(acknowledged - there)
    name = f"Acknowledged, and not on the disk after kill -9, of {len(acknowledged):,}"
    report.lines.append(bounded(name, missing, 0, "deliveries"))
    report.lines.insert(
        1,
        Line(
            "Host: the same, 99 of 100 within",
            f"{evenly.at(0.99):.0f} ms",
            bound=f"< {P99_BOUND} ms",
            holds=evenly.at(0.99) < P99_BOUND and evenly.a_second >= RATE_BOUND,
        ),
    )


def _peer(report: Report, folder: Path, options: argparse.Namespace) -> None:
    python = installed(_PEER, options.folder / "peers")
    assert python is not None
    address = ("127.0.0.1", free_port())
    command = [
        str(python),
        str(BENCHMARKS / _PEER.script),
        str(folder),
        f"{address[0]}:{address[1]}",
    ]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        wait_for(address, process, _PEER.name)
        target = Target(address, "/gocardless/", 200)
        _both(target, process, options, report, f"{_PEER.name}, with nothing beside it")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _both(
    target: Target,
    process: subprocess.Popen[bytes],
    options: argparse.Namespace,
    report: Report,
    name: str,
) -> tuple[Delivered, Delivered]:
    """Evenly, and as quickly as answered."""
    half = options.deliveries // 2
    spent = processor_seconds(process)
    evenly = deliver(target, range(half), options.clients, options.rate)
    quickly = deliver(target, range(half, 2 * half), options.clients, 0)
    cpu = (processor_seconds(process) - spent) / (2 * half) * 1000
    for found, how in (evenly, f"{options.rate:g} a second"), (quickly, "as quickly as answered"):
        speed = f"{found.a_second:,.0f} a second"
        details = f"{found}; {cpu:.2f} ms of processor time each"
        report.lines.append(Line(f"{name}: {how}", speed, details))
    return evenly, quickly


if __name__ == "__main__":
    main()
