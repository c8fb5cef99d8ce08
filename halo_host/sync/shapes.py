"""How a record of each kind becomes a row of the mirror. Pure, and kept short: a first fill calls
these millions of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Table

from ..database.columns import MAX_TEXT, clean_text, stored_time
from ..database.mirror_tables import mandates, payers, payments, payouts, refunds, subscriptions
from ..streams import (
    MandateRecord,
    PaymentRecord,
    PayoutRecord,
    RefundRecord,
    Stream,
    StreamKind,
    SubscriptionRecord,
)
from ..types import ExternalUser

UNKNOWN = "unknown"
LARGEST = 2**63 - 1

States = Mapping[str, str]
Row = tuple[Any, ...]


class Shape(NamedTuple):
    """A kind's table, the columns that its records fill, and how.

    `fill(record, states, payer)` gives the values of `columns` in their order; `payer` is the
    record's own, or the one that its mandate names.
    """

    table: Table
    columns: tuple[str, ...]
    fill: Callable[[Any, States, str], Row]


def states_of(stream: Stream | None) -> States:
    """The neutral state of each of the provider's statuses, as it is stored."""
    return {} if stream is None else {key: it.state.value for key, it in stream.meanings.items()}


def text(value: str | None) -> str:
    return clean_text(value)[:MAX_TEXT] if value else ""


def day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()[:10]


def moment(value: datetime | None) -> str | None:
    return None if value is None else stored_time(value)


def _status(record: Any, states: States) -> Row:
    status = record.status[:40]
    return (status, states.get(status, UNKNOWN), moment(record.created_at))


_STATUS = ("status", "state", "created_at")


def _payer(record: ExternalUser, states: States, payer: str) -> Row:
    person = " ".join(filter(None, (record.given_name, record.family_name)))
    name = person or record.company or record.email or record.id
    return (text(name), text(record.email), None)


def _mandate(record: MandateRecord, states: States, payer: str) -> Row:
    return (
        *_status(record, states),
        payer,
        text(record.scheme),
        text(record.reference),
        day(record.next_charge_date),
        text(record.replaced_by),
    )


def _subscription(record: SubscriptionRecord, states: States, payer: str) -> Row:
    return (
        *_status(record, states),
        payer,
        text(record.mandate_id),
        record.amount,
        record.currency[:3],
        text(record.name),
        text(record.every),
        day(record.starts_on),
        day(record.ends_on),
        day(record.next_charge_date),
    )


def _payment(record: PaymentRecord, states: States, payer: str) -> Row:
    status = record.status[:40]
    return (
        status,
        states.get(status, UNKNOWN),
        None if record.created_at is None else stored_time(record.created_at),
        payer,
        text(record.mandate_id),
        text(record.subscription_id),
        text(record.payout_id),
        record.amount,
        record.currency[:3],
        record.amount_refunded,
        day(record.charge_date),
        text(record.description),
        text(record.reference),
    )


def _refund(record: RefundRecord, states: States, payer: str) -> Row:
    return (
        *_status(record, states),
        text(record.payment_id),
        text(record.mandate_id),
        record.amount,
        record.currency[:3],
        text(record.reference),
    )


def _payout(record: PayoutRecord, states: States, payer: str) -> Row:
    return (
        *_status(record, states),
        record.amount,
        record.currency[:3],
        record.fees,
        day(record.arrives_on),
        text(record.reference),
    )


SHAPES: Mapping[StreamKind, Shape] = {
    StreamKind.CUSTOMERS: Shape(payers, ("name", "email", "removed_at"), _payer),
    StreamKind.MANDATES: Shape(
        mandates,
        (
            *_STATUS,
            "external_user_id",
            "scheme",
            "reference",
            "next_charge_date",
            "replaced_by",
        ),
        _mandate,
    ),
    StreamKind.SUBSCRIPTIONS: Shape(
        subscriptions,
        (
            *_STATUS,
            "external_user_id",
            "mandate_id",
            "amount",
            "currency",
            "name",
            "every",
            "starts_on",
            "ends_on",
            "next_charge_date",
        ),
        _subscription,
    ),
    StreamKind.PAYMENTS: Shape(
        payments,
        (
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
        ),
        _payment,
    ),
    StreamKind.REFUNDS: Shape(
        refunds,
        (*_STATUS, "payment_id", "mandate_id", "amount", "currency", "reference"),
        _refund,
    ),
    StreamKind.PAYOUTS: Shape(
        payouts, (*_STATUS, "amount", "currency", "fees", "arrives_on", "reference"), _payout
    ),
}

COMMON = ("connection_id", "external_id", "digest", "raw_page_id", "raw_position")


def unfit(record: Any, identity: str) -> str | None:
    """Why a record cannot be stored, in plain words; None when it can."""
    if not identity:
        return "It has no id."
    amount = getattr(record, "amount", 0)
    if type(amount) is not int or not -LARGEST <= amount <= LARGEST:
        return "Its amount is no whole number that fits."
    return None
