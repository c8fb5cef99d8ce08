"""What becomes of a thing: by the payer's given name, else by chance and seed."""

from __future__ import annotations

from ..business.draw import Draw
from ..lanes import Body
from ..reasons import Cause, reasons
from ..store import Store

PAYMENT_NAMES = {
    "Successful": "paid_out",
    "Penniless": "failed",
    "Fickle": "charged_back",
    "Late": "failed_unpaid",
}
"""Given names that decide what becomes of a payment, as in GoCardless's sandbox."""

MANDATE_NAMES = {"Invalid": "failed", "Expired": "expired", "Switching": "transferred"}
"""Given names that decide what becomes of a mandate."""

_PAYMENT_FATES = (
    *(("paid_out",) * 90 + ("failed",) * 5 + ("failed_unpaid",)),
    *(("failed_late",) * 2 + ("charged_back",) * 2),
)


def payment_fate(store: Store, payment: Body) -> str:
    """What becomes of a payment at this attempt."""
    name = given_name(store, payment["links"]["mandate"])
    if name in PAYMENT_NAMES:
        return PAYMENT_NAMES[name]
    if name in MANDATE_NAMES:
        return "paid_out"
    return draw(store, payment, f"attempt {store.attempts[payment['id']]}").pick(_PAYMENT_FATES)


def mandate_fate(store: Store, mandate: Body) -> str:
    """What becomes of a mandate: failed, active, or what its payer's name says."""
    name = given_name(store, mandate["id"])
    if name in MANDATE_NAMES:
        return MANDATE_NAMES[name]
    if name in PAYMENT_NAMES or store.reinstatements[mandate["id"]]:
        return "active"
    return "failed" if draw(store, mandate, "mandate").chance(3) else "active"


def payment_failure(store: Store, payment: Body) -> Cause:
    """Why a payment fails."""
    if given_name(store, payment["links"]["mandate"]) in PAYMENT_NAMES:
        return usual_failure(payment)
    what = f"reason {store.attempts[payment['id']]}"
    return draw(store, payment, what).pick(reasons("payments", "failed", payment["scheme"]))


def usual_failure(payment: Body) -> Cause:
    """Why payments of this scheme mostly fail: a lack of funds."""
    return reasons("payments", "failed", payment["scheme"])[0]


def chargeback(store: Store, payment: Body) -> Cause:
    """Why a payer claims a payment back."""
    return draw(store, payment, "chargeback").pick(
        reasons("payments", "charged_back", payment["scheme"])
    )


def mandate_failure(store: Store, mandate: Body) -> Cause:
    """Why a bank refuses a mandate."""
    return draw(store, mandate, "refusal").pick(reasons("mandates", "failed", mandate["scheme"]))


def mandate_cancellation(store: Store, mandate: Body) -> Cause:
    """Why a bank cancels a mandate."""
    return draw(store, mandate, "cancellation").pick(
        reasons("mandates", "cancelled", mandate["scheme"])
    )


def draw(store: Store, thing: Body, what: str) -> Draw:
    """Choices about a thing that depend on nothing but the seed."""
    return Draw(store.business.seed, f"{what} {thing['id']}", 0)


def given_name(store: Store, mandate_id: str) -> str | None:
    """The payer's given name; None for one who was removed."""
    mandate = store.mandates.get(mandate_id)
    customer = store.customers.find(mandate["links"]["customer"])
    name: str | None = customer["given_name"] if customer is not None else None
    return name
