"""How quick the host's pages are, beside a floor and beside Datasette.

    python benchmarks/pages_benchmark.py

makes 100,000 users, a million payments and a change set of 100,000 rows once (`--payments 50000`
is a tenth of a minute), starts `halo-host serve`, the floor and Datasette, and asks them for the
same rows in turns: one client, then sixteen at once. Then a real Chromium weighs the pages.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from measure import script
from measured_database import database_of
from pages_addresses import Page, prepared
from pages_clients import Client, together
from pages_database import made, settings_of, signed_in
from pages_floor_rows import SIZE
from pages_weight import weighed
from peers import Peer, installed
from report import Line, Report, machine
from servers import Address, free_port, processor_seconds, serving, started

FLOOR_BOUND, P99_BOUND = 2.0, 5.0  # times the floor; times the median
COLD_BOUND, WARM_BOUND, REQUESTS_BOUND = 160_000, 20_000, 8  # bytes, bytes, requests
_THREADS = 8  # as `serve` has by default
_DATASETTE = Peer("datasette", "0.65.5", "")
_WARM_UP = 5
_GZIP = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and the headers that go with a request to it."""

    process: subprocess.Popen[bytes]
    address: Address
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One client's times in milliseconds, and the server's processor time for each request."""

    times: tuple[float, ...]
    cpu: float

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def __str__(self) -> str:
        return f"{self.median:.2f} ms, CPU {self.cpu:.2f} ms"


def main() -> None:
    """Measure, print, and with --record write the figures into README.md."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    report = Report(machine(options.folder, ("Flask", "Jinja2", "gunicorn")), "page figures")
    data = made(options.folder, options.payments, options.rows)
    users = options.payments // 10
    ready = prepared(data, options.addresses, users)
    cookies = {"halo-session": signed_in(data)}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with ExitStack() as stack:
        floor_port = free_port()
        floor = script("pages_floor.py", data, str(floor_port), str(_THREADS))
        floor_server = Server(
            *stack.enter_context(started(floor, floor_port, "floor", data)), _GZIP
        )
        host = stack.enter_context(serving(settings_of(data), "--threads", str(_THREADS)))
        for page in ready.pages:
            headers = {**_GZIP, "Cookie": cookie}
            if page.is_part:
                headers["HX-Request"] = "true"
            report.lines += _measured(page, Server(*host, headers), floor_server, options)
        if not options.no_datasette:
            report.lines += _datasette(data, options, stack)
        if not options.no_weights:
            whole = [page for page in ready.pages if not page.name.endswith("payments")]
            report.lines += _weights(whole, host[1], cookies)
    print(report.text())
    if options.record:
        report.record()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=1_000_000, help="ten of each user")
    parser.add_argument("--rows", type=int, help="of the change set; one for each user")
    parser.add_argument("--addresses", type=int, default=100, help="of each kind of page")
    parser.add_argument("--requests", type=int, default=600, help="of one client, of each page")
    parser.add_argument("--clients", type=int, default=16, help="at once")
    parser.add_argument("--each", type=int, default=125, help="requests of each of these")
    parser.add_argument("--no-datasette", action="store_true")
    parser.add_argument("--no-weights", action="store_true")
    parser.add_argument("--record", action="store_true", help="write the figures to README.md")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "halo-host-pages-benchmark"
    )
    options = parser.parse_args()
    options.rows = options.rows or options.payments // 10
    return options


def _measured(
    page: Page, host: Server, floor: Server, options: argparse.Namespace
) -> Sequence[Line]:
    rows, least = _same_rows(page, host, floor)
    mine, lowest = _in_turns(page.addresses, host, floor, options.requests)
    wall, cpu = mine.median / lowest.median, mine.cpu / lowest.cpu
    crowd = together(
        host.address, host.headers, page.addresses, options.clients, options.each, least
    )
    return (
        Line(f"Floor: {page.name}", str(lowest), f"the same {rows} rows"),
        Line(
            f"Host: {page.name}",
            str(mine),
            f"{wall:.2f} × the floor ({cpu:.2f} × its CPU)",
            f"≤ {FLOOR_BOUND:g} ×",
            max(wall, cpu) <= FLOOR_BOUND,
        ),
        Line(
            f"The same under {options.clients} clients at once",
            str(crowd),
            f"p99 is {crowd.p99 / crowd.median:.2f} × the median",
            f"≤ {P99_BOUND:g} ×",
            crowd.p99 <= P99_BOUND * crowd.median and not crowd.refused,
        ),
    )


