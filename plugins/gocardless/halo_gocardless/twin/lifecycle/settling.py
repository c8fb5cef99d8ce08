"""Settling a debit at once: finding enough that is due, so that the payout is above zero."""

from __future__ import annotations

from collections.abc import Iterator

from ..lanes import Body
from ..listing import Query, list_page
from ..money import payout_currency
from ..store import Store
from . import payments, payouts
from .ledger import Due

_SEARCHED = 500


def settle_now(store: Store, currency: str, debit: Due) -> Body:
    """A payout with this debit, and with as much that is collected as it takes to bear it.

    Collected payments that would be paid out in the days to come are paid out now. Where all of
    them together do not reach, the payout's amount is below zero: the creditor owes the rest.
    """
    entries = [debit]
    for credit in _credits(store, currency):
        if sum(entry.net for entry in entries) > 0:
            break
        entries.append(credit)
    return payouts.make(store, currency, entries)


def _credits(store: Store, currency: str) -> Iterator[Due]:
    """What is or will be due: of what the agenda leads, then of generated payments."""
    yield from (entry for entry in store.ledger.entries(currency) if entry.net > 0)
    confirmed = Query(limit=_SEARCHED, conditions=[lambda body: body["status"] == "confirmed"])
    for payment in list_page(store.payments, confirmed).bodies:
        place = store.payments.place(payment["id"])
        if place is None or store.payments.is_taken_over(place):
            continue
        if payout_currency(payment["currency"]) == currency:
            payments.take_over(store, payment)
            entry = store.ledger.find(currency, payment["id"], "payment_paid_out")
            if entry is not None:
                yield entry
