"""What came in, what failed and why, and how long money takes: reports over the mirror.

All days are the bank's charge dates; a payment without one counts on the day it was made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from ..database.mirror_tables import event_meanings, payments, payouts, refunds, timeline
from ..streams import RefundState, StreamKind
from ..types import Money
from .filters import Wanted
from .matching import has_later_failure
from .totals import COLLECTED
from .unlinked import Unlinked, unlinked

_NOT_REFUNDED = (RefundState.CANCELLED.value, RefundState.FAILED.value, RefundState.RETURNED.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """Payments of one month, such as "2026-03", in one currency."""

    month: str
    payments: int
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Payments whose latest failure had this cause; `text` says it in the provider's words.

    `collected` of them came in after all.
    """

    cause: str
    text: str
    payments: int
    amount: Money
    collected: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeToPayout:
    """Whole days from a payment's charge date to the day its payout arrives."""

    payments: int
    median: int
    nine_in_ten: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutDays:
    """How many payments took this many days to arrive."""

    days: int
    payments: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Of the payments charged from `first_day` to `last_day`, both inclusive.

    `collected` was confirmed or paid out. `refunded` counts refunds in the month they were made.
    `unlinked` counts the payments of all time whose payer is linked to no user. `payout_days` is
    what `time_to_payout` sums up, the fewest days first.
    """

    first_day: date
    last_day: date
    collected: tuple[Month, ...]
    refunded: tuple[Month, ...]
    failed: tuple[Reason, ...]
    time_to_payout: TimeToPayout | None
    unlinked: Unlinked
    payout_days: tuple[PayoutDays, ...] = ()


def summary(connection: Connection, wanted: Wanted, first_day: date, last_day: date) -> Summary:
    """`wanted` names the connections alone."""
    span = (first_day.isoformat(), last_day.isoformat())
    days = _payout_days(connection, wanted, span)
    return Summary(
        first_day=first_day,
        last_day=last_day,
        collected=_months(connection, _collected(wanted, span)),
        refunded=_months(connection, _refunded(wanted, span)),
        failed=_failed(connection, wanted, span),
        time_to_payout=_time_to_payout(days),
        unlinked=unlinked(connection, wanted),
        payout_days=tuple(PayoutDays(days=it, payments=days[it]) for it in sorted(days)),
    )


# --- by month ----------------------------------------------------------------------------------

Span = tuple[str, str]


def _collected(wanted: Wanted, span: Span) -> Select[Any]:
    return _by_month(
        _charged(), payments.c.currency, payments.c.amount, payments.c.connection_id, wanted, span
    ).where(payments.c.state.in_(sorted(COLLECTED)))


def _refunded(wanted: Wanted, span: Span) -> Select[Any]:
    made = func.substr(refunds.c.created_at, 1, 10)
    return _by_month(
        made, refunds.c.currency, refunds.c.amount, refunds.c.connection_id, wanted, span
    ).where(refunds.c.state.not_in(_NOT_REFUNDED))


def _by_month(
    day: ColumnElement[str],
    currency: ColumnElement[str],
    amount: ColumnElement[int],
    connection_id: ColumnElement[int],
    wanted: Wanted,
    span: Span,
) -> Select[Any]:
    month = func.substr(day, 1, 7).label("month")
    return (
        select(
            month,
            currency.label("currency"),
            func.count().label("payments"),
            func.sum(amount).label("amount"),
        )
        .where(connection_id.in_(wanted.connection_ids), day >= span[0], day <= span[1])
        .group_by(month, currency)
        .order_by(month, currency)
    )


def _months(connection: Connection, query: Select[Any]) -> tuple[Month, ...]:
    return tuple(
        Month(
            month=row.month,
            payments=row.payments,
            amount=Money(amount=int(row.amount), currency=row.currency),
        )
        for row in connection.execute(query)
    )


def _charged() -> ColumnElement[str]:
    return func.coalesce(payments.c.charge_date, func.substr(payments.c.created_at, 1, 10))


# --- by reason ---------------------------------------------------------------------------------


def _failed(connection: Connection, wanted: Wanted, span: Span) -> tuple[Reason, ...]:
    of_payment = and_(
        payments.c.connection_id == timeline.c.connection_id,
        payments.c.external_id == timeline.c.resource_id,
    )
    collected = func.sum(case((payments.c.state.in_(sorted(COLLECTED)), 1), else_=0))
    query = (
        select(
            timeline.c.meaning_id,
            payments.c.currency,
            func.count().label("payments"),
            func.sum(payments.c.amount).label("amount"),
            collected.label("collected"),
        )
        .join_from(timeline, payments, of_payment)
        .with_hint(timeline, "INDEXED BY ix_timeline_failures", "sqlite")
        .where(
            timeline.c.is_failure,
            timeline.c.connection_id.in_(wanted.connection_ids),
            ~has_later_failure(),
            _charged() >= span[0],
            _charged() <= span[1],
        )
        .group_by(timeline.c.meaning_id, payments.c.currency)
    )
    found = connection.execute(query).all()
    said = select(event_meanings.c.id, event_meanings.c.cause, event_meanings.c.text).where(
        event_meanings.c.is_failure, event_meanings.c.kind == StreamKind.PAYMENTS.value
    )
    meanings = {row.id: (row.cause, row.text) for row in connection.execute(said)}
    return _reasons(found, meanings)


def _reasons(found: Iterable[Any], meanings: Mapping[int, tuple[str, str]]) -> tuple[Reason, ...]:
    """By cause and currency; of several texts for one cause, the one said most often."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    texts: dict[str, tuple[int, str]] = {}
    for row in found:
        cause, text = meanings.get(row.meaning_id, ("", ""))
        total = sums[cause, row.currency]
        total[0] += row.payments
        total[1] += int(row.amount)
        total[2] += int(row.collected)
        texts[cause] = max(texts.get(cause, (0, "")), (row.payments, text))
    return tuple(
        Reason(
            cause=cause,
            text=texts[cause][1],
            payments=total[0],
            amount=Money(amount=total[1], currency=currency),
            collected=total[2],
        )
        for (cause, currency), total in sorted(sums.items(), key=lambda it: (-it[1][0], it[0]))
    )


