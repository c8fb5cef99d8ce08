"""The steps of a payment, from its creation until the banks can no longer take it back."""

from __future__ import annotations

from datetime import date
from typing import Any

from ..bank_days import add_working_days
from ..business.places import SCHEME_CURRENCY
from ..causes import AUTO_RETRIED, CHARGEBACK_CANCELLED, GENERATED
from ..filters import matching
from ..lanes import Body
from ..money import exchange_fields, payout_amount, payout_currency, payout_fee
from ..reasons import Cause
from ..store import Store
from . import fates, mandates, payouts
from .ledger import Due
from .moments import (
    ANSWER_HOUR,
    CONFIRMATION_HOUR,
    PAYOUT_HOUR,
    SUBMISSION_HOUR,
    after_working_days,
    at,
    next_at,
)

_MAX_ATTEMPTS = 3
_REFUNDED = 3
"""Of a hundred payments of a living business that were paid out."""

_ENDS_THE_MANDATE = ("mandate_cancelled", "bank_account_closed")
_USUAL = GENERATED["payments"]


def create(
    store: Store,
    mandate: Body,
    amount: int,
    charge_date: str | None,
    cause: Cause = _USUAL["created"],
    *,
    subscription: str | None = None,
    **fields: Any,
) -> Body:
    """A new payment on a usable mandate; ``fields`` are what else its body says."""
    waits = mandate["status"] == "pending_customer_approval"
    currency = SCHEME_CURRENCY[mandate["scheme"]]
    links = {"mandate": mandate["id"], "creditor": mandate["links"]["creditor"]}
    if subscription is not None:
        links["subscription"] = subscription
    payment = store.payments.add(
        store.now_ms(),
        {
            "charge_date": charge_date,
            "amount": amount,
            "description": fields.get("description"),
            "currency": currency,
            "status": "pending_customer_approval" if waits else "pending_submission",
            "amount_refunded": 0,
            "reference": fields.get("reference"),
            "metadata": fields.get("metadata", {}),
            "fx": exchange_fields(currency, amount, paid_out=False),
            "links": links,
            "retry_if_possible": fields.get("retry_if_possible", False),
            "scheme": mandate["scheme"],
            "app_fee": fields.get("app_fee"),
            "faster_ach": fields.get("faster_ach"),
        },
    )
    store.add_event("payments", "created", cause, payment)
    if not waits:
        begin(store, payment)
    return payment


def take_over(store: Store, payment: Body) -> None:
    """Let the agenda lead a payment that took its steps by arithmetic until now."""
    place = store.payments.place(payment["id"])
    if place is not None and not store.payments.is_taken_over(place):
        store.payments.take_over(payment["id"])
        go_on(store, payment)


def begin(store: Store, payment: Body) -> None:
    """Plan the submission of a payment: two working days before its charge date."""
    charge_date = date.fromisoformat(payment["charge_date"])
    wanted = at(add_working_days(charge_date, -2), SUBMISSION_HOUR)
    due = wanted if wanted > store.now_ms() else next_at(store.now_ms(), SUBMISSION_HOUR)
    store.agenda.plan(payment["id"], due, "payments.submit")


def go_on(store: Store, payment: Body) -> None:
    """Plan what comes next for a payment that was taken over from the generated ones."""
    if payment["status"] == "pending_submission":
        begin(store, payment)
    elif payment["status"] == "submitted":
        _plan_answer(store, payment)
    elif payment["status"] == "confirmed":
        _plan_payout(store, payment)


def submit_when_possible(store: Store, identity: str) -> None:
    """The banks get the payment as soon as they know its mandate."""
    payment = store.payments.get(identity)
    mandate = store.mandates.get(payment["links"]["mandate"])
    if mandate["status"] == "active":
        submit(store, identity)
    elif mandate["status"] in ("pending_customer_approval", "pending_submission", "submitted"):
        due = next_at(store.now_ms(), SUBMISSION_HOUR)
        store.agenda.plan(identity, due, "payments.submit")


def submit(store: Store, identity: str) -> Body:
    """pending_submission → submitted."""
    payment = _move(store, identity, "submitted")
    _plan_answer(store, payment)
    return payment


def confirm(store: Store, identity: str) -> Body:
    """submitted → confirmed: GoCardless holds the money."""
    payment = _move(store, identity, "confirmed")
    _plan_payout(store, payment)
    return payment


def pay_out(store: Store, identity: str, payout: Body) -> Body:
    """confirmed → paid_out: the payment is in a payout; called when the payout is made."""
    payment = store.payments.get(identity)
    exchange = payment["fx"]
    if exchange["fx_currency"] is not None:
        exchange = exchange | {
            "fx_amount": payout_amount(payment["currency"], payment["amount"]),
            "exchange_rate": exchange["estimated_exchange_rate"],
        }
    links = payment["links"] | {"payout": payout["id"]}
    payment = _move(store, identity, "paid_out", fx=exchange, links=links)
    fate = fates.payment_fate(store, payment)
    if fate in ("failed_late", "charged_back"):
        days = fates.draw(store, payment, "loss").between(4, 30)
        due = after_working_days(store.now_ms(), days, ANSWER_HOUR)
        name = "payments.fail" if fate == "failed_late" else "payments.charge_back"
        store.agenda.plan(identity, due, name)
    elif store.living and fates.draw(store, payment, "refund").chance(_REFUNDED):
        due = after_working_days(store.now_ms(), 3, CONFIRMATION_HOUR)
        store.agenda.plan(identity, due, "living.refund")
    else:
        store.agenda.forget(identity)
    return payment


