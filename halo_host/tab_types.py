"""What a tab is, and what it reads from the host's mirror (`TabContext.mirror`).

The host makes these values out of its own tables, so that a tab opens without asking the provider.
`status` is always the provider's own word, `state` its neutral meaning, `url` opens the record at
the provider. This module imports the standard library, `types` and `streams` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from .streams import MandateState, PayoutState, RefundState, SubscriptionState
from .types import Money, Payment, PaymentPage, PaymentQuery


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    """One event in the life of a payment or mandate, in plain words, oldest first in lists."""

    at: datetime
    action: str
    origin: str
    cause: str
    reason_code: str
    text: str
    is_failure: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Mandate:
    """A payer's authority to collect; `next_charge_date`: the first day a payment could be due."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """The provider's own plan of recurring payments for a payer."""

    id: str
    external_user_id: str
    status: str
    state: SubscriptionState
    explanation: str
    amount: Money
    name: str
    every: str
    next_charge_date: date | None
    url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """Money given back to a payer."""

    id: str
    payment_id: str | None
    status: str
    state: RefundState
    explanation: str
    amount: Money
    created_at: datetime | None
    reference: str
    url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Payout:
    """Money sent to the business's bank account, in which a payment went out."""

    id: str
    status: str
    state: PayoutState
    explanation: str
    amount: Money
    fees: Money
    created_at: datetime | None
    arrives_on: date | None
    reference: str
    url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencyTotal:
    """Sums of the payments that a query finds, in one currency: all pages, not only the one shown.

    `collected` is what was confirmed or paid out, `failed` what failed or was charged back.
    """

    payments: int
    amount: Money
    collected: Money
    failed: Money
    refunded: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthTotal:
    """Sums of the payments charged in one month, such as "2026-03", in one currency.

    `collected` is what was confirmed or paid out, `failed` what failed or was charged back.
    """

    month: str
    payments: int
    collected: Money
    failed: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Freshness:
    """How recent the mirror is, and when it was last compared with the provider.

    `checked_at` is when all changes up to then were last taken in; None before the first fill has
    ended. `proved_at` and `differences` are those of the last comparison.
    """

    checked_at: datetime | None
    proved_at: datetime | None
    differences: int | None


class MirrorView(Protocol):
    """The mirror as one user's tab sees it: the user's linked payers of one connection alone."""

    @property
    def freshness(self) -> Freshness: ...

    def payments(self, query: PaymentQuery) -> PaymentPage:
        """One page of payments; `query.external_user_ids` must be among the linked payers."""
        ...

    def totals(self, query: PaymentQuery) -> tuple[CurrencyTotal, ...]:
        """Sums by currency over everything the query finds; its cursor and limit are ignored."""
        ...

    def months(self, query: PaymentQuery) -> tuple[MonthTotal, ...]:
        """Sums by month and currency over everything the query finds, the earliest month first.

        A payment without a charge date counts in the month it was made. New in host 0.3: a plugin
        that also runs on an older host asks with `getattr`.
        """
        ...

    def timelines(self, payments: tuple[Payment, ...]) -> dict[str, tuple[TimelineEntry, ...]]:
        """The events of each of these payments by its id, oldest first."""
        ...

    def mandates(self) -> tuple[Mandate, ...]:
        """The linked payers' mandates, newest first."""
        ...

    def subscriptions(self) -> tuple[Subscription, ...]:
        """The linked payers' subscriptions, newest first."""
        ...

    def refunds(self, payments: tuple[Payment, ...]) -> dict[str, tuple[Refund, ...]]:
        """The refunds of each of these payments by its id, oldest first."""
        ...

    def payouts(self, payments: tuple[Payment, ...]) -> dict[str, Payout]:
        """The payouts in which these payments went out, by the payout's id."""
        ...


class TabContext(Protocol):
    """What a tab may ask of the host while it loads. The host makes it; a plugin only uses it."""

    @property
    def external_user_ids(self) -> tuple[str, ...]:
        """The payers of this connection that are linked to the user, oldest link first."""
        ...

    @property
    def query(self) -> PaymentQuery:
        """What the viewer asked for: filter, sort, page. Its ids are those of the linked payers."""
        ...

    @property
    def now(self) -> datetime:
        """The time of the request, UTC."""
        ...

    def payments(self, query: PaymentQuery) -> PaymentPage:
        """List payments of the linked payers: from the mirror, where the plugin has streams.

        On host 0.1, and for a plugin without streams, `halo_list_payments` answers.
        """
        ...

    @property
    def mirror(self) -> MirrorView | None:
        """The mirror of the linked payers; None where the plugin has no streams.

        New in level 2: a plugin that also runs on host 0.1 asks with `getattr`.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """A tab on the user page.

    Making one does no input or output: `load` runs only when the tab is opened, and returns the
    variables of `template`, a Jinja file of the plugin. `template` is `"package:path"`, such as
    `"acme_pay:templates/payments.html"`. `badge` is a short text beside the title.
    """

    slug: str
    title: str
    template: str
    load: Callable[[TabContext], Mapping[str, Any]]
    order: int = 100
    badge: str | None = None
