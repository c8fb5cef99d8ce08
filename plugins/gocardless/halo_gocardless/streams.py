"""Which of GoCardless's lists the host can mirror, and what it has to know about each of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from halo_host import Stream, StreamKind

from . import meanings
from .account import Account

EVENTS_ARE_KEPT = timedelta(days=548)  # 18 months
PAYOUT_ITEMS_ARE_KEPT = timedelta(days=183)  # 6 months


def declared_streams(account: Account) -> Iterator[Stream]:
    """Asks nobody. GoCardless's dashboard has no pages for refunds and payout items."""
    dashboard = account.address.dashboard
    yield Stream(
        kind=StreamKind.CUSTOMERS, url=f"{dashboard}/customers/{{id}}", changes_silently=True
    )
    yield Stream(
        kind=StreamKind.MANDATES,
        meanings=meanings.MANDATES,
        url=f"{dashboard}/mandates/{{id}}",
        has_changes=True,
        rechecked=True,
        changes_silently=True,  # the next possible charge date moves on every day
    )
    yield Stream(
        kind=StreamKind.SUBSCRIPTIONS,
        meanings=meanings.SUBSCRIPTIONS,
        url=f"{dashboard}/subscriptions/{{id}}",
        has_changes=True,
        rechecked=True,
        changes_silently=True,  # its next payments move on, and so does its mandate if replaced
    )
    yield Stream(
        kind=StreamKind.PAYMENTS,
        meanings=meanings.PAYMENTS,
        url=f"{dashboard}/payments/{{id}}",
        has_changes=True,
        rechecked=True,
        changes_silently=True,  # its mandate may be replaced, its metadata edited
    )
    yield Stream(
        kind=StreamKind.REFUNDS, meanings=meanings.REFUNDS, has_changes=True, rechecked=True
    )
    yield Stream(
        kind=StreamKind.PAYOUTS,
        meanings=meanings.PAYOUTS,
        url=f"{dashboard}/payouts/{{id}}",
        has_changes=True,
        rechecked=True,
        changes_silently=True,  # the event of one that bounced does not name it
    )
    yield Stream(kind=StreamKind.PAYOUT_ITEMS, keeps=PAYOUT_ITEMS_ARE_KEPT)
    # Events are written some time after what they tell of; an hour covers that, and what is later
    # still is found by the daily re-reading.
    yield Stream(kind=StreamKind.EVENTS, keeps=EVENTS_ARE_KEPT, overlap=timedelta(hours=1))
