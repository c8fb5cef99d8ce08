"""How quick lists of payments and a user's tab are: `python benchmarks/payments_benchmark.py`.

Makes a mirror of 1,000,000 payments once and keeps it in `--folder`. Then it asks for the first
page, and a page from the middle, of every filter in every order, each some times, and for all that
a tab reads about a payer with 10,000 payments. A page's time is the median; its CPU is this
process's alone, which on PostgreSQL says little. Use a quiet machine.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import NamedTuple

import psycopg
from payments_database import BIG_PAYER, CONNECTION, fill
from postgresql_server import PostgreSQL, running_postgresql

from halo_host import (
    Integration,
    Meaning,
    PaymentQuery,
    PaymentState,
    Stream,
    StreamKind,
    hookimpl,
)
from halo_host.cli.payment_files import csv_rows
from halo_host.host import Host
from halo_host.payments.filters import SORTS, PaymentFilter
from halo_host.plugins import Plugins
from halo_host.settings import Settings

PAGE_BOUND = 200  # milliseconds
TAB_BOUND = 50
_FAILED = (PaymentState.FAILED,)
_YEAR = {"charged_from": date(2023, 1, 1), "charged_to": date(2023, 12, 31)}
_LONG_AGO = {"charged_to": date(2021, 12, 20)}
FILTERS: dict[str, dict[str, object]] = {
    "all payments": {},
    "a connection": {"connection": CONNECTION},
    "failed": {"states": _FAILED},
    "a status of 1 in 10,000": {"statuses": ("customer_approval_denied",)},
    "a status that none has": {"statuses": ("nowhere",)},
    "charged in a year": _YEAR,
    "charged long ago": _LONG_AGO,
    "failed, charged in a month": {
        "states": _FAILED,
        "charged_from": date(2023, 1, 1),
        "charged_to": date(2023, 1, 31),
    },
    "submitted, charged long ago: none": {"statuses": ("submitted",), **_LONG_AGO},
    "the customer with 300,000": {"customer": "1"},
    "the same, failed": {"customer": "1", "states": _FAILED},
    "a customer with 500": {"customer": "77"},
    "the user with 10,000": {"user": "1"},
    "a payer": {"payer": BIG_PAYER},
    "failed for the commonest reason": {"reasons": ("insufficient_funds",)},
    "failed for a rare reason": {"reasons": ("invalid_bank_details",)},
    "the commonest reason, paid out since": {
        "reasons": ("insufficient_funds",),
        "states": (PaymentState.PAID_OUT,),
    },
    "the commonest reason, the large customer": {
        "reasons": ("insufficient_funds",),
        "customer": "1",
    },
    "of nobody": {"unlinked": True},
    "of nobody, failed": {"unlinked": True, "states": _FAILED},
}


class Streams:
    """A plugin with streams and nothing behind them."""

    @hookimpl
    def halo_integrations(self) -> Iterator[Integration]:
        yield Integration(
            slug="acme", title="Acme", description="Streams.", config_schema={"type": "object"}
        )

    @hookimpl
    def halo_streams(self) -> Iterator[Stream]:
        paid = Meaning(PaymentState.PAID_OUT, "It went out to your bank.")
        address = "https://pay.example/payments/{id}"
        yield Stream(kind=StreamKind.PAYMENTS, meanings={"paid_out": paid}, url=address)


def main() -> None:
    arguments = _arguments()
    with ExitStack() as stack:
        folder = Path(arguments.folder) / f"payments-{arguments.payments}"
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder / 'halo-host.db'}"
        server = stack.enter_context(running_postgresql(folder)) if arguments.postgresql else None
        if server is not None:
            url = server.copy("template0", "payments")
        plugins = Plugins(strict=True)
        plugins.add("streams", Streams())
        host = stack.enter_context(Host(Settings(data=folder, database_url=url), plugins=plugins))
        if not host.payments.list(limit=1).payments:
            _make(host, arguments.payments, server)
        print(f"{arguments.payments:,} payments, {host.database.label}")
        _measure_pages(host, arguments.rounds)
        _measure_tab(host, max(arguments.rounds * 10, 50))
        _measure_csv(host, arguments.csv)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csv", type=int, default=100_000, help="how many rows of CSV")
    parser.add_argument("--folder", default=tempfile.gettempdir() + "/halo-host-benchmarks")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    return parser.parse_args()


def _make(host: Host, payments: int, server: PostgreSQL | None) -> None:
    start = time.perf_counter()
    fill(host, payments)
    if server is not None:  # as the server itself does after a while
        with psycopg.connect(server.connection_text("payments"), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    print(f"made in {time.perf_counter() - start:.0f} s")


def _measure_pages(host: Host, rounds: int) -> None:
    orders = " | ".join(SORTS)
    print(f"\n| page of 100 | {orders} | from the middle | most CPU | sums | bound | verdict |")
    print(f"|{'---|' * 10}")
    for name, values in FILTERS.items():
        wanted = PaymentFilter(**values)  # type: ignore[arg-type]
        times = [
            _median(lambda: host.payments.list(wanted, sort=sort), rounds)  # noqa: B023
            for sort in SORTS
        ]
        cursor = host.payments.list(wanted, sort="largest", limit=5_000).next_cursor
        if cursor is not None:
            times.append(
                _median(
                    lambda: host.payments.list(wanted, sort="largest", cursor=cursor),  # noqa: B023
                    rounds,
                )
            )
        sums = _median(lambda: host.payments.totals(wanted), 1)  # noqa: B023
        cells = [f"{it.wall:.0f} ms" for it in times] + ([] if cursor else ["no more"])
        cells += [f"{max(it.cpu for it in times):.0f} ms", f"{sums.wall:.0f} ms"]
        verdict = "holds" if max(it.wall for it in times) < PAGE_BOUND else "**missed**"
        print(f"| {name} | {' | '.join(cells)} | < {PAGE_BOUND} ms | {verdict} |", flush=True)


def _measure_tab(host: Host, rounds: int) -> None:
    connection = host.connections.for_plugin(CONNECTION)
    query = PaymentQuery(external_user_ids=(BIG_PAYER,))

    def tab() -> None:
        mirror = host.payments.mirror_of(connection, (BIG_PAYER,))
        assert mirror is not None
        assert mirror.freshness.checked_at is not None
        page = mirror.payments(query)
        (total, *_) = mirror.totals(query)
        assert total.payments > 100
        mirror.timelines(page.payments)
        mirror.refunds(page.payments)
        mirror.payouts(page.payments)
        mirror.mandates()
        mirror.subscriptions()

    times = _times(tab, rounds)
    walls = sorted(it.wall for it in times)
    p95 = walls[int(len(walls) * 0.95)]
    verdict = "holds" if p95 < TAB_BOUND else "**missed**"
    print(
        f"\nThe tab's data of a payer with 10,000 payments, {rounds} times: median "
        f"{statistics.median(walls):.1f} ms, p95 {p95:.1f} ms (< {TAB_BOUND} ms: {verdict}), "
        f"median CPU {statistics.median(it.cpu for it in times):.1f} ms"
    )


def _measure_csv(host: Host, rows: int) -> None:
    start = time.perf_counter()
    count = 0
    for count, _ in enumerate(csv_rows(host.payments.stream()), 1):
        if count == rows:
            break
    taken = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{count:,} rows of CSV: {count / taken:,.0f} a second; peak memory of all this "
        f"{memory} MiB"
    )


class Times(NamedTuple):
    """In milliseconds."""

    wall: float
    cpu: float


def _median(work: Callable[[], object], rounds: int) -> Times:
    work()  # what the operating system has not read yet is not what is measured
    found = _times(work, rounds)
    return Times(
        statistics.median(it.wall for it in found), statistics.median(it.cpu for it in found)
    )


def _times(work: Callable[[], object], rounds: int) -> list[Times]:
    found = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(Times((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000))
    return found


if __name__ == "__main__":
    main()
