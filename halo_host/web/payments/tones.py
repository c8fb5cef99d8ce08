"""The colour of a payment's state; its word always stands beside it."""

from __future__ import annotations

from ...streams import MandateState, PayoutState, RefundState, SubscriptionState
from ...types import PaymentState

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
