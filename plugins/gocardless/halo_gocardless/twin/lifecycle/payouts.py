"""Payouts: collecting on a working day what is due, and what becomes of the money."""

from __future__ import annotations

from ..bank_days import add_working_days
from ..business.draw import Draw
from ..causes import BOUNCED_PAYOUT, GENERATED
from ..lanes import Body
from ..money import payout_currency
from ..store import Store
from ..times import DAY, date_of
from . import payments
from .ledger import Due
from .moments import ANSWER_HOUR, ARRIVAL_HOUR, PAYOUT_HOUR, after_working_days, next_at

_BOUNCES = 2
"""Of a hundred payouts of a living business."""

_PATIENCE = 60 * DAY
"""How long a debit waits for a payout that can bear it before credits are held back."""

_SETTLED = {
    "payment_failed": ("payments", "late_failure_settled"),
    "payment_charged_back": ("payments", "chargeback_settled"),
    "payment_refunded": ("refunds", "refund_settled"),
    "refund": ("refunds", "refund_settled"),
}
"""The event that tells that a debit has been taken from a payout."""


def enter(store: Store, currency: str, due: Due) -> None:
    """Have an entry settled by the first payout from its time on."""
    store.ledger.add(currency, due)
    if not store.agenda.planned(_day(currency)):
        _plan_next(store, currency)


def withdraw(store: Store, payment: Body) -> None:
    """A payment that failed before it was paid out is no longer due."""
    currency = payout_currency(payment["currency"])
    entry = store.ledger.find(currency, payment["id"], "payment_paid_out")
    if entry is not None:
        store.ledger.remove(currency, [entry])


def collect(store: Store, day: str) -> None:
    """Make the payout of a working day."""
    currency = day.removeprefix("payouts ")
    now = store.now_ms()
    due = [entry for entry in store.ledger.entries(currency) if entry.due_ms <= now]
    chosen = _bearable(due, now)
    if chosen:
        make(store, currency, chosen)
    if store.ledger.entries(currency):
        _plan_next(store, currency)


def _bearable(due: list[Due], now_ms: int) -> list[Due]:
    """What a payout settles: every credit, and the debits that it can bear, the oldest first.

    When a debit has waited for too long, credits are held back until together they can bear it.
    """
    debits = [entry for entry in due if entry.net < 0]
    chosen = [entry for entry in due if entry.net >= 0]
    left = sum(entry.net for entry in chosen)
    if debits and debits[0].due_ms < now_ms - _PATIENCE:
        return due if left + sum(entry.net for entry in debits) > 0 else []
    for debit in debits:
        if left + debit.net > 0:
            chosen.append(debit)
            left += debit.net
    return chosen if left > 0 else []


def make(store: Store, currency: str, entries: list[Due]) -> Body:
    """A payout that settles these entries, which leave the ledger."""
    now = store.now_ms()
    number = len(store.created_payout_items)
    payout = store.payouts.add(
        now,
        {
            "amount": sum(entry.net for entry in entries),
            "arrival_date": add_working_days(date_of(now), 2).isoformat(),
            "currency": currency,
            "deducted_fees": sum(entry.fee for entry in entries),
            "fx": dict.fromkeys(
                ("fx_currency", "fx_amount", "exchange_rate", "estimated_exchange_rate")
            ),
            "links": {
                "creditor": store.business.creditor_id,
                "creditor_bank_account": store.business.creditor_bank_account_id,
            },
            "metadata": {},
            "payout_type": "merchant",
            "reference": f"KMS-N{number:05d}",
            "status": "pending",
            "tax_currency": None,
        },
    )
    lines = [line for entry in entries for line in entry.items()]
    store.created_payout_items[payout["id"]] = lines
    store.ledger.remove(currency, entries)
    for entry in entries:
        _settle(store, entry, payout)
    arrival = after_working_days(now, 2, ARRIVAL_HOUR)
    store.agenda.plan(payout["id"], arrival, "payouts.pay")
    return payout


def pay(store: Store, identity: str) -> Body:
    """pending → paid: the money is sent to the creditor's bank."""
    payout = store.payouts.change(identity, status="paid")
    store.add_event("payouts", "paid", GENERATED["payouts"]["paid"], payout)
    draw = Draw(store.business.seed, f"payout {identity}", 0)
    if store.living and draw.chance(_BOUNCES):
        due = after_working_days(store.now_ms(), 1, ANSWER_HOUR)
        store.agenda.plan(identity, due, "payouts.bounce")
    return payout


def bounce(store: Store, identity: str) -> Body:
    """paid → bounced: the creditor's bank sends the money back.

    GoCardless tells of it by an event about the creditor, which does not name the payout.
    """
    payout = store.payouts.change(identity, status="bounced")
    creditor = store.collections["creditors"].get(payout["links"]["creditor"])
    store.add_event("creditors", "bounced_payout", BOUNCED_PAYOUT, creditor)
    return payout


def _settle(store: Store, entry: Due, payout: Body) -> None:
    if entry.type == "payment_paid_out":
        if store.payments.get(entry.about)["status"] == "confirmed":
            payments.pay_out(store, entry.about, payout)
    elif entry.type in _SETTLED:
        resource, action = _SETTLED[entry.type]
        thing = store.collections[resource].get(entry.about)
        store.add_event(resource, action, GENERATED[resource][action], thing)


def _day(currency: str) -> str:
    return f"payouts {currency}"


def _plan_next(store: Store, currency: str) -> None:
    store.agenda.plan(_day(currency), next_at(store.now_ms(), PAYOUT_HOUR), "payouts.collect")
