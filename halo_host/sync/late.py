"""Bad news about money that was believed to be in: what becomes a loud alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..alerts.raising import NewAlert
from ..streams import PaymentRecord
from ..types import Money, PaymentState

_BELIEVED_IN = {PaymentState.CONFIRMED.value, PaymentState.PAID_OUT.value}


def late_news(
    connection_id: int,
    payment: PaymentRecord,
    state: str,
    before: str | None,
    is_in_new_payout: bool,
    payer: str,
    now: datetime,
) -> Iterator[NewAlert]:
    """The alert that a payment's new state calls for, if it calls for one.

    `before` is the state in the mirror until now; None for a payment that was not in it.
    `is_in_new_payout` tells that the payment names a payout which it did not name before: then it
    was collected in the meantime, even if the mirror never saw it so.
    """
    amount = Money(amount=payment.amount, currency=payment.currency)
    if state == PaymentState.CHARGED_BACK.value and before != state:
        kind, text = (
            "chargeback",
            f"Payment {payment.id} of {amount} was charged back by the payer.",
        )
    elif state == PaymentState.FAILED.value and (before in _BELIEVED_IN or is_in_new_payout):
        kind, text = (
            "late_failure",
            f"Payment {payment.id} of {amount} failed after it had counted as collected.",
        )
    else:
        return
    yield NewAlert(
        connection_id=connection_id,
        kind=kind,
        key=f"{kind}:{payment.id}",
        text=text,
        external_user_id=payer,
        at=now,
    )
