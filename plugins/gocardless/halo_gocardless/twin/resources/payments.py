"""Creating, changing, cancelling and retrying payments."""

from __future__ import annotations

from typing import Any

from ..bank_days import working_day
from ..business.places import CURRENCIES, SCHEME_CURRENCY
from ..causes import REQUESTED
from ..errors import invalid_state
from ..lanes import Body
from ..lifecycle import payments as lifecycle
from ..parameters import Parameters
from ..store import Store
from ..times import parse_date
from ..vocabulary import REFERENCE_LENGTHS, USABLE_MANDATE_STATUSES

_CREATE = (
    *("amount", "currency", "links", "charge_date", "description", "reference", "metadata"),
    *("app_fee", "retry_if_possible", "faster_ach", "psu_interaction_type"),
)
_MAX_RETRIES = 3


def create(store: Store, values: dict[str, Any]) -> Body:
    """A new payment on a usable mandate."""
    parameters = Parameters("payments", values, _CREATE)
    links = parameters.links(["mandate"])
    mandate = store.mandates.find(links["mandate"])
    if mandate is None and links["mandate"]:
        parameters.reject("links.mandate", "mandate not found")
    amount = parameters.whole_number("amount", required=True, least=1)
    currency = parameters.text("currency", required=True, choices=CURRENCIES)
    if mandate is not None and currency and currency != SCHEME_CURRENCY[mandate["scheme"]]:
        parameters.reject("currency", "is not the currency of the mandate")
    fee = parameters.whole_number("app_fee")
    if fee is not None and amount is not None and fee > amount:
        parameters.reject("app_fee", "cannot be more than the amount")
    description = parameters.text("description", longest=100)
    reference = parameters.text("reference", longest=140)
    longest = REFERENCE_LENGTHS[mandate["scheme"]] if mandate else 140
    if reference is not None and len(reference) > longest:
        parameters.reject("reference", f"is too long (the maximum is {longest} characters)")
    charge_date = _charge_date(parameters, mandate)
    retry = parameters.boolean("retry_if_possible")
    faster_ach = parameters.boolean("faster_ach")
    parameters.text("psu_interaction_type", choices=("in_person", "in_session", "off_session"))
    metadata = parameters.metadata()
    mandate = parameters.checked(mandate)
    if mandate["status"] not in USABLE_MANDATE_STATUSES:
        raise invalid_state("mandate_is_inactive", "The mandate for this payment is inactive")
    return lifecycle.create(
        store,
        mandate,
        amount or 0,
        charge_date,
        description=description,
        reference=reference,
        metadata=metadata,
        app_fee=fee,
        retry_if_possible=bool(retry),
        faster_ach=faster_ach,
    )


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Replace the metadata or the wish to retry."""
    store.payments.get(identity)
    parameters = Parameters("payments", values, ["metadata", "retry_if_possible"])
    changes: dict[str, Any] = {}
    if "metadata" in parameters:
        changes["metadata"] = parameters.metadata()
    if "retry_if_possible" in parameters:
        changes["retry_if_possible"] = bool(parameters.boolean("retry_if_possible"))
    parameters.check()
    return store.payments.change(identity, **changes)


def cancel(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Cancel a payment that has not gone to the banks."""
    payment = store.payments.get(identity)
    parameters = Parameters("data", values, ["metadata"])
    metadata = parameters.metadata()
    parameters.check()
    if payment["status"] != "pending_submission":
        raise invalid_state("cancellation_failed", "This payment cannot be cancelled any more")
    cause = REQUESTED["payments", "cancelled"]
    return lifecycle.cancel(store, payment, cause, request_metadata=metadata)


def retry(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Send a failed payment to the banks again, up to three times."""
    payment = store.payments.get(identity)
    mandate = store.mandates.get(payment["links"]["mandate"])
    parameters = Parameters("data", values, ["charge_date", "metadata"])
    charge_date = _charge_date(parameters, mandate)
    metadata = parameters.metadata()
    parameters.check()
    if payment["status"] != "failed":
        raise invalid_state("retry_failed", "Only a failed payment can be retried")
    if mandate["status"] not in USABLE_MANDATE_STATUSES:
        raise invalid_state("mandate_is_inactive", "The mandate for this payment is inactive")
    if store.retries[identity] >= _MAX_RETRIES:
        raise invalid_state("retry_failed", "This payment has been retried three times already")
    store.retries[identity] += 1
    body = store.payments.change(identity, status="pending_submission", charge_date=charge_date)
    action = "resubmission_requested"
    cause = REQUESTED["payments", action]
    store.attempts[identity] += 1
    store.add_event("payments", action, cause, body, request_metadata=metadata)
    lifecycle.begin(store, body)
    return body


def _charge_date(parameters: Parameters, mandate: Body | None) -> str | None:
    """The wished-for date, moved to a working day; else the first that the mandate allows."""
    earliest: str | None = mandate["next_possible_charge_date"] if mandate else None
    wished = parse_date(parameters.date("charge_date") or "")
    if wished is None:
        return earliest
    if earliest is not None and wished.isoformat() < earliest:
        parameters.reject("charge_date", f"must be on or after {earliest}")
    return working_day(wished).isoformat()
