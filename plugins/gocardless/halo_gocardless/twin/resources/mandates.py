"""Creating, changing, cancelling and reinstating mandates."""

from __future__ import annotations

from typing import Any

from ..business.places import SCHEME_CURRENCY
from ..causes import MANDATE_GONE, REQUESTED
from ..errors import invalid_state
from ..filters import matching
from ..lanes import Body
from ..lifecycle import mandates as lifecycle
from ..parameters import Parameters
from ..reasons import Cause
from ..store import Store

_CREATE = ("authorisation_source", "links", "metadata", "payer_ip_address", "reference", "scheme")
_MAX_REINSTATEMENTS = 10


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
    return lifecycle.create(
        store, account, scheme, reference=reference, source=source, metadata=metadata
    )


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
    if mandate["status"] not in lifecycle.CANCELLABLE:
        raise invalid_state("cancellation_failed", "This mandate cannot be cancelled any more")
    cause = REQUESTED["mandates", "cancelled"]
    return lifecycle.end(
        *(store, mandate, "cancelled", cause), dependants=MANDATE_GONE, request_metadata=metadata
    )


def cancel_all_of_bank_account(store: Store, bank_account: str, cause: Cause) -> None:
    """Cancel what can be cancelled of a bank account that is no longer there."""
    for mandate in matching(store, "mandates", customer_bank_account=bank_account):
        if mandate["status"] in lifecycle.CANCELLABLE:
            lifecycle.end(store, mandate, "cancelled", cause, dependants=MANDATE_GONE)


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
    body = store.mandates.change(identity, status="pending_submission")
    action = "resubmission_requested"
    cause = REQUESTED["mandates", action]
    store.add_event("mandates", action, cause, body, request_metadata=metadata)
    lifecycle.begin(store, body)
    return body