def _same_rows(page: Page, host: Server, floor: Server) -> tuple[int, int]:
    """How many rows the first address has, and half the bytes of the smallest answer; the
    benchmark ends where floor and host differ."""
    mine, lowest = Client(host.address, host.headers), Client(floor.address, floor.headers)
    counts, sizes = [], []
    for address in page.addresses:
        answer = mine.get(address)
        shown, least = answer.rows, lowest.get(address).rows
        if shown != least:
            sys.exit(
                f"{address}: the host shows {len(shown)} rows, the floor {len(least)}; they differ "
                f"first at:\n{_first_difference(shown, least)}\n"
                "Where a template has changed, the floor's row must follow (pages_floor_*.py)."
            )
        counts.append(len(shown))
        sizes.append(len(answer.body))
    mine.close()
    lowest.close()
    return counts[0], min(sizes) // 2


def _first_difference(shown: Sequence[str], least: Sequence[str]) -> str:
    """The two rows from where they part."""
    for mine, lowest in zip(shown, least, strict=False):
        if mine != lowest:
            same = (one == other for one, other in zip(mine, lowest, strict=False))
            start = max(sum(1 for _ in takewhile(bool, same)) - 60, 0)
            return f"host:  {mine[start : start + 200]}\nfloor: {lowest[start : start + 200]}"
    return "the end of the shorter one"


def _in_turns(
    addresses: Sequence[str], host: Server, floor: Server, requests: int
) -> tuple[Asked, Asked]:
    """One client asks the host, then the floor, for the same address, and so on."""
    servers = (host, floor)
    clients = [Client(server.address, server.headers) for server in servers]
    for client in clients:
        for address in addresses[:_WARM_UP]:
            client.get(address)
    times: tuple[list[float], list[float]] = ([], [])
    spent = [processor_seconds(server.process) for server in servers]
    for number in range(requests):
        for client, found in zip(clients, times, strict=True):
            found.append(client.timed(addresses[number % len(addresses)])[0])
    used = [
        (processor_seconds(server.process) - before) * 1000 / requests
        for server, before in zip(servers, spent, strict=True)
    ]
    for client in clients:
        client.close()
    return Asked(tuple(times[0]), used[0]), Asked(tuple(times[1]), used[1])


def _datasette(data: Path, options: argparse.Namespace, stack: ExitStack) -> Sequence[Line]:
    """Its page of the table, newest first, of as many rows; it neither joins nor signs in."""
    python = installed(_DATASETTE, options.folder / "peers")
    assert python is not None
    port = free_port()
    command = [str(python), "-m", "datasette", "serve", str(database_of(data))]
    command += ["--port", str(port)]
    for setting, value in ("default_page_size", str(SIZE)), ("suggest_facets", "off"):
        command += ["--setting", setting, value]
    process, address = stack.enter_context(started(command, port, "datasette", data))
    server = Server(process, address, _GZIP)
    path = f"/{database_of(data).stem}/payments?_sort_desc=created_at"
    client = Client(address, _GZIP)
    rows = client.get(path).text.count("<tr>")
    for _ in range(_WARM_UP):
        client.get(path)
    requests = max(options.requests // 4, 20)
    before = processor_seconds(server.process)
    times = [client.timed(path)[0] for _ in range(requests)]
    used = (processor_seconds(server.process) - before) * 1000 / requests
    client.close()
    crowd = together(address, _GZIP, [path], options.clients, max(options.each // 4, 5), 1)
    found = Asked(tuple(times), used)
    return (
        Line(f"{_DATASETTE.name}: its table of payments", str(found), f"{rows - 1} rows"),
        Line(
            f"The same under {options.clients} clients at once",
            str(crowd),
        ),
    )


def _weights(pages: Sequence[Page], address: Address, cookies: dict[str, str]) -> Sequence[Line]:
    found = weighed(address, cookies, [page.addresses[0] for page in pages])
    lines = []
    for page, (cold, warm) in zip(pages, found.values(), strict=True):
        lines += [
            Line(
                f"{page.name}, first paint, cold",
                f"{cold.bytes / 1000:.1f} kB, {cold.requests} requests",
                f"{cold.later / 1000:.1f} kB later",
                f"≤ {COLD_BOUND // 1000} kB, ≤ {REQUESTS_BOUND} requests",
                cold.bytes <= COLD_BOUND and cold.requests <= REQUESTS_BOUND,
            ),
            Line(
                f"{page.name}, first paint, warm",
                f"{warm.bytes / 1000:.1f} kB, {warm.requests} requests",
                f"{warm.later / 1000:.1f} kB later",
                f"≤ {WARM_BOUND // 1000} kB",
                warm.bytes <= WARM_BOUND and warm.requests <= REQUESTS_BOUND,
            ),
        ]
    return lines


if __name__ == "__main__":
    main()
