"""The colour of a payment's state; its word always stands beside it."""

from __future__ import annotations

from typing import Any

from flask import current_app
from markupsafe import Markup

from ...streams import MandateState, PayoutState, RefundState, SubscriptionState
from ...types import Payment, PaymentState

_GOOD = {
    PaymentState.CONFIRMED,
    PaymentState.PAID_OUT,
    RefundState.PAID,
    PayoutState.PAID,
    MandateState.ACTIVE,
    SubscriptionState.ACTIVE,
}
_BAD = {
    PaymentState.FAILED,
    PaymentState.CHARGED_BACK,
    RefundState.FAILED,
    RefundState.RETURNED,
    PayoutState.BOUNCED,
    MandateState.FAILED,
}
_WAITS = {PaymentState.PENDING, RefundState.PENDING, PayoutState.PENDING, MandateState.PENDING}


def tone_of(state: object) -> str:
    """The tone of `ui.status` for any neutral state."""
    if state in _GOOD:
        return "success"
    if state in _BAD:
        return "danger"
    if state is PaymentState.SUBMITTED:
        return "info"
    return "warning" if state in _WAITS else "neutral"


def state_of(payment: Payment) -> Markup:
    """A payment's status in the provider's words, with its colour: the filter `payment_state`."""
    ui: Any = current_app.jinja_env.globals["ui"]
    shown: Markup = ui.status(
        payment.status.replace("_", " ").capitalize(),
        tone_of(payment.state),
        title=payment.explanation,
    )
    return shown
