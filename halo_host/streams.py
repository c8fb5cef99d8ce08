"""What a plugin of level 2 hands to the host's mirror: records, pages of them, events, webhooks.

Records are named tuples, because a first fill makes millions of them; build them by keyword.
Amounts are integer minor units of an ISO 4217 currency, times are aware datetimes in UTC, days are
the bank's calendar days. Everything that may be absent is None. This module imports the standard
library and `types` only.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from .types import ExternalUser, PaymentState, UnreadableRecord


class StreamKind(enum.StrEnum):
    """What a stream is a list of."""

    CUSTOMERS = "customers"
    MANDATES = "mandates"
    SUBSCRIPTIONS = "subscriptions"
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    PAYOUTS = "payouts"
    PAYOUT_ITEMS = "payout_items"
    EVENTS = "events"


class MandateState(enum.Enum):
    """What a provider's mandate status means, in words common to all providers."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class RefundState(enum.Enum):
    """What a provider's refund status means, in words common to all providers."""

    PENDING = "pending"
    PAID = "paid"
    CANCELLED = "cancelled"
    FAILED = "failed"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class PayoutState(enum.Enum):
    """What a provider's payout status means, in words common to all providers."""

    PENDING = "pending"
    PAID = "paid"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"


class SubscriptionState(enum.Enum):
    """What a provider's subscription status means, in words common to all providers."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


State = PaymentState | MandateState | RefundState | PayoutState | SubscriptionState


class Meaning(NamedTuple):
    """What one of the provider's statuses means: its neutral state, and one plain sentence."""

    state: State
    explanation: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One list that the provider offers, declared without input or output.

    `meanings` tells the state of each status; a status that is not in it is taken as UNKNOWN.
    `url` opens a record at the provider; `{id}` in it stands for the record's id. `keeps` is how
    long the provider keeps what it lists (events, payout items); None: for ever. `overlap` is how
    far each reading of events goes back behind the newest one seen, since providers write events
    late. `rechecked` tells that the reader offers `recheck_page` for this kind, `has_changes` that
    it offers `changes_page`. `changes_silently`: its records also change without any event, as when
    a payer's address is edited or a date moves on; they are read again before a comparison.
    """

    kind: StreamKind
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    url: str | None = None
    keeps: timedelta | None = None
    overlap: timedelta = timedelta(hours=1)
    has_changes: bool = False
    rechecked: bool = False
    changes_silently: bool = False


class MandateRecord(NamedTuple):
    """A payer's authority to collect. `next_charge_date` is the first day a payment could be due.

    `replaced_by` is the mandate that took its place.
    """

    id: str
    status: str
    external_user_id: str | None
    created_at: datetime | None = None
    scheme: str | None = None
    reference: str | None = None
    next_charge_date: date | None = None
    replaced_by: str | None = None


class SubscriptionRecord(NamedTuple):
    """A provider's own plan of recurring payments. `every` is such as "1 month" in plain words."""

    id: str
    status: str
    amount: int
    currency: str
    external_user_id: str | None = None
    mandate_id: str | None = None
    created_at: datetime | None = None
    name: str | None = None
    every: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    next_charge_date: date | None = None


class PaymentRecord(NamedTuple):
    """A payment. Without `external_user_id` the host finds the payer through the mandate."""

    id: str
    status: str
    amount: int
    currency: str
    external_user_id: str | None = None
    mandate_id: str | None = None
    subscription_id: str | None = None
    payout_id: str | None = None
    created_at: datetime | None = None
    charge_date: date | None = None
    amount_refunded: int = 0
    description: str | None = None
    reference: str | None = None


class RefundRecord(NamedTuple):
    """Money given back, for a payment or for a mandate as a whole."""

    id: str
    status: str
    amount: int
    currency: str
    payment_id: str | None = None
    mandate_id: str | None = None
    created_at: datetime | None = None
    reference: str | None = None


