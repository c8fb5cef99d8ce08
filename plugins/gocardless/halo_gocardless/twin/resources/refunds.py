"""Creating and changing refunds."""

from __future__ import annotations

from typing import Any

from ..business.places import SCHEME_CURRENCY
from ..errors import invalid_state
from ..filters import matching
from ..lanes import Body
from ..lifecycle import refunds as lifecycle
from ..parameters import Parameters
from ..store import Store

_CREATE = ("amount", "links", "total_amount_confirmation", "reference", "metadata")
_MOST_REFUNDS = 5
_REFUNDABLE = ("confirmed", "paid_out")


def create(store: Store, values: dict[str, Any]) -> Body:
    """A new refund of a payment, or on a mandate without a payment."""
    parameters = Parameters("refunds", values, _CREATE)
    links = parameters.links([], optional=["payment", "mandate"])
    if len(links) != 1:
        parameters.reject("links", "must name either a payment or a mandate")
    amount = parameters.whole_number("amount", required=True, least=1)
    total = parameters.whole_number("total_amount_confirmation", required="payment" in links)
    reference = parameters.text("reference", longest=140)
    metadata = parameters.metadata()
    payment = _named(store.payments.find(links.get("payment", "")), "payment", links, parameters)
    mandate = _named(store.mandates.find(links.get("mandate", "")), "mandate", links, parameters)
    parameters.check()
    if payment is not None:
        _check_payment(store, payment, amount or 0, total or 0)
        currency: str = payment["currency"]
    else:
        mandate = parameters.checked(mandate)
        if mandate["status"] != "active":
            raise invalid_state("mandate_is_inactive", "The mandate for this refund is inactive")
        currency = SCHEME_CURRENCY[mandate["scheme"]]
    return lifecycle.create(
        store, links, amount or 0, currency, reference=reference, metadata=metadata
    )


def update(store: Store, identity: str, values: dict[str, Any]) -> Body:
    """Replace the metadata."""
    store.refunds.get(identity)
    parameters = Parameters("refunds", values, ["metadata"])
    changes = {"metadata": parameters.metadata()} if "metadata" in parameters else {}
    parameters.check()
    return store.refunds.change(identity, **changes)


def _named(
    thing: Body | None, name: str, links: dict[str, str], parameters: Parameters
) -> Body | None:
    if thing is None and links.get(name):
        parameters.reject(f"links.{name}", f"{name} not found")
    return thing


def _check_payment(store: Store, payment: Body, amount: int, total: int) -> None:
    if payment["status"] not in _REFUNDABLE:
        raise invalid_state("refund_payment_invalid_state", "The payment cannot be refunded")
    if len(matching(store, "refunds", payment=payment["id"])) >= _MOST_REFUNDS:
        message = f"A payment can be refunded at most {_MOST_REFUNDS} times"
        raise invalid_state("number_of_refunds_exceeded", message)
    if amount + payment["amount_refunded"] > payment["amount"]:
        message = "The refund is more than what is left of the payment"
        raise invalid_state("available_refund_amount_insufficient", message)
    if total != amount + payment["amount_refunded"]:
        message = "total_amount_confirmation is not the sum of all refunds of the payment"
        raise invalid_state("total_amount_confirmation_invalid", message)