# --- how long money takes ----------------------------------------------------------------------


def _payout_days(connection: Connection, wanted: Wanted, span: Span) -> Mapping[int, int]:
    """How many payments took how many days."""
    arrived = func.coalesce(payouts.c.arrives_on, func.substr(payouts.c.created_at, 1, 10))
    of_payment = and_(
        payouts.c.connection_id == payments.c.connection_id,
        payouts.c.external_id == payments.c.payout_id,
    )
    # Counted by pairs of days: few, and their distance needs no date function of a database.
    query = (
        select(
            payments.c.charge_date,
            arrived.label("arrived"),
            func.count().label("payments"),
        )
        .join_from(payments, payouts, of_payment)
        .where(
            payments.c.connection_id.in_(wanted.connection_ids),
            payments.c.payout_id != "",
            payments.c.charge_date >= span[0],
            payments.c.charge_date <= span[1],
        )
        .group_by(payments.c.charge_date, arrived)
    )
    days: defaultdict[int, int] = defaultdict(int)
    for row in connection.execute(query):
        if row.arrived is not None:
            taken = date.fromisoformat(row.arrived) - date.fromisoformat(row.charge_date)
            days[taken.days] += row.payments
    return days


def _time_to_payout(days: Mapping[int, int]) -> TimeToPayout | None:
    if not days:
        return None
    return TimeToPayout(
        payments=sum(days.values()), median=_share(days, 50), nine_in_ten=_share(days, 90)
    )


def _share(days: Mapping[int, int], percent: int) -> int:
    """The days within which `percent` of a hundred payments were paid out (nearest rank)."""
    rank = -(-sum(days.values()) * percent // 100)
    for taken in sorted(days):
        rank -= days[taken]
        if rank <= 0:
            return taken
    raise AssertionError("the last day holds the last payment")
