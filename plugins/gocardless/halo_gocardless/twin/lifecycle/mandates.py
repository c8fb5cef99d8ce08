"""The steps of a mandate, and what its end means for its payments and subscriptions."""

from __future__ import annotations

from typing import Any

from ..business.draw import Draw
from ..business.places import DEFAULT_SCHEME
from ..causes import (
    APPROVED,
    BULK_CREATED,
    GENERATED,
    MANDATE_EXPIRED,
    MANDATE_REINSTATED,
    REINSTATED_BY_BANK,
    REPLACED,
    TRANSFERRED,
)
from ..collection import Collection
from ..filters import matching
from ..lanes import Body
from ..reasons import Cause
from ..store import Store
from ..vocabulary import MANDATE_STATUSES
from . import fates, payments, subscriptions
from .moments import (
    ACTIVATION_HOUR,
    ANSWER_HOUR,
    SUBMISSION_HOUR,
    after_working_days,
    next_at,
)

_USUAL = GENERATED["mandates"]
_WAITING = ("pending_submission", "pending_customer_approval")
CANCELLABLE = (*MANDATE_STATUSES[:4], "suspended_by_payer")
"""The statuses of a mandate that a request can cancel."""


def create(
    store: Store,
    account: Body,
    scheme: str | None,
    *,
    reference: str | None = None,
    source: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Body:
    """A new mandate on a bank account; it waits to be submitted."""
    slot = len(store.mandates.lanes[store.mandates.created_lane])
    mandate = store.mandates.add(
        store.now_ms(),
        {
            "reference": reference or f"KMS-NEW{slot:05d}",
            "status": "pending_submission",
            "scheme": scheme or DEFAULT_SCHEME[account["currency"]],
            "next_possible_charge_date": None,
            "next_possible_standard_ach_charge_date": None,
            "payments_require_approval": False,
            "metadata": metadata or {},
            "links": {
                "customer_bank_account": account["id"],
                "creditor": store.business.creditor_id,
                "customer": account["links"]["customer"],
            },
            "consent_parameters": None,
            "consent_type": None,
            "verified_at": None,
            "funds_settlement": "managed",
            "authorisation_source": source or "web",
            "mandate_type": "bank_debit",
        },
    )
    store.add_event("mandates", "created", _USUAL["created"], mandate)
    begin(store, mandate)
    return mandate


def begin(store: Store, mandate: Body) -> None:
    """Plan the submission of a mandate that waits for it."""
    due = next_at(store.now_ms(), SUBMISSION_HOUR)
    store.agenda.plan(mandate["id"], due, "mandates.submit")


def submit(store: Store, identity: str, cause: Cause | None = None) -> Body:
    """pending_submission → submitted; the banks have some days to refuse it."""
    mandate = _move(store, identity, "submitted", cause or _USUAL["submitted"])
    refused = fates.mandate_fate(store, mandate) == "failed"
    due = after_working_days(store.now_ms(), 3, ACTIVATION_HOUR)
    store.agenda.plan(identity, due, "mandates.fail" if refused else "mandates.activate")
    return mandate


def activate(store: Store, identity: str) -> Body:
    """submitted → active."""
    if store.reinstatements[identity]:
        mandate = store.mandates.change(identity, status="active")
        store.add_event("mandates", "reinstated", MANDATE_REINSTATED, mandate)
    else:
        mandate = _move(store, identity, "active", _USUAL["active"])
    next_step = {"expired": "mandates.expire", "transferred": "mandates.transfer"}.get(
        fates.mandate_fate(store, mandate)
    )
    if next_step is None:
        store.agenda.forget(identity)
    else:
        due = after_working_days(store.now_ms(), 5, ANSWER_HOUR)
        store.agenda.plan(identity, due, next_step)
    return mandate


def fail(store: Store, identity: str) -> Body:
    """pending_submission or submitted → failed, with everything that waits for it."""
    mandate = store.mandates.get(identity)
    return end(store, mandate, "failed", fates.mandate_failure(store, mandate))


def cancel_by_bank(store: Store, identity: str) -> Body:
    """active → cancelled; some come back some days later."""
    mandate = store.mandates.get(identity)
    cause = fates.mandate_cancellation(store, mandate)
    mandate = end(store, mandate, "cancelled", cause)
    if cause.cause == "mandate_cancelled" and fates.draw(store, mandate, "return").chance(40):
        due = after_working_days(store.now_ms(), 8, ANSWER_HOUR)
        store.agenda.plan(identity, due, "mandates.reinstate")
    return mandate


def expire(store: Store, identity: str) -> Body:
    """active → expired: nothing was collected for too long."""
    return end(store, store.mandates.get(identity), "expired", MANDATE_EXPIRED)


def reinstate(store: Store, identity: str) -> Body:
    """cancelled → active, by the payer's bank."""
    mandate = store.mandates.change(identity, status="active")
    store.add_event("mandates", "reinstated", REINSTATED_BY_BANK, mandate)
    return mandate


def replace(store: Store, identity: str) -> Body:
    """active → cancelled, replaced by a new one that takes over payments and subscriptions."""
    old = store.mandates.get(identity)
    fields = {name: value for name, value in old.items() if name not in ("id", "created_at")}
    reference = f"KMS-REP{len(store.replacements):05d}"
    new = store.mandates.add(store.now_ms(), fields | {"reference": reference})
    store.add_event("mandates", "created", BULK_CREATED, new)
    store.add_event("mandates", "active", _USUAL["active"], new)
    store.replacements[identity] = new["id"]
    links = old["links"] | {"new_mandate": new["id"]}
    old = store.mandates.change(identity, status="cancelled", links=links)
    store.agenda.forget(identity)
    store.add_event("mandates", "replaced", REPLACED, old, links={"new_mandate": new["id"]})
    for payment in matching(store, "payments", mandate=identity):
        if payment["status"] in _WAITING:
            payments.take_over(store, payment)
            _relink(store.payments, payment, new["id"])
    for subscription in matching(store, "subscriptions", mandate=identity):
        if subscription["status"] in ("active", "paused"):
            store.subscriptions.take_over(subscription["id"])
            _relink(store.subscriptions, subscription, new["id"])
    return new


def transfer(store: Store, identity: str, *, resubmit: bool = False) -> Body:
    """The payer moved to another bank: a new bank account, and perhaps all over again."""
    mandate = store.mandates.get(identity)
    previous = store.bank_accounts.get(mandate["links"]["customer_bank_account"])
    account = _moved_account(store, previous)
    store.bank_accounts.change(previous["id"], enabled=False)
    links = mandate["links"] | {"customer_bank_account": account["id"]}
    status = "pending_submission" if resubmit else mandate["status"]
    mandate = store.mandates.change(identity, status=status, links=links)
    moved = {
        "previous_customer_bank_account": previous["id"],
        "new_customer_bank_account": account["id"],
    }
    store.add_event("mandates", "transferred", TRANSFERRED, mandate, links=moved)
    if resubmit:
        store.add_event("mandates", "resubmission_requested", TRANSFERRED, mandate)
        begin(store, mandate)
    return mandate


def approve(store: Store, mandate: Body, action: str) -> Body:
    """pending_customer_approval → pending_submission, with what waited for it."""
    mandate = store.mandates.change(mandate["id"], status="pending_submission")
    event = store.add_event("mandates", action, APPROVED[action], mandate)
    granted = "customer_approval_granted"
    for payment in matching(store, "payments", mandate=mandate["id"]):
        if payment["status"] == "pending_customer_approval":
            payment = store.payments.change(payment["id"], status="pending_submission")
            cause = APPROVED[granted]
            store.add_event("payments", granted, cause, payment, parent_event=event)
            payments.begin(store, payment)
    for subscription in matching(store, "subscriptions", mandate=mandate["id"]):
        if subscription["status"] == "pending_customer_approval":
            subscriptions.approve(store, subscription, APPROVED[granted], event)
    begin(store, mandate)
    return mandate


def end(
    store: Store,
    mandate: Body,
    action: str,
    cause: Cause,
    *,
    dependants: Cause | None = None,
    **event: Any,
) -> Body:
    """Any usable status → ``action``; what waits for it is cancelled (``dependants``: why)."""
    identity = mandate["id"]
    store.agenda.forget(identity)
    mandate = store.mandates.change(identity, status=action)
    written = store.add_event("mandates", action, cause, mandate, **event)
    cancel_dependants(store, identity, dependants or cause, written)
    return mandate


def cancel_dependants(store: Store, identity: str, cause: Cause, parent_event: str) -> None:
    """Cancel the payments and subscriptions that can no longer be collected."""
    for payment in matching(store, "payments", mandate=identity):
        if payment["status"] in _WAITING:
            payments.cancel(store, payment, cause, parent_event=parent_event)
    for subscription in matching(store, "subscriptions", mandate=identity):
        if subscription["status"] in ("active", "paused", "pending_customer_approval"):
            subscriptions.cancel(store, subscription, cause, parent_event=parent_event)


def _relink(collection: Collection, thing: Body, mandate_id: str) -> None:
    collection.change(thing["id"], links=thing["links"] | {"mandate": mandate_id})


def _move(store: Store, identity: str, action: str, cause: Cause) -> Body:
    mandate = store.mandates.change(identity, status=action)
    store.add_event("mandates", action, cause, mandate)
    return mandate


def _moved_account(store: Store, previous: Body) -> Body:
    """The payer's account at the other bank."""
    digits = len(previous["account_number_ending"])
    draw = Draw(store.business.seed, f"moved {previous['id']}", 0)
    fields = {name: value for name, value in previous.items() if name not in ("id", "created_at")}
    ending = draw.digits(digits)
    return store.bank_accounts.add(
        store.now_ms(), fields | {"account_number_ending": ending, "enabled": True}
    )
