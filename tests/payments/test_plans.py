"""On SQLite every query goes by an index that holds what it needs; none reads payments row by row.

PostgreSQL chooses by its own figures, which a small table does not give it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, event
from support.acme import AGENT
from support.mirror import Mirror

from halo_host import PaymentQuery, PaymentState
from halo_host.host import Host
from halo_host.payments.filters import SORTS, PaymentFilter, Sort

PLAIN = ["USING COVERING INDEX ix_payments_created_at"]
BY_PAYER = ["USING COVERING INDEX ix_payments_payer (connection_id=? AND external_user_id=?)"]
BY_FAILURE = [
    "timeline USING COVERING INDEX ix_timeline_failures",
    "SEARCH payments USING INDEX",
]


@pytest.fixture
def on_sqlite(host: Host) -> bool:
    """Plans are looked at where there are any; the queries run everywhere."""
    return host.database.is_sqlite


@contextmanager
def plans(host: Host, on_sqlite: bool) -> Iterator[list[str]]:
    """The plan of every statement that is executed meanwhile."""
    said: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            said.append((statement, parameters))

    found: list[str] = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    if on_sqlite:
        with host.database.read() as connection:
            for statement, parameters in said:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found += [row[3] for row in plan]


def no_row_by_row(found: list[str]) -> None:
    for step in found:
        for table in ("payments", "timeline", "refunds", "payouts", "mandates", "subscriptions"):
            assert not step.startswith(f"SCAN {table}") or "COVERING INDEX" in step, step


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, PLAIN),
        ({"connection": "bank"}, PLAIN),
        ({"states": (PaymentState.FAILED,), "charged_from": date(2026, 1, 1)}, PLAIN),
        ({"customer": "1"}, BY_PAYER),
        ({"customer": "1", "states": (PaymentState.FAILED,)}, BY_PAYER),
        ({"user": "1"}, BY_PAYER),
        ({"payer": "CU1"}, BY_PAYER),
        ({"payer": "CU1", "connection": "bank", "statuses": ("failed",)}, BY_PAYER),
        ({"unlinked": True}, BY_PAYER),
        ({"reasons": ("insufficient_funds",)}, BY_FAILURE),
        ({"reasons": ("insufficient_funds",), "customer": "1"}, BY_FAILURE),
    ],
)
def test_lists(
    host: Host,
    mirror: Mirror,
    on_sqlite: bool,
    sort: Sort,
    wanted: dict[str, Any],
    expected: list[str],
) -> None:
    prepared(host, mirror)

    with plans(host, on_sqlite) as found:
        host.payments.list(PaymentFilter(**wanted), sort=sort)

    no_row_by_row(found)
    for step in expected if on_sqlite else ():
        assert any(step in it for it in found), found


def test_a_list_in_order_of_time_sorts_nothing(host: Host, mirror: Mirror, on_sqlite: bool) -> None:
    prepared(host, mirror)
    cursor = host.payments.list(limit=1).next_cursor

    with plans(host, on_sqlite) as found:
        host.payments.list(sort="newest", cursor=cursor, limit=1)

    inner = [it for it in found if "ix_payments_created_at" in it]
    assert not on_sqlite or any("created_at>? AND created_at<?" in it for it in inner), found


READINGS: dict[str, Callable[[Any, Any, Any], object]] = {
    "payments": lambda view, query, page: view.payments(query),
    "totals": lambda view, query, page: view.totals(query),
    "timelines": lambda view, query, page: view.timelines(page),
    "refunds": lambda view, query, page: view.refunds(page),
    "payouts": lambda view, query, page: view.payouts(page),
    "mandates": lambda view, query, page: view.mandates(),
    "subscriptions": lambda view, query, page: view.subscriptions(),
}


@pytest.mark.parametrize("reading", READINGS)
def test_what_a_tab_reads(host: Host, mirror: Mirror, on_sqlite: bool, reading: str) -> None:
    prepared(host, mirror)
    view = host.payments.mirror_of(host.connections.for_plugin("bank"), ("CU1",))
    assert view is not None
    query = PaymentQuery(external_user_ids=("CU1",))
    page = view.payments(query).payments

    with plans(host, on_sqlite) as found:
        READINGS[reading](view, query, page)

    no_row_by_row(found)
    if on_sqlite:
        searched = "event_meanings" if reading == "timelines" else reading
        of_two = [it for it in found if it.startswith(("SEARCH", "SCAN")) and "=? AND " in it]
        assert of_two, f"no index finds {searched} by connection and id: {found}"


def prepared(host: Host, mirror: Mirror) -> None:
    """One customer with one user and two payments, one of which failed."""
    host.directory.add_customer("Acme Ltd", agent=AGENT)
    user = host.directory.add_user("Acme Ltd/Main", {"given_name": "Ann"}, agent=AGENT).id
    mirror.link("CU1", user)
    mirror.payment("PM1", payout_id="PO1")
    mirror.payment("PM2", status="failed")
    mirror.failure("PM2", "insufficient_funds")


def test_what_is_typed_into_the_search_field_is_found_in_an_index(
    host: Host, mirror: Mirror, on_sqlite: bool
) -> None:
    mirror.payment("PM1", reference="INV-7")

    with plans(host, on_sqlite) as found:
        assert len(host.payments.found("INV-7", limit=5)) == 1
    no_row_by_row(found)
    if on_sqlite:
        assert any("ix_payments_reference" in step for step in found)
