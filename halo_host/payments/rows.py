"""Rows of the mirror as the values that tabs and lists show."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from ..database.mirror_tables import payments
from ..streams import MandateState, PayoutState, RefundState, StreamKind, SubscriptionState
from ..tab_types import Mandate, Payout, Refund, Subscription, TimelineEntry
from ..types import Money, Payment, PaymentState
from .vocabulary import Vocabulary, state

PAYMENT_COLUMNS = tuple(
    payments.c[name]
    for name in (
        "id",
        "external_id",
        "external_user_id",
        "status",
        "state",
        "created_at",
        "charge_date",
        "amount",
        "currency",
        "amount_refunded",
        "description",
        "reference",
        "mandate_id",
        "payout_id",
    )
)


def payment(row: Row[Any], words: Vocabulary) -> Payment:
    return Payment(
        id=row.external_id,
        external_user_id=row.external_user_id,
        amount=Money(amount=row.amount, currency=row.currency),
        status=row.status,
        state=state(PaymentState, row.state),
        explanation=words.explanation(StreamKind.PAYMENTS, row.status),
        created_at=row.created_at,
        charge_date=day(row.charge_date),
        url=words.url(StreamKind.PAYMENTS, row.external_id) or "",
        description=row.description or None,
        reference=row.reference or None,
        amount_refunded=Money(amount=row.amount_refunded, currency=row.currency),
        mandate_id=row.mandate_id or None,
        payout_id=row.payout_id or None,
    )


def mandate(row: Row[Any], words: Vocabulary) -> Mandate:
    return Mandate(
        id=row.external_id,
        external_user_id=row.external_user_id,
        status=row.status,
        state=state(MandateState, row.state),
        explanation=words.explanation(StreamKind.MANDATES, row.status),
        created_at=row.created_at,
        scheme=row.scheme,
        reference=row.reference,
        next_charge_date=day(row.next_charge_date),
        replaced_by=row.replaced_by or None,
        url=words.url(StreamKind.MANDATES, row.external_id),
    )


def subscription(row: Row[Any], words: Vocabulary) -> Subscription:
    return Subscription(
        id=row.external_id,
        external_user_id=row.external_user_id,
        status=row.status,
        state=state(SubscriptionState, row.state),
        explanation=words.explanation(StreamKind.SUBSCRIPTIONS, row.status),
        amount=Money(amount=row.amount, currency=row.currency),
        name=row.name,
        every=row.every,
        next_charge_date=day(row.next_charge_date),
        url=words.url(StreamKind.SUBSCRIPTIONS, row.external_id),
    )


def refund(row: Row[Any], words: Vocabulary) -> Refund:
    return Refund(
        id=row.external_id,
        payment_id=row.payment_id or None,
        status=row.status,
        state=state(RefundState, row.state),
        explanation=words.explanation(StreamKind.REFUNDS, row.status),
        amount=Money(amount=row.amount, currency=row.currency),
        created_at=row.created_at,
        reference=row.reference,
        url=words.url(StreamKind.REFUNDS, row.external_id),
    )


def payout(row: Row[Any], words: Vocabulary) -> Payout:
    return Payout(
        id=row.external_id,
        status=row.status,
        state=state(PayoutState, row.state),
        explanation=words.explanation(StreamKind.PAYOUTS, row.status),
        amount=Money(amount=row.amount, currency=row.currency),
        fees=Money(amount=row.fees, currency=row.currency),
        created_at=row.created_at,
        arrives_on=day(row.arrives_on),
        reference=row.reference,
        url=words.url(StreamKind.PAYOUTS, row.external_id),
    )


def timeline_entry(row: Row[Any]) -> TimelineEntry:
    return TimelineEntry(
        at=row.at,
        action=row.action,
        origin=row.origin,
        cause=row.cause,
        reason_code=row.reason_code,
        text=row.text,
        is_failure=row.is_failure,
    )


def day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
