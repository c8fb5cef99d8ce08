"""The steps of a refund."""

from __future__ import annotations

from ..causes import GENERATED, MANDATE_REFUNDED, REFUND_FAILED, REFUND_RETURNED
from ..filters import matching
from ..lanes import Body
from ..money import exchange_fields, payout_amount, payout_currency
from ..store import Store
from . import fates, payouts
from .ledger import Due
from .moments import ANSWER_HOUR, after_working_days


def create(
    store: Store,
    links: dict[str, str],
    amount: int,
    currency: str,
    *,
    reference: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Body:
    """A new refund of a payment, or on a mandate alone."""
    refund = store.refunds.add(
        store.now_ms(),
        {
            "amount": amount,
            "currency": currency,
            "reference": reference,
            "metadata": metadata or {},
            "status": "created",
            "fx": exchange_fields(currency, amount, paid_out=False),
            "links": links,
        },
    )
    cause = MANDATE_REFUNDED
    if "payment" in links:
        cause = GENERATED["refunds"]["created"]
        payment = store.payments.get(links["payment"])
        refunded = payment["amount_refunded"] + amount
        store.payments.change(payment["id"], amount_refunded=refunded)
    store.add_event("refunds", "created", cause, refund)
    begin(store, refund)
    return refund


def begin(store: Store, refund: Body) -> None:
    """Plan what becomes of a new refund: mostly it reaches the payer."""
    bounces = fates.draw(store, refund, "refund").chance(5)
    due = after_working_days(store.now_ms(), 2, ANSWER_HOUR)
    store.agenda.plan(refund["id"], due, "refunds.bounce" if bounces else "refunds.pay")


def pay(store: Store, identity: str) -> Body:
    """created → paid; a payout will be charged with it."""
    before = store.refunds.get(identity)
    exchange = exchange_fields(before["currency"], before["amount"], paid_out=True)
    refund = store.refunds.change(identity, status="paid", fx=exchange)
    store.add_event("refunds", "paid", GENERATED["refunds"]["paid"], refund)
    payouts.enter(store, payout_currency(refund["currency"]), debit(store, refund))
    if fates.draw(store, refund, "return").chance(5):
        due = after_working_days(store.now_ms(), 6, ANSWER_HOUR)
        store.agenda.plan(identity, due, "refunds.give_back")
    else:
        store.agenda.forget(identity)
    return refund


def bounce(store: Store, identity: str) -> Body:
    """created or paid → bounced: the money did not reach the payer."""
    refund = store.refunds.change(identity, status="bounced")
    store.add_event("refunds", "failed", REFUND_FAILED, refund)
    _undo(store, refund)
    return refund


def give_back(store: Store, identity: str) -> Body:
    """paid → funds_returned: the payer's bank sent the money back."""
    refund = store.refunds.change(identity, status="funds_returned")
    store.add_event("refunds", "funds_returned", REFUND_RETURNED, refund)
    _undo(store, refund)
    return refund


def debit(store: Store, refund: Body) -> Due:
    """The entry with which a payout is charged."""
    of_payment = "payment" in refund["links"]
    item_type = "payment_refunded" if of_payment else "refund"
    return _entry(store, refund, item_type, -1)


def _undo(store: Store, refund: Body) -> None:
    """The payment counts as not refunded; what a payout was charged with is given back."""
    store.agenda.forget(refund["id"])
    payment_id = refund["links"].get("payment")
    if payment_id is not None:
        refunded = store.payments.get(payment_id)["amount_refunded"] - refund["amount"]
        store.payments.change(payment_id, amount_refunded=refunded)
    currency = payout_currency(refund["currency"])
    for item_type in ("payment_refunded", "refund"):
        entry = store.ledger.find(currency, refund["id"], item_type)
        if entry is not None:
            store.ledger.remove(currency, [entry])
            return
    if matching(store, "events", refund=refund["id"], action="refund_settled"):
        payouts.enter(store, currency, _entry(store, refund, "refund_funds_returned", 1))


def _entry(store: Store, refund: Body, item_type: str, sign: int) -> Due:
    amount = payout_amount(refund["currency"], refund["amount"])
    links = dict(refund["links"]) | {"refund": refund["id"]}
    return Due(store.now_ms(), item_type, sign * amount, refund["id"], links)
