"""The steps of a subscription: it makes a payment some days before each of its charge dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ..bank_days import working_day
from ..business.places import SCHEME_CURRENCY
from ..causes import FINISHED, GENERATED, RESUMED_BY_ITSELF
from ..lanes import Body
from ..reasons import Cause
from ..store import Store
from ..times import DAY, date_of
from . import payments
from .charge_dates import charge_date, is_over
from .moments import CONFIRMATION_HOUR, at, next_at

_AHEAD = timedelta(days=6)
_PAYMENT_MADE = Cause("gocardless", "payment_created", "Payment made by a subscription.")
_USUAL = GENERATED["subscriptions"]


def create(
    store: Store, mandate: Body, *, amount: int, interval_unit: str, start_date: str, **fields: Any
) -> Body:
    """A new subscription on a usable mandate; ``fields`` are what else its body says."""
    waits = mandate["status"] == "pending_customer_approval"
    subscription = store.subscriptions.add(
        store.now_ms(),
        {
            "amount": amount,
            "currency": SCHEME_CURRENCY[mandate["scheme"]],
            "status": "pending_customer_approval" if waits else "active",
            "name": fields.get("name"),
            "start_date": start_date,
            "end_date": fields.get("end_date"),
            "interval": fields.get("interval") or 1,
            "interval_unit": interval_unit,
            "count": fields.get("count"),
            "day_of_month": fields.get("day_of_month"),
            "month": fields.get("month"),
            "metadata": fields.get("metadata", {}),
            "payment_reference": fields.get("payment_reference"),
            "upcoming_payments": [],
            "app_fee": fields.get("app_fee"),
            "retry_if_possible": fields.get("retry_if_possible", False),
            "earliest_charge_date_after_resume": None,
            "parent_plan_paused": False,
            "links": {"mandate": mandate["id"]},
        },
    )
    store.add_event("subscriptions", "created", _USUAL["created"], subscription)
    if not waits:
        begin(store, subscription)
    return store.subscriptions.get(subscription["id"])


def begin(store: Store, subscription: Body) -> None:
    """Plan the next payment; the subscription ends when there is none left."""
    identity = subscription["id"]
    if not store.subscriptions.is_created(identity):
        return  # a generated one is charged by the monthly runs
    following = charge_date(subscription, store.cycles[identity])
    if is_over(subscription, store.cycles[identity], following):
        finish(store, identity)
    else:
        wanted = at(following - _AHEAD, CONFIRMATION_HOUR)
        due = max(wanted, next_at(store.now_ms(), CONFIRMATION_HOUR))
        store.agenda.plan(identity, due, "subscriptions.charge")


def charge(store: Store, identity: str) -> None:
    """Make the payment of this cycle."""
    subscription = store.subscriptions.get(identity)
    make_payment(store, subscription, charge_date(subscription, store.cycles[identity]))
    store.cycles[identity] += 1
    begin(store, subscription)


def make_payment(store: Store, subscription: Body, wanted: date) -> None:
    """A payment of the subscription on a date, or on the first one that its mandate allows."""
    mandate = store.mandates.get(subscription["links"]["mandate"])
    earliest = mandate["next_possible_charge_date"]
    if earliest is None:
        return
    payment = payments.create(
        store,
        mandate,
        subscription["amount"],
        max(working_day(wanted).isoformat(), earliest),
        _PAYMENT_MADE,
        subscription=subscription["id"],
        description=subscription["name"],
        reference=subscription["payment_reference"],
        app_fee=subscription["app_fee"],
        retry_if_possible=subscription["retry_if_possible"],
        metadata=dict(subscription["metadata"]),
    )
    links = {"payment": payment["id"]}
    cause = _USUAL["payment_created"]
    store.add_event("subscriptions", "payment_created", cause, subscription, links=links)


def finish(store: Store, identity: str) -> Body:
    """active → finished: all payments have been made."""
    subscription = store.subscriptions.change(identity, status="finished")
    store.add_event("subscriptions", "finished", FINISHED, subscription)
    store.agenda.forget(identity)
    return subscription


def cancel(store: Store, subscription: Body, cause: Cause, **event: Any) -> Body:
    """active, paused or waiting → cancelled; payments that were made already go on."""
    store.agenda.forget(subscription["id"])
    gone = store.subscriptions.change(subscription["id"], status="cancelled")
    store.add_event("subscriptions", "cancelled", cause, gone, **event)
    return gone


def pause(store: Store, subscription: Body, cycles: int | None, cause: Cause, **event: Any) -> Body:
    """active → paused, for some cycles or until it is resumed."""
    identity = subscription["id"]
    store.agenda.forget(identity)
    resumes_on = None
    if cycles is not None:
        if store.subscriptions.is_created(identity):
            store.cycles[identity] += cycles
            resumes_on = charge_date(subscription, store.cycles[identity])
        else:
            resumes_on = date_of(store.now_ms() + cycles * 30 * DAY)
        due = max(at(resumes_on - _AHEAD, 0), store.now_ms() + DAY)
        store.agenda.plan(identity, due, "subscriptions.resume")
    paused = store.subscriptions.change(
        identity,
        status="paused",
        earliest_charge_date_after_resume=resumes_on.isoformat() if resumes_on else None,
    )
    store.add_event("subscriptions", "paused", cause, paused, **event)
    return paused


def resume(store: Store, identity: str, cause: Cause = RESUMED_BY_ITSELF, **event: Any) -> Body:
    """paused → active; what fell due during the pause is not made up for."""
    subscription = store.subscriptions.change(
        identity, status="active", earliest_charge_date_after_resume=None
    )
    store.add_event("subscriptions", "resumed", cause, subscription, **event)
    store.agenda.forget(identity)
    earliest = store.next_charge_date()
    while (
        store.subscriptions.is_created(identity)
        and charge_date(subscription, store.cycles[identity]).isoformat() < earliest
    ):
        store.cycles[identity] += 1
    begin(store, subscription)
    return store.subscriptions.get(identity)


def approve(store: Store, subscription: Body, cause: Cause, parent_event: str) -> None:
    """pending_customer_approval → active, together with its mandate."""
    active = store.subscriptions.change(subscription["id"], status="active")
    action = "customer_approval_granted"
    store.add_event("subscriptions", action, cause, active, parent_event=parent_event)
    begin(store, active)
