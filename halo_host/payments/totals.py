"""Sums by currency of what a query finds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, func

from ..database.mirror_tables import payments
from ..tab_types import CurrencyTotal, MonthTotal
from ..types import Money, PaymentState
from .filters import Wanted
from .matching import BY_PAYER, matching, shape_of, values_of

COLLECTED = frozenset({PaymentState.CONFIRMED.value, PaymentState.PAID_OUT.value})
FAILED = frozenset({PaymentState.FAILED.value, PaymentState.CHARGED_BACK.value})


def totals(connection: Connection, wanted: Wanted) -> tuple[CurrencyTotal, ...]:
    """One total for each currency, in the order of their codes."""
    return summed(connection.execute(_totals(shape_of(wanted)), values_of(wanted)))


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


def summed(rows: Iterable[Row[Any]]) -> tuple[CurrencyTotal, ...]:
    """Totals of rows with currency, state, payments, amount and refunded."""
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
            failed=Money(amount=total[3], currency=currency),
            refunded=Money(amount=total[4], currency=currency),
        )
        for currency, total in sorted(sums.items())
    )


def months(connection: Connection, wanted: Wanted) -> tuple[MonthTotal, ...]:
    """One total for each month and currency, the earliest month first."""
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(_months(shape_of(wanted)), values_of(wanted)):
        found.setdefault(row.month, []).append(row)
    return tuple(
        MonthTotal(month=month, payments=it.payments, collected=it.collected, failed=it.failed)
        for month, rows in found.items()
        if month is not None
        for it in summed(rows)
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
