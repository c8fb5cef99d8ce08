"""Creating, changing, cancelling and reinstating mandates."""

from __future__ import annotations

from typing import Any

from ..business.places import DEFAULT_SCHEME, SCHEME_CURRENCY
from ..causes import MANDATE_GONE, REQUESTED, Cause
from ..errors import invalid_state
from ..filters import matching
from ..lanes import Body
from ..parameters import Parameters
from ..store import Store
from ..times import add_working_days, date_of
from ..vocabulary import MANDATE_STATUSES

_CREATE = ("authorisation_source", "links", "metadata", "payer_ip_address", "reference", "scheme")
_CANCELLABLE = (*MANDATE_STATUSES[:4], "suspended_by_payer")
_MAX_REINSTATEMENTS = 10


def next_charge_date(store: Store) -> str:
    """The first day on which a payment of a usable mandate could be collected."""
    return add_working_days(date_of(store.now_ms()), 3).isoformat()


def create(store: Store, values: dict[str, Any]) -> Body:
    """A new mandate on an enabled bank account; it waits to be submitted."""
    parameters = Parameters("mandates", values, _CREATE)
    links = parameters.links(["customer_bank_account"], optional=["creditor"])
    account = store.bank_accounts.find(links["customer_bank_account"])
    if account is None and links["customer_bank_account"]:
        parameters.reject("links.customer_bank_account", "bank account not found")
    elif account is not None and store.customers.find(account["links"]["customer"]) is None:
        parameters.reject("links.customer_bank_account", "its customer has been removed")
    if links.get("creditor", store.business.creditor_id) != store.business.creditor_id:
        parameters.reject("links.creditor", "creditor not found")
    scheme = parameters.text("scheme", choices=SCHEME_CURRENCY)
    if account is not None and scheme and SCHEME_CURRENCY[scheme] != account["currency"]:
        parameters.reject("scheme", "does not collect in the currency of the bank account")
    reference = parameters.text("reference", longest=35)
    source = parameters.text("authorisation_source", choices=("web", "telephone", "paper"))
    parameters.text("payer_ip_address")
    metadata = parameters.metadata()
    account = parameters.checked(account)
    if not account["enabled"]:
        raise invalid_state("bank_account_disabled", "The bank account is disabled")
    slot = len(store.mandates.lanes[store.mandates.created_lane])
    body = store.mandates.add(
        store.now_ms(),
        {
            "reference": reference or f"KMS-NEW{slot:05d}",
            "status": "pending_submission",
            "scheme": scheme or DEFAULT_SCHEME[account["currency"]],
            "next_possible_charge_date": next_charge_date(store),
            "next_possible_standard_ach_charge_date": None,
            "payments_require_approval": False,
            "metadata": metadata,
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
    store.add_event("mandates", "created", REQUESTED["mandates", "created"], body)
    return body


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Replace the metadata."""
    store.mandates.get(identity)
    parameters = Parameters("mandates", values, ["metadata"])
    changes = {"metadata": parameters.metadata()} if "metadata" in parameters else {}
    parameters.check()
    return store.mandates.change(identity, **changes)


def cancel(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Cancel the mandate and those of its payments that can still be cancelled."""
    mandate = store.mandates.get(identity)
    parameters = Parameters("data", values, ["metadata"])
    metadata = parameters.metadata()
    parameters.check()
    if mandate["status"] not in _CANCELLABLE:
        raise invalid_state("cancellation_failed", "This mandate cannot be cancelled any more")
    return _cancel(store, mandate, REQUESTED["mandates", "cancelled"], metadata)


def cancel_all_of_bank_account(store: Store, bank_account: str, cause: Cause) -> None:
    """Cancel what can be cancelled of a bank account that is no longer there."""
    for mandate in matching(store, "mandates", customer_bank_account=bank_account):
        if mandate["status"] in _CANCELLABLE:
            _cancel(store, mandate, cause, {})


def reinstate(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Send a cancelled or expired mandate to the banks again."""
    mandate = store.mandates.get(identity)
    parameters = Parameters("data", values, ["metadata"])
    metadata = parameters.metadata()
    parameters.check()
    if mandate["status"] not in ("cancelled", "expired"):
        message = "Mandate is already active or being submitted"
        raise invalid_state("mandate_not_inactive", message)
    if not store.bank_accounts.get(mandate["links"]["customer_bank_account"])["enabled"]:
        raise invalid_state("bank_account_disabled", "The bank account is disabled")
    if store.reinstatements[identity] >= _MAX_REINSTATEMENTS:
        raise invalid_state("mandate_not_inactive", "This mandate was reinstated too often")
    store.reinstatements[identity] += 1
    body = store.mandates.change(
        identity, status="pending_submission", next_possible_charge_date=next_charge_date(store)
    )
    action = "resubmission_requested"
    cause = REQUESTED["mandates", action]
    store.add_event("mandates", action, cause, body, request_metadata=metadata)
    return body


def _cancel(store: Store, mandate: Body, cause: Cause, metadata: dict[str, str]) -> Body:
    identity = mandate["id"]
    body = store.mandates.change(identity, status="cancelled", next_possible_charge_date=None)
    event = store.add_event("mandates", "cancelled", cause, body, request_metadata=metadata)
    for payment in matching(store, "payments", mandate=identity):
        if payment["status"] in ("pending_submission", "pending_customer_approval"):
            gone = store.payments.change(payment["id"], status="cancelled")
            store.add_event("payments", "cancelled", MANDATE_GONE, gone, parent_event=event)
    return body
