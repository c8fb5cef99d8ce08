"""What GoCardless's statuses of mandates, subscriptions, refunds and payouts mean.

Those of payments are in `statuses`, which host 0.1 needs as well.
"""

from __future__ import annotations

from halo_host import (
    MandateState,
    Meaning,
    PayoutState,
    RefundState,
    SubscriptionState,
)

from .statuses import MEANINGS

PAYMENTS = {status: Meaning(*meaning) for status, meaning in MEANINGS.items()}

MANDATES = {
    "pending_customer_approval": Meaning(
        MandateState.PENDING, "Waits until a second person at the payer's side approves it."
    ),
    "pending_submission": Meaning(
        MandateState.PENDING, "Set up, but not yet sent to the payer's bank."
    ),
    "submitted": Meaning(
        MandateState.PENDING, "Sent to the payer's bank, which may still refuse it."
    ),
    "active": Meaning(MandateState.ACTIVE, "Payments can be collected."),
    "suspended_by_payer": Meaning(
        MandateState.SUSPENDED, "The payer has suspended it; nothing is collected until it resumes."
    ),
    "failed": Meaning(
        MandateState.FAILED, "The payer's bank refused it. Nothing can be collected."
    ),
    "cancelled": Meaning(
        MandateState.CANCELLED,
        "Cancelled by you, the payer, the bank or GoCardless. It can be reinstated.",
    ),
    "expired": Meaning(
        MandateState.EXPIRED, "Unused for so long that it lapsed. It can be reinstated."
    ),
    "consumed": Meaning(
        MandateState.EXPIRED, "It was good for a single payment, which has been made."
    ),
    "blocked": Meaning(
        MandateState.FAILED, "GoCardless blocked it, so no payment can be made with it."
    ),
}

SUBSCRIPTIONS = {
    "pending_customer_approval": Meaning(
        SubscriptionState.PENDING, "Waits until a second person at the payer's side approves it."
    ),
    "customer_approval_denied": Meaning(
        SubscriptionState.CANCELLED, "The payer's side refused to approve it."
    ),
    "active": Meaning(
        SubscriptionState.ACTIVE, "GoCardless creates its payments as they fall due."
    ),
    "finished": Meaning(SubscriptionState.FINISHED, "All of its payments have been created."),
    "cancelled": Meaning(SubscriptionState.CANCELLED, "Cancelled: no further payments follow."),
    "paused": Meaning(
        SubscriptionState.PAUSED, "Paused: no payments are created until it resumes."
    ),
}

REFUNDS = {
    "created": Meaning(RefundState.PENDING, "Asked for; GoCardless has not sent the money yet."),
    "pending_submission": Meaning(RefundState.PENDING, "Not yet sent to the bank."),
    "submitted": Meaning(RefundState.PENDING, "Sent to the bank, and on its way to the payer."),
    "paid": Meaning(RefundState.PAID, "The money was sent to the payer."),
    "cancelled": Meaning(RefundState.CANCELLED, "Cancelled before the money was sent."),
    "bounced": Meaning(RefundState.FAILED, "It did not reach the payer's bank account."),
    "funds_returned": Meaning(
        RefundState.RETURNED, "It did not reach the payer, and the money has come back to you."
    ),
}

PAYOUTS = {
    "pending": Meaning(PayoutState.PENDING, "Put together, and not yet sent to your bank."),
    "paid": Meaning(PayoutState.PAID, "Sent to your bank account. It may still bounce."),
    "bounced": Meaning(
        PayoutState.BOUNCED, "Your bank sent it back. Check your bank account in GoCardless."
    ),
}
