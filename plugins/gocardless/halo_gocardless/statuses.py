"""What GoCardless's payment statuses mean. None is final except where the sentence says so."""

from __future__ import annotations

from halo_host import PaymentState

MEANINGS: dict[str, tuple[PaymentState, str]] = {
    "pending_customer_approval": (
        PaymentState.PENDING,
        "Waits until a second person at the payer's side approves it.",
    ),
    "pending_submission": (
        PaymentState.PENDING,
        "Created, but not yet sent to the bank. It can still be cancelled.",
    ),
    "submitted": (
        PaymentState.SUBMITTED,
        "Sent to the bank; the answer takes some working days. It can no longer be cancelled.",
    ),
    "confirmed": (
        PaymentState.CONFIRMED,
        "Collected from the payer and held by GoCardless until the next payout. "
        "The bank may still report a failure.",
    ),
    "paid_out": (
        PaymentState.PAID_OUT,
        "Part of a payout to your bank account. A late failure or a chargeback remains possible.",
    ),
    "failed": (
        PaymentState.FAILED,
        "The bank did not collect it. It may be tried again, by hand or by GoCardless.",
    ),
    "cancelled": (PaymentState.CANCELLED, "Cancelled before it was collected. This is final."),
    "customer_approval_denied": (
        PaymentState.CANCELLED,
        "The payer's side refused to approve it. This is final.",
    ),
    "charged_back": (
        PaymentState.CHARGED_BACK,
        "The payer had the bank take the money back. A chargeback can itself be reversed.",
    ),
}


def meaning(status: str) -> tuple[PaymentState, str]:
    """The neutral state and one plain sentence; a status of the future is unknown, not an error."""
    return MEANINGS.get(
        status,
        (PaymentState.UNKNOWN, "This version of the plugin does not know this status."),
    )
