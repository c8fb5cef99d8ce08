"""A database whose mirror holds many payments, for measuring what reads it.

The rows are such as a sync leaves, newest first, written straight into the tables: five years of
payments, ten a payer, one payer with 10,000. Three in ten payers belong to one customer, one in a
hundred to nobody. Four in a hundred payments failed at some time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from typing import Any

from sqlalchemy import Connection, Table

from halo_host.database.bulk import insert_rows
from halo_host.database.columns import name_key, stored_time
from halo_host.database.mirror_tables import (
    event_meanings,
    mandates,
    payers,
    payments,
    payouts,
    raw_pages,
    refunds,
    streams,
    timeline,
)
from halo_host.database.tables import connections, customers, links, sites, users
from halo_host.host import Host
from halo_host.sync.raw import encoded, pack

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
YEARS = 5
CUSTOMERS = 1_500
CONNECTION = "acme"
BIG_PAYER = "CU000000000000"
BIG_PAYER_PAYMENTS = 10_000
_COMMIT = 5_000
_CURRENCIES = ("GBP", "GBP", "GBP", "GBP", "GBP", "GBP", "EUR", "EUR", "USD", "SEK")
# action, cause, code, text, whether it is a failure, how many of 1,000 failures
MEANINGS = (
    ("created", "payment_created", "", "The payment was created.", False, 0),
    ("failed", "insufficient_funds", "ARUDD-0", "There was not enough money.", True, 700),
    ("failed", "bank_account_closed", "ARUDD-B", "The account is closed.", True, 150),
    ("failed", "refer_to_payer", "ARUDD-0", "The payer's bank gives no reason.", True, 100),
    ("charged_back", "authorisation_disputed", "DDIC-1", "The payer disputes it.", True, 48),
    ("failed", "invalid_bank_details", "ARUDD-5", "The bank details are wrong.", True, 2),
)


def fill(host: Host, payments_wanted: int, seed: int = 7) -> None:
    """Fill an empty database; its connection is the one that is there, else one named `acme`."""
    chance = random.Random(seed)  # noqa: S311 - the same rows each time
    payer_count = payments_wanted // 10
    is_connected = bool(host.connections.all())
    with host.database.write() as connection:
        _directory(connection, payer_count)
        if not is_connected:
            _connection(connection)
        _small_tables(connection)
    page_count = _write(host, raw_pages, _PAGE, _pages(payments_wanted // 500 + 1))
    _write(host, payers, _PAYER, _payer_rows(payer_count))
    _write(host, links, _LINK, _link_rows(payer_count))
    _write(host, mandates, _MANDATE, _mandate_rows(payer_count))
    _write(host, payouts, _PAYOUT, _payout_rows())
    made = _Payments(chance, payments_wanted, payer_count, page_count)
    _write(host, payments, _PAYMENT, made.rows())
    _write(host, refunds, _REFUND, made.refunds)
    _write(host, timeline, _EVENT, made.events())


def payer_id(number: int) -> str:
    """Spread as real ids are: neighbours in time are no neighbours in the index."""
    return f"CU{number * 7_919_317 % 1_000_003:012d}" if number else BIG_PAYER


def _write(host: Host, table: Table, columns: tuple[str, ...], rows: Any) -> int:
    written = 0
    rows = iter(rows)
    while some := tuple(islice(rows, _COMMIT)):
        with host.database.write() as connection:
            insert_rows(connection, table, columns, some)
        written += len(some)
    return written


def _directory(connection: Connection, payer_count: int) -> None:
    at = stored_time(NOW)
    names = ["Payers without a customer", *(f"Customer {n}" for n in range(1, CUSTOMERS))]
    insert_rows(
        connection,
        customers,
        ("id", "name", "name_key", "created_at"),
        [(n, name, name_key(name), at) for n, name in enumerate(names, 1)],
    )
    insert_rows(
        connection,
        sites,
        ("id", "customer_id", "name", "name_key", "is_invoice_site", "created_at"),
        [(n, n, "Main", "main", True, at) for n in range(1, CUSTOMERS + 1)],
    )
    insert_rows(
        connection,
        users,
        ("id", "site_id", "given_name", "family_name", "email", "email_key", "created_at"),
        [
            (
                n,
                1 if n % 10 < 3 else n % CUSTOMERS + 1,
                "Ann",
                f"Archer {n}",
                f"ann{n}@x.example",
                f"ann{n}@x.example",
                at,
            )
            for n in range(1, payer_count + 1)
        ],
    )


def _connection(connection: Connection) -> None:
    insert_rows(
        connection,
        connections,
        (
            "id",
            "slug",
            "integration",
            "name",
            "settings",
            "company_name_matching",
            "created_at",
        ),
        [(1, CONNECTION, "acme", "Acme", "{}", True, stored_time(NOW))],
    )


def _small_tables(connection: Connection) -> None:
    at = stored_time(NOW)
    insert_rows(
        connection,
        event_meanings,
        (
            "id",
            "connection_id",
            "kind",
            "action",
            "origin",
            "cause",
            "reason_code",
            "text",
            "is_failure",
        ),
        [
            (n, 1, "payments", action, "bank", cause, code, text, bad)
            for n, (action, cause, code, text, bad, _) in enumerate(MEANINGS, 1)
        ],
    )
    insert_rows(
        connection,
        streams,
        ("connection_id", "kind", "filled_at", "changes_at"),
        [(1, kind, at, at) for kind in ("payments", "mandates", "refunds", "payouts")],
    )


_RECORD = ("connection_id", "external_id", "digest", "raw_page_id", "raw_position")
_STATUS = ("status", "state", "created_at")
_PAGE = ("id", "connection_id", "read_at", "body")
_PAYER = (*_RECORD, "name", "email")
_LINK = ("id", "connection_id", "external_id", "user_id", "written", "created_at")
_MANDATE = (*_RECORD, *_STATUS, "external_user_id", "scheme", "reference", "replaced_by")
_PAYOUT = (*_RECORD, *_STATUS, "amount", "currency", "fees", "arrives_on", "reference")
_REFUND = (*_RECORD, *_STATUS, "payment_id", "mandate_id", "amount", "currency", "reference")
_EVENT = (
    "connection_id",
    "event_id",
    "resource_id",
    "at",
    "meaning_id",
    "is_failure",
    "raw_page_id",
    "raw_position",
)
_PAYMENT = (
    *_RECORD,
    *_STATUS,
    "external_user_id",
    "mandate_id",
    "subscription_id",
    "payout_id",
    "amount",
    "currency",
    "amount_refunded",
    "charge_date",
    "description",
    "reference",
)


def _pages(pages: int) -> Iterator[tuple[Any, ...]]:
    body = pack([encoded({"id": f"PM{n}", "amount": n, "metadata": {}}) for n in range(500)])
    at = stored_time(NOW)
    return ((n, 1, at, body) for n in range(1, pages + 1))


def _payer_rows(payer_count: int) -> Iterator[tuple[Any, ...]]:
    for n in range(payer_count):
        yield (1, payer_id(n), n, 1, n % 500, f"Ann Archer {n}", f"ann{n}@x.example")


def _link_rows(payer_count: int) -> Iterator[tuple[Any, ...]]:
    at = stored_time(NOW)
    for n in range(payer_count):
        if n % 100 != 99:
            yield (n + 1, 1, payer_id(n), n + 1, "{}", at)


def _mandate_rows(payer_count: int) -> Iterator[tuple[Any, ...]]:
    at = stored_time(NOW - timedelta(days=365 * YEARS))
    for n in range(payer_count):
        identity = f"MD{n:012d}"
        row = (1, identity, n, 1, n % 500, "active", "active", at, payer_id(n), "bacs", "REF", "")
        yield row


def _payout_rows() -> Iterator[tuple[Any, ...]]:
    for n in range(365 * YEARS):
        day = NOW - timedelta(days=n)
        yield (
            *(1, _payout_id(day.date()), n, 1, n % 500, "paid", "paid", stored_time(day)),
            *(1_000_000, "GBP", 100, day.date().isoformat(), f"REF{n}"),
        )


def _payout_id(day: date) -> str:
    return f"PO{day:%Y%m%d}00"


class _Payments:
    """The payments, and beside them what happened to each."""

    def __init__(
        self, chance: random.Random, wanted: int, payer_count: int, page_count: int
    ) -> None:
        self._chance = chance
        self._wanted = wanted
        self._payer_count = payer_count
        self._page_count = page_count
        self._failed: dict[int, int] = {}
        self.refunds: list[tuple[Any, ...]] = []
        self._step = timedelta(days=365 * YEARS) / wanted

    def rows(self) -> Iterator[tuple[Any, ...]]:
        chance = self._chance
        every = max(self._wanted // BIG_PAYER_PAYMENTS, 10)
        for n in range(self._wanted):
            created = NOW - self._step * n
            charged = (created + timedelta(days=chance.choice((3, 4, 5, 6, 30)))).date()
            status, state = self._status(n, charged)
            payer = 0 if n % every == 0 else chance.randrange(1, self._payer_count)
            amount = chance.choice((1_000, 1_999, 2_500, 4_999, chance.randrange(100, 500_000)))
            currency = chance.choice(_CURRENCIES)
            refunded = amount if n % 100 == 1 else 0
            identity = f"PM{self._wanted - n:012d}"
            if refunded:
                self.refunds.append(
                    (
                        *(1, f"RF{n:012d}", n, 1, n % 500, "paid", "paid", stored_time(created)),
                        *(identity, "", amount, currency, "refund"),
                    )
                )
            paid_out = state == "paid_out"
            yield (
                *(1, identity, n, n // 500 % self._page_count + 1, n % 500),
                *(status, state, stored_time(created)),
                *(payer_id(payer), f"MD{payer:012d}", ""),
                _payout_id(charged + timedelta(days=chance.choice((2, 3, 5)))) if paid_out else "",
                *(amount, currency, refunded, charged.isoformat()),
                f"Invoice {n} for managed services",
                f"INV-{n}",
            )

    def _status(self, n: int, charged: date) -> tuple[str, str]:
        draw = self._chance.randrange(10_000)
        age = (NOW.date() - charged).days
        if age < 0:
            return ("submitted", "submitted") if age < -2 else ("pending_submission", "pending")
        if draw < 400:
            weights = [meaning[5] for meaning in MEANINGS]
            (self._failed[n],) = self._chance.choices(range(1, len(MEANINGS) + 1), weights)
        if draw < 280:
            return ("failed", "failed")
        if draw < 300:
            return ("charged_back", "charged_back")
        if draw > 9_800:
            return ("cancelled", "cancelled")
        if draw == 9_800:
            return ("customer_approval_denied", "cancelled")
        return ("confirmed", "confirmed") if age < 3 else ("paid_out", "paid_out")

    def events(self) -> Iterator[tuple[Any, ...]]:
        number = count()
        for n in range(self._wanted):
            payment = f"PM{self._wanted - n:012d}"
            created = NOW - self._step * n
            kinds = [(1, created)]
            if n in self._failed:
                kinds.append((self._failed[n], created + timedelta(days=4)))
            for meaning, at in kinds:
                event = next(number)
                yield (
                    *(1, f"EV{event:012d}", payment, stored_time(at), meaning, meaning != 1),
                    *(event // 500 % self._page_count + 1, event % 500),
                )
