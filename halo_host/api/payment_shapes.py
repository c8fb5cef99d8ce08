"""Shapes of payments and what is around them. Amounts are exact, in minor units."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ..streams import MandateState, PayoutState, RefundState, SubscriptionState
from ..tab_types import Freshness, TimelineEntry
from ..types import PaymentState
from .shapes import Amount, Shape


class Payment(Shape):
    """`status` is the provider's own word, `state` its neutral meaning."""

    id: str
    external_user_id: str
    amount: Amount
    amount_refunded: Amount | None
    status: str
    state: PaymentState
    explanation: str
    created_at: datetime | None
    charge_date: date | None
    description: str | None
    reference: str | None
    mandate_id: str | None
    payout_id: str | None
    url: str


class ListedPayment(Shape):
    """A payment with whose it is. `failure` is its latest failure, whatever came of it since."""

    connection: str
    payment: Payment
    payer: str
    user_id: int | None
    user: str
    customer_id: int | None
    customer: str
    failure: TimelineEntry | None


class Mandate(Shape):
    id: str
    external_user_id: str
    status: str
    state: MandateState
    explanation: str
    created_at: datetime | None
    scheme: str
    reference: str
    next_charge_date: date | None
    replaced_by: str | None
    url: str | None


class Subscription(Shape):
    id: str
    external_user_id: str
    status: str
    state: SubscriptionState
    explanation: str
    amount: Amount
    name: str
    every: str
    next_charge_date: date | None
    url: str | None


class Refund(Shape):
    id: str
    payment_id: str | None
    status: str
    state: RefundState
    explanation: str
    amount: Amount
    created_at: datetime | None
    reference: str
    url: str | None


class Payout(Shape):
    id: str
    status: str
    state: PayoutState
    explanation: str
    amount: Amount
    fees: Amount
    created_at: datetime | None
    arrives_on: date | None
    reference: str
    url: str | None


class PayoutLines(Shape):
    """All lines of one type. `tenths` is in tenths of a minor unit."""

    type: str
    lines: int
    tenths: int


class PayoutItem(Shape):
    """A line that is about this payment or one of its refunds."""

    type: str
    tenths: int
    refund_id: str | None


class PayoutInFull(Shape):
    """`adds_up`: whether the lines make up the amount; null while they have not been read."""

    payout: Payout
    lines: list[PayoutLines]
    items: list[PayoutItem]
    adds_up: bool | None


class PaymentInFull(Shape):
    """`raw` is the record as the provider sent it, `read_at` when."""

    listed: ListedPayment
    timeline: list[TimelineEntry]
    refunds: list[Refund]
    payout: PayoutInFull | None
    mandate: Mandate | None
    subscription: Subscription | None
    read_at: datetime | None
    raw: Any


class Total(Shape):
    """Sums in one currency. `collected` was confirmed or paid out."""

    payments: int
    amount: Amount
    collected: Amount
    failed: Amount
    refunded: Amount


class Month(Shape):
    month: str
    payments: int
    amount: Amount


class FailureReason(Shape):
    """Payments whose latest failure had this cause; `collected` of them came in after all."""

    cause: str
    text: str
    payments: int
    amount: Amount
    collected: int


class TimeToPayout(Shape):
    """Days from the charge to the arrival of the payout."""

    payments: int
    median: int
    nine_in_ten: int


class PayoutDays(Shape):
    """How many payments took this many days to arrive."""

    days: int
    payments: int


class UnlinkedShape(Shape):
    payments: int
    payers: int


class Summary(Shape):
    """Of the payments charged from `first_day` to `last_day`, both included."""

    first_day: date
    last_day: date
    collected: list[Month]
    refunded: list[Month]
    failed: list[FailureReason]
    time_to_payout: TimeToPayout | None
    payout_days: list[PayoutDays]
    unlinked: UnlinkedShape


class RecentFailures(Shape):
    """`count` is how many have failed since then, of which `payments` are the latest."""

    since: datetime
    count: int
    payments: list[ListedPayment]


class Words(Shape):
    """`statuses` are the providers' words, `reasons` causes of failure of all connections."""

    statuses: list[str]
    reasons: list[str]


class UserPayment(Shape):
    """A payment of a user with its timeline and refunds."""

    payment: Payment
    timeline: list[TimelineEntry]
    refunds: list[Refund]


class UserPayments(Shape):
    """A page of a user's payments. `is_filled` tells whether the mirror is whole."""

    items: list[UserPayment]
    next: str | None
    is_filled: bool
    freshness: Freshness
