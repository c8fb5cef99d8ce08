"""GoCardless's lists as the mirror reads them: which requests make up all records of a kind, the
changes of a kind, and what may still change.

Some of them take several requests with different filters, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from halo_host import StreamKind

from .values import timestamp


class Listing(NamedTuple):
    """One list, as far as its filters go."""

    resource: str
    filters: Mapping[str, str] = {}


_REFUND_TYPES = ("payment", "mandate")  # the list shows one type at a time

# How long after its charge date a payment is read again each day. Banks report a late failure
# within days: Bacs and BECS in a week, SEPA returns and ACH returns for want of money in two to
# five bank days; two weeks leave room for holidays. A chargeback may come for months (SEPA 8 weeks
# without a reason, ACH 60 days, Bacs without limit), and comes as an event.
LATE_FAILURES = timedelta(days=14)
RETRIES = timedelta(days=30)  # a failed payment is tried again within weeks, if at all
REVERSALS = timedelta(days=62)  # a payer's bank takes a chargeback back within its own limits
BOUNCES = timedelta(days=14)
REFUNDS_ON_THEIR_WAY = timedelta(days=60)

# In the order in which payments move: one that moves on in the middle is read twice, not missed.
_OPEN_PAYMENTS = ("pending_customer_approval", "pending_submission", "submitted", "confirmed")
# Active ones too: they may be cancelled, and their next possible charge date moves on by itself.
_OPEN_MANDATES = "pending_customer_approval,pending_submission,submitted,active,suspended_by_payer"
_OPEN_SUBSCRIPTIONS = "pending_customer_approval,active,paused"

# The kinds whose events bring the records along, by what GoCardless calls one of them.
WITH_EVENTS = {
    StreamKind.MANDATES: "mandate",
    StreamKind.SUBSCRIPTIONS: "subscription",
    StreamKind.PAYMENTS: "payment",
    StreamKind.REFUNDS: "refund",
    StreamKind.PAYOUTS: "payout",
}


def everything(kind: StreamKind, until: datetime | None) -> list[Listing]:
    """All records that were created at `until` or before."""
    filters = {} if until is None else {"created_at[lte]": timestamp(until)}
    if kind is StreamKind.REFUNDS:
        return [Listing("refunds", filters | {"refund_type": each}) for each in _REFUND_TYPES]
    return [Listing(kind.value, filters)]


def items_of(payout_id: str) -> list[Listing]:
    return [Listing("payout_items", {"payout": payout_id})]


def changes(kind: StreamKind, since: datetime | None) -> list[Listing]:
    """The events about records of a kind, each page with the records as they are now."""
    filters = {} if since is None else {"created_at[gte]": timestamp(since)}
    about = Listing("events", filters | {"resource_type": kind.value, "include": WITH_EVENTS[kind]})
    if kind is not StreamKind.PAYOUTS:
        return [about]
    # That a payout bounced is told by an event about the account.
    bounced = filters | {"resource_type": "creditors", "action": "bounced_payout"}
    return [about, Listing("events", bounced)]


def payouts_before(first: datetime, last: datetime) -> Listing:
    """The payouts among which are those that bounced then: their events do not name them."""
    window = {"created_at[gte]": first - BOUNCES, "created_at[lte]": last}
    return Listing("payouts", {name: timestamp(moment) for name, moment in window.items()})


def unsettled(kind: StreamKind, now: datetime) -> list[Listing]:
    """What may still change without being found otherwise, should its event be lost."""
    match kind:
        case StreamKind.PAYMENTS:
            windows = {"paid_out": LATE_FAILURES, "charged_back": REVERSALS, "failed": RETRIES}
            open_ones = [Listing("payments", {"status": status}) for status in _OPEN_PAYMENTS]
            return open_ones + [
                Listing("payments", {"status": status, "charge_date[gte]": _day(now - window)})
                for status, window in windows.items()
            ]
        case StreamKind.MANDATES:
            return [Listing("mandates", {"status": _OPEN_MANDATES})]
        case StreamKind.SUBSCRIPTIONS:
            return [Listing("subscriptions", {"status": _OPEN_SUBSCRIPTIONS})]
        case StreamKind.PAYOUTS:
            recent = {"created_at[gte]": timestamp(now - BOUNCES)}
            return [Listing("payouts", {"status": "pending"}), Listing("payouts", recent)]
        case StreamKind.REFUNDS:
            recent = {"created_at[gte]": timestamp(now - REFUNDS_ON_THEIR_WAY)}
            return [Listing("refunds", recent | {"refund_type": each}) for each in _REFUND_TYPES]
    raise ValueError(f"GoCardless's {kind} are not rechecked")


def _day(moment: datetime) -> str:
    return timestamp(moment)[:10]
