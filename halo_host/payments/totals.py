"""Sums by currency of what a query finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from ..database.mirror_tables import payments, timeline
from ..tab_types import CurrencyTotal, MonthTotal
from ..types import Money, PaymentState
from .filters import Wanted
from .matching import BY_PAYER, matching, shape_of, values_of

COLLECTED = frozenset({PaymentState.CONFIRMED.value, PaymentState.PAID_OUT.value})
FAILED = frozenset({PaymentState.FAILED.value, PaymentState.CHARGED_BACK.value})
_CANCELLED = PaymentState.CANCELLED.value


def totals(connection: Connection, wanted: Wanted) -> tuple[CurrencyTotal, ...]:
    """One total for each currency, in the order of their codes.

    As failed counts what failed, was charged back, or is cancelled after a failure, as when the
    payer did not approve it: the lists and reports of failures hold these, too.
    """
    shape, values = shape_of(wanted), values_of(wanted)
    rows = connection.execute(_totals(shape), values).all()
    if not any(row.state == _CANCELLED for row in rows):
        return summed(rows)
    given_up = connection.execute(_failed_and_cancelled(_totals(shape)), values)
    return summed(rows, {row.currency: int(row.amount) for row in given_up})


@lru_cache(64)
def _totals(wanted: Wanted) -> Select[Any]:
    query = matching(
        wanted,
        payments.c.currency,
        payments.c.state,
        func.count().label("payments"),
        func.sum(payments.c.amount).label("amount"),
        func.sum(payments.c.amount_refunded).label("refunded"),
        scan=BY_PAYER,  # the one by time holds no currencies
    )
    return query.group_by(payments.c.currency, payments.c.state)


def _failed_and_cancelled(query: Select[Any]) -> Select[Any]:
    """Those of the query's payments that are cancelled, and failed before that or by that."""
    failure = timeline.alias("failure")
    failed = (
        select(failure.c.id)
        .with_hint(failure, "INDEXED BY ix_timeline_failures", "sqlite")
        .where(
            failure.c.is_failure,
            failure.c.connection_id == payments.c.connection_id,
            failure.c.resource_id == payments.c.external_id,
        )
    )
    return query.where(payments.c.state == _CANCELLED, exists(failed))


def summed(
    rows: Iterable[Row[Any]], given_up: Mapping[str, int] | None = None
) -> tuple[CurrencyTotal, ...]:
    """Totals of rows with currency, state, payments, amount and refunded.

    `given_up`: by currency, what is cancelled after a failure.
    """
    more = given_up or {}
    sums: dict[str, list[int]] = {}
    for row in rows:
        total = sums.setdefault(row.currency, [0, 0, 0, 0, 0])
        amount = int(row.amount)  # PostgreSQL sums whole numbers as decimals
        total[0] += row.payments
        total[1] += amount
        total[2] += amount if row.state in COLLECTED else 0
        total[3] += amount if row.state in FAILED else 0
        total[4] += int(row.refunded)
    return tuple(
        CurrencyTotal(
            payments=total[0],
            amount=Money(amount=total[1], currency=currency),
            collected=Money(amount=total[2], currency=currency),
            failed=Money(amount=total[3] + more.get(currency, 0), currency=currency),
            refunded=Money(amount=total[4], currency=currency),
        )
        for currency, total in sorted(sums.items())
    )


def months(connection: Connection, wanted: Wanted) -> tuple[MonthTotal, ...]:
    """One total for each month and currency, the earliest month first."""
    shape, values = shape_of(wanted), values_of(wanted)
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(_months(shape), values):
        found.setdefault(row.month, []).append(row)
    given_up: dict[str, dict[str, int]] = {}
    if any(row.state == _CANCELLED for rows in found.values() for row in rows):
        for row in connection.execute(_failed_and_cancelled(_months(shape)), values):
            given_up.setdefault(row.month, {})[row.currency] = int(row.amount)
    return tuple(
        MonthTotal(month=month, payments=it.payments, collected=it.collected, failed=it.failed)
        for month, rows in found.items()
        if month is not None
        for it in summed(rows, given_up.get(month))
    )


@lru_cache(64)
def _months(wanted: Wanted) -> Select[Any]:
    day = func.coalesce(payments.c.charge_date, func.substr(payments.c.created_at, 1, 10))
    month = func.substr(day, 1, 7).label("month")
    query = matching(
        wanted,
        month,
        payments.c.currency,
        payments.c.state,
        func.count().label("payments"),
        func.sum(payments.c.amount).label("amount"),
        func.sum(payments.c.amount_refunded).label("refunded"),
        scan=BY_PAYER,
    )
    return query.group_by(month, payments.c.currency, payments.c.state).order_by(month)