def fail(store: Store, identity: str, cause: Cause | None = None) -> Body:
    """submitted, confirmed or paid_out → failed; late if it was collected before."""
    payment = store.payments.get(identity)
    cause = cause or fates.payment_failure(store, payment)
    before = payment["status"]
    tries_again = before == "submitted" and _is_retried(store, payment, cause)
    details: dict[str, Any] = {"will_attempt_retry": tries_again}
    if payment["retry_if_possible"] and not tries_again:
        details["not_retried_reason"] = "other"
    failed = store.payments.change(identity, status="failed")
    event = store.add_event("payments", "failed", cause, failed, details=details)
    store.agenda.forget(identity)
    if before == "paid_out":
        owe(store, failed, "payment_failed")
    elif before == "confirmed":
        payouts.withdraw(store, failed)
    if tries_again:
        due = after_working_days(store.now_ms(), 3, ANSWER_HOUR)
        store.agenda.plan(identity, due, "payments.resubmit")
    if before == "submitted" and cause.cause in _ENDS_THE_MANDATE:
        mandate = store.mandates.get(failed["links"]["mandate"])
        if mandate["status"] == "active":
            mandates.end(store, mandate, "cancelled", cause, parent_event=event)
    return failed


def resubmit(store: Store, identity: str) -> Body:
    """failed → pending_submission, of GoCardless's own accord."""
    payment = store.payments.get(identity)
    mandate = store.mandates.get(payment["links"]["mandate"])
    if mandate["status"] != "active":
        return payment
    store.attempts[identity] += 1
    payment = store.payments.change(
        identity, status="pending_submission", charge_date=store.next_charge_date()
    )
    store.add_event("payments", "resubmission_requested", AUTO_RETRIED, payment)
    begin(store, payment)
    return payment


def charge_back(store: Store, identity: str) -> Body:
    """paid_out → charged_back: the payer has the money back, the creditor owes it."""
    cause = fates.chargeback(store, store.payments.get(identity))
    payment = store.payments.change(identity, status="charged_back")
    store.add_event("payments", "charged_back", cause, payment)
    owe(store, payment, "payment_charged_back")
    if fates.draw(store, payment, "reversal").chance(25):
        due = after_working_days(store.now_ms(), 15, ANSWER_HOUR)
        store.agenda.plan(identity, due, "payments.cancel_chargeback")
    else:
        store.agenda.forget(identity)
    return payment


def cancel_chargeback(store: Store, identity: str) -> Body:
    """charged_back → paid_out: the money comes back to the creditor."""
    payment = store.payments.change(identity, status="paid_out")
    store.add_event("payments", "chargeback_cancelled", CHARGEBACK_CANCELLED, payment)
    currency = payout_currency(payment["currency"])
    debit = store.ledger.find(currency, identity, "payment_charged_back")
    if debit is not None:
        store.ledger.remove(currency, [debit])
    elif matching(store, "events", payment=identity, action="chargeback_settled"):
        payouts.enter(store, currency, _entry(store, payment, "payment_paid_out", 1))
    return payment


def cancel(store: Store, payment: Body, cause: Cause, **event: Any) -> Body:
    """pending_* → cancelled."""
    store.agenda.forget(payment["id"])
    gone = store.payments.change(payment["id"], status="cancelled")
    store.add_event("payments", "cancelled", cause, gone, **event)
    return gone


def owe(store: Store, payment: Body, item_type: str) -> None:
    """Have a later payout take back what was paid out."""
    currency = payout_currency(payment["currency"])
    payouts.enter(store, currency, _entry(store, payment, item_type, -1))


def credit(store: Store, payment: Body) -> Due:
    """The entry with which a confirmed payment is paid out, with GoCardless's fee."""
    entry = _entry(store, payment, "payment_paid_out", 1)
    return entry._replace(
        due_ms=after_working_days(store.now_ms(), 2, PAYOUT_HOUR), fee=payout_fee(entry.amount)
    )


def _entry(store: Store, payment: Body, item_type: str, sign: int) -> Due:
    amount = payout_amount(payment["currency"], payment["amount"])
    links = {"payment": payment["id"]}
    return Due(store.now_ms(), item_type, sign * amount, payment["id"], links)


def _move(store: Store, identity: str, action: str, **fields: Any) -> Body:
    payment = store.payments.change(identity, status=action, **fields)
    store.add_event("payments", action, _USUAL[action], payment)
    return payment


def _plan_answer(store: Store, payment: Body) -> None:
    """The banks answer, or do not and so confirm, after the charge date."""
    charge_date = date.fromisoformat(payment["charge_date"])
    if fates.payment_fate(store, payment) == "failed":
        days, hour, name = 3, ANSWER_HOUR, "payments.fail"
    else:
        days, hour, name = 4, CONFIRMATION_HOUR, "payments.confirm"
    due = at(add_working_days(charge_date, days), hour)
    earliest = after_working_days(store.now_ms(), 1, hour)
    store.agenda.plan(payment["id"], max(due, earliest), name)


def _plan_payout(store: Store, payment: Body) -> None:
    payouts.enter(store, payout_currency(payment["currency"]), credit(store, payment))
    if fates.payment_fate(store, payment) == "failed_unpaid":
        due = after_working_days(store.now_ms(), 1, ANSWER_HOUR)
        store.agenda.plan(payment["id"], due, "payments.fail")
    else:
        store.agenda.forget(payment["id"])


def _is_retried(store: Store, payment: Body, cause: Cause) -> bool:
    """GoCardless tries again when it was asked to, and the payer may have money the next time."""
    return (
        payment["retry_if_possible"]
        and cause.cause in ("refer_to_payer", "insufficient_funds")
        and store.attempts[payment["id"]] < _MAX_ATTEMPTS
    )