class PayoutRecord(NamedTuple):
    """Money sent to the business's own bank account. `fees` were kept back by the provider."""

    id: str
    status: str
    amount: int
    currency: str
    fees: int = 0
    created_at: datetime | None = None
    arrives_on: date | None = None
    reference: str | None = None


class PayoutItemRecord(NamedTuple):
    """One line of a payout. `tenths` is in tenths of a minor unit, negative for a debit.

    `type` is the provider's own word. A payout's items add up to its amount.
    """

    payout_id: str
    type: str
    tenths: int
    payment_id: str | None = None
    refund_id: str | None = None
    mandate_id: str | None = None


class EventRecord(NamedTuple):
    """Something that happened to a record at the provider: a hint, never a status.

    `kind` and `resource_id` name the record that it is about, whether or not the host knows it.
    `text` is the provider's plain sentence. `is_failure` marks bad news: money that did not come or
    went back. `dirty` names every record that the host should read again because of it.
    """

    id: str
    created_at: datetime
    kind: str
    resource_id: str
    action: str
    origin: str = ""
    cause: str = ""
    reason_code: str = ""
    text: str = ""
    is_failure: bool = False
    dirty: tuple[tuple[StreamKind, str], ...] = ()


Record = (
    ExternalUser
    | MandateRecord
    | SubscriptionRecord
    | PaymentRecord
    | RefundRecord
    | PayoutRecord
    | PayoutItemRecord
    | EventRecord
)


class Batch(NamedTuple):
    """Records of one kind with the provider's own JSON of each, in the same order."""

    kind: StreamKind
    records: Sequence[Record | UnreadableRecord]
    raw: Sequence[Any]


class StreamPage(NamedTuple):
    """One page of a stream; `next_cursor` is None on the last one.

    `current` holds further records as they are now, where one request brought them together with
    the page: the payments of a page of events. `missing` are ids that were asked for by name and do
    not exist at the provider. `at` is the provider's own time when it answered, where it tells it:
    how far events have been read is reckoned in it, so that the host's clock may be wrong.
    """

    batch: Batch
    next_cursor: str | None = None
    current: tuple[Batch, ...] = ()
    missing: tuple[str, ...] = ()
    at: datetime | None = None


class Usage(NamedTuple):
    """What a reader has asked of the provider since it was opened."""

    requests: int = 0
    waited: float = 0.0  # seconds spent waiting for the provider's rate limit
    rate_limited: int = 0  # requests that the provider refused for its rate limit


class StreamReader(Protocol):
    """An open account, read page by page; made by the plugin, used by the host from one thread.

    Every method makes as few requests as it can, waits within the provider's budget, and raises
    `halo_host.ProviderError` when the provider fails for good. Cursors are opaque to the host.
    """

    def list_page(
        self, kind: StreamKind, *, cursor: str | None, until: datetime | None, of: str | None = None
    ) -> StreamPage:
        """One page of all records, newest first, created at `until` or before.

        `of` is the payout whose items are listed.
        """
        ...

    def changes_page(self, kind: StreamKind, *, cursor: str | None, since: datetime) -> StreamPage:
        """One page of events about records of this kind that were written at `since` or after.

        The batch is one of events; `current` brings the records as they are now, where the provider
        gives them in the same request.
        """
        ...

    def recheck_page(self, kind: StreamKind, *, cursor: str | None, now: datetime) -> StreamPage:
        """One page of the records that may still change: open ones, and paid ones that may fail."""
        ...

    def read(self, kind: StreamKind, ids: Sequence[str]) -> StreamPage:
        """These records as they are now; those that do not exist are in `missing`."""
        ...

    def usage(self) -> Usage:
        """What was asked of the provider so far."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookRequest:
    """A delivery as it arrived: header names in lower case, the body's raw bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookVerdict:
    """Whether a delivery is the provider's, and how the provider names it.

    `reason` says in plain words why a delivery was refused. Equal `delivery_id`s are one delivery;
    without one the host goes by the body.
    """

    accepted: bool
    reason: str = ""
    delivery_id: str | None = None
    is_test: bool = False
