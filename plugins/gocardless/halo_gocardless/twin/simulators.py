"""The scenario simulators of the sandbox: lead a thing at once to where a test needs it.

There are those of payments, mandates, refunds and payouts. The sandbox also has some for billing
requests and for creditors; the twin has neither to simulate and answers 404, as to any other id
that it does not know. A thing in the wrong state is refused with 422 ``invalid_state``; where the
sandbox insists on the very first state, the twin also takes one on the way to the scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import invalid_state, not_found
from .filters import matching
from .lanes import Body
from .lifecycle import mandates, payments, payouts, refunds
from .lifecycle.fates import usual_failure
from .lifecycle.settling import settle_now
from .money import payout_currency
from .parameters import Parameters
from .store import Store

_QUICK_SCHEMES = ("ach", "becs", "becs_nz", "sepa_core")
"""Schemes whose mandates need no activation before a payment."""

_NEW, _SENT, _COLLECTED = "pending_submission", "submitted", "confirmed"
_USABLE = ("pending_submission", "submitted", "active")


@dataclass(frozen=True)
class Simulator:
    """What it is about, which statuses and schemes it needs, and what it does."""

    resource: str
    statuses: tuple[str, ...]
    run: Callable[[Store, Body], Any]
    schemes: tuple[str, ...] | None = None
    not_schemes: tuple[str, ...] = ()


def run_simulator(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Carry out a scenario; 404 for a simulator or resource that there is not."""
    simulator = SIMULATORS.get(identity)
    if simulator is None:
        raise not_found()
    parameters = Parameters("data", values, ["links"])
    resource_id = parameters.links(["resource"])["resource"]
    parameters.check()
    thing = store.collections[simulator.resource].get(resource_id)
    _check(store, simulator, thing)
    simulator.run(store, thing)
    return {"id": identity}


def simulators_of(store: Store, resource: str, thing: Body) -> list[str]:
    """The simulators that can be run on a thing as it stands."""
    found = []
    for identity, simulator in SIMULATORS.items():
        if simulator.resource == resource and _refusal(store, simulator, thing) is None:
            found.append(identity)
    return found


def _check(store: Store, simulator: Simulator, thing: Body) -> None:
    refusal = _refusal(store, simulator, thing)
    if refusal is not None:
        raise invalid_state("scenario_not_applicable", refusal)


def _refusal(store: Store, simulator: Simulator, thing: Body) -> str | None:
    """Why the scenario cannot happen to this thing."""
    kind, status = simulator.resource.removesuffix("s"), thing["status"]
    if status not in simulator.statuses:
        return f"The {kind} is {status}; it must be {' or '.join(simulator.statuses)}"
    scheme = thing.get("scheme")
    if scheme in simulator.not_schemes or (simulator.schemes and scheme not in simulator.schemes):
        return f"This cannot happen in the scheme {scheme}"
    if simulator.resource == "payments" and status == _NEW:
        mandate = store.mandates.get(thing["links"]["mandate"])["status"]
        ready = _USABLE if scheme in _QUICK_SCHEMES else ("active",)
        if mandate not in ready:
            return f"The payment's mandate is {mandate}; it must be {' or '.join(ready)}"
    return None


def _submit(store: Store, payment: Body) -> None:
    payments.submit(store, payment["id"])


def _confirm(store: Store, payment: Body) -> None:
    if payment["status"] == _NEW:
        payments.submit(store, payment["id"])
    payments.confirm(store, payment["id"])


def _pay_out(store: Store, payment: Body) -> None:
    """Into a payout of its own, at once. Nothing else happens to it afterwards."""
    if payment["status"] == "paid_out":
        return
    if payment["status"] != _COLLECTED:
        _confirm(store, payment)
    payment = store.payments.get(payment["id"])
    payments.take_over(store, payment)
    currency = payout_currency(payment["currency"])
    entry = store.ledger.find(currency, payment["id"], "payment_paid_out")
    payouts.make(store, currency, [entry or payments.credit(store, payment)])
    store.agenda.forget(payment["id"])


def _fail(store: Store, payment: Body) -> None:
    if payment["status"] == _NEW:
        payments.submit(store, payment["id"])
    payments.fail(store, payment["id"], usual_failure(payment))


def _fail_late(store: Store, payment: Body) -> None:
    """From pending_submission it is paid out first, as a late failure comes after that."""
    _pay_out(store, payment)
    payments.fail(store, payment["id"], usual_failure(payment))


def _charge_back(store: Store, payment: Body) -> None:
    _pay_out(store, payment)
    payments.charge_back(store, payment["id"])
    store.agenda.forget(payment["id"])


def _settle_late_failure(store: Store, payment: Body) -> None:
    if payment["status"] != "failed":
        _fail_late(store, payment)
    _settle(store, "payments", payment, "payment_failed")


def _settle_chargeback(store: Store, payment: Body) -> None:
    if payment["status"] != "charged_back":
        _charge_back(store, payment)
    _settle(store, "payments", payment, "payment_charged_back")


def _settle(store: Store, resource: str, thing: Body, item_type: str) -> None:
    """Charge a payout with what a thing cost; refused where that is done or nothing is owed."""
    thing = store.collections[resource].get(thing["id"])
    currency = payout_currency(thing["currency"])
    debit = store.ledger.find(currency, thing["id"], item_type)
    if debit is None and _is_owed(store, resource, thing):
        store.collections[resource].take_over(thing["id"])
        if resource == "payments":
            payments.owe(store, thing, item_type)
        else:
            payouts.enter(store, currency, refunds.debit(store, thing))
        debit = store.ledger.find(currency, thing["id"], item_type)
    if debit is None:
        message = f"Nothing of this {resource.removesuffix('s')} waits to be settled"
        raise invalid_state("scenario_not_applicable", message)
    settle_now(store, currency, debit)


def _is_owed(store: Store, resource: str, thing: Body) -> bool:
    """Whether a generated thing has cost something that no payout was charged with."""
    if resource == "payments" and "payout" not in thing["links"]:
        return False
    filters = {resource.removesuffix("s"): thing["id"]}
    events = matching(store, "events", **filters)
    return not any(event["action"].endswith("_settled") for event in events)


def _activate(store: Store, mandate: Body) -> None:
    """As far as it is not active yet; nothing else happens to it by itself afterwards."""
    if mandate["status"] == _NEW:
        mandates.submit(store, mandate["id"])
    if mandate["status"] in (_NEW, _SENT):
        mandates.activate(store, mandate["id"])
        store.agenda.forget(mandate["id"])


def _expire(store: Store, mandate: Body) -> None:
    _activate(store, mandate)
    mandates.expire(store, mandate["id"])


def _transfer(*, resubmit: bool) -> Callable[[Store, Body], Any]:
    def run(store: Store, mandate: Body) -> None:
        _activate(store, mandate)
        mandates.transfer(store, mandate["id"], resubmit=resubmit)

    return run


def _approve(action: str) -> Callable[[Store, Body], Any]:
    def run(store: Store, mandate: Body) -> None:
        mandates.approve(store, mandate, action)

    return run


def _fail_mandate(store: Store, mandate: Body) -> None:
    if mandate["status"] == _NEW:
        mandates.submit(store, mandate["id"])
    mandates.fail(store, mandate["id"])


def _suspend(store: Store, mandate: Body) -> None:
    """GoCardless documents no event for this."""
    store.agenda.forget(mandate["id"])
    store.mandates.change(mandate["id"], status="suspended_by_payer")


def _pay_refund(store: Store, refund: Body) -> None:
    refunds.pay(store, refund["id"])
    store.agenda.forget(refund["id"])


def _settle_refund(store: Store, refund: Body) -> None:
    if refund["status"] != "paid":
        _pay_refund(store, refund)
    _settle(store, "refunds", refund, refunds.debit(store, refund).type)


def _return_refund(store: Store, refund: Body) -> None:
    if refund["status"] != "paid":
        _pay_refund(store, refund)
    refunds.give_back(store, refund["id"])


_OPEN_REFUND = ("created", "pending_submission", "submitted")

SIMULATORS: dict[str, Simulator] = {
    "payment_submitted": Simulator("payments", (_NEW,), _submit),
    "payment_confirmed": Simulator("payments", (_NEW, _SENT), _confirm),
    "payment_paid_out": Simulator("payments", (_NEW, _SENT, _COLLECTED), _pay_out),
    "payment_failed": Simulator("payments", (_NEW, _SENT), _fail),
    "payment_charged_back": Simulator(
        "payments", (_NEW, _SENT, _COLLECTED, "paid_out"), _charge_back
    ),
    "payment_chargeback_settled": Simulator(
        "payments", (_NEW, _SENT, _COLLECTED, "paid_out", "charged_back"), _settle_chargeback
    ),
    "payment_late_failure": Simulator(
        "payments", (_NEW, "paid_out"), _fail_late, not_schemes=("autogiro",)
    ),
    "payment_late_failure_settled": Simulator(
        "payments", (_NEW, "paid_out", "failed"), _settle_late_failure, not_schemes=("autogiro",)
    ),
    "mandate_activated": Simulator("mandates", (_NEW,), _activate, not_schemes=_QUICK_SCHEMES),
    "mandate_customer_approval_granted": Simulator(
        "mandates",
        ("pending_customer_approval",),
        _approve("customer_approval_granted"),
        schemes=("bacs", "sepa_core"),
    ),
    "mandate_customer_approval_skipped": Simulator(
        "mandates",
        ("pending_customer_approval",),
        _approve("customer_approval_skipped"),
        schemes=("bacs", "sepa_core"),
    ),
    "mandate_failed": Simulator(
        "mandates", (_NEW, _SENT), _fail_mandate, not_schemes=("sepa_core",)
    ),
    "mandate_expired": Simulator(
        "mandates",
        _USABLE,
        _expire,
        not_schemes=("autogiro", "becs_nz", "pad"),
    ),
    "mandate_transferred": Simulator(
        "mandates",
        _USABLE,
        _transfer(resubmit=False),
        schemes=("bacs", "sepa_core"),
    ),
    "mandate_transferred_with_resubmission": Simulator(
        "mandates",
        _USABLE,
        _transfer(resubmit=True),
        schemes=("bacs",),
    ),
    "mandate_suspended_by_payer": Simulator("mandates", ("active",), _suspend, schemes=("pay_to",)),
    "refund_paid": Simulator("refunds", _OPEN_REFUND, _pay_refund),
    "refund_settled": Simulator("refunds", (*_OPEN_REFUND, "paid"), _settle_refund),
    "refund_bounced": Simulator(
        "refunds", (*_OPEN_REFUND, "paid"), lambda store, it: refunds.bounce(store, it["id"])
    ),
    "refund_returned": Simulator("refunds", (*_OPEN_REFUND, "paid"), _return_refund),
    "payout_bounced": Simulator(
        "payouts", ("paid",), lambda store, payout: payouts.bounce(store, payout["id"])
    ),
}
"""Every simulator of payments, mandates, refunds and payouts."""
