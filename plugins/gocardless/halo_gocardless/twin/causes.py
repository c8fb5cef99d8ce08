"""What an event's details say: who caused it, why, and in which words.

The pairs of action, origin and cause are those that GoCardless documents for its events.
"""

from __future__ import annotations

from .lanes import Body
from .reasons import REASONS, Cause, reasons

GENERATED = {
    "mandates": {
        "created": Cause("api", "mandate_created", "Mandate created via the API."),
        "submitted": Cause("gocardless", "mandate_submitted", "Mandate sent to the banks."),
        "active": Cause("gocardless", "mandate_activated", "The mandate is active."),
        "failed": REASONS["mandates", "failed"]["bacs"][0],
        "cancelled": REASONS["mandates", "cancelled"]["bacs"][0],
        "expired": Cause("gocardless", "mandate_expired", "Not used for too long."),
        "consumed": Cause("gocardless", "mandate_consumed", "The mandate has been used up."),
        "blocked": Cause("gocardless", "mandate_blocked", "A block applies to this payer."),
    },
    "payments": {
        "created": Cause("api", "payment_created", "Payment created via the API."),
        "customer_approval_denied": Cause(
            "customer", "customer_approval_denied", "The second signatory refused."
        ),
        "cancelled": Cause("api", "payment_cancelled", "Payment cancelled via the API."),
        "submitted": Cause("gocardless", "payment_submitted", "Payment sent to the banks."),
        "failed": REASONS["payments", "failed"]["bacs"][0],
        "confirmed": Cause("gocardless", "payment_confirmed", "The payment was collected."),
        "paid_out": Cause("gocardless", "payment_paid_out", "The payment is in a payout."),
        "late_failure_settled": Cause(
            "gocardless", "late_failure_settled", "The late failure was taken from a payout."
        ),
        "charged_back": REASONS["payments", "charged_back"]["bacs"][0],
        "chargeback_settled": Cause(
            "gocardless", "chargeback_settled", "The chargeback was taken from a payout."
        ),
    },
    "refunds": {
        "created": Cause("api", "payment_refunded", "Refund created via the API."),
        "paid": Cause("gocardless", "refund_paid", "The refund went to the payer."),
        "refund_settled": Cause(
            "gocardless", "refund_settled", "The refund was taken from a payout."
        ),
    },
    "payouts": {
        "paid": Cause("gocardless", "payout_paid", "Sent to the creditor's bank account."),
    },
    "subscriptions": {
        "created": Cause("api", "subscription_created", "Subscription created via the API."),
        "cancelled": Cause(
            "gocardless", "mandate_cancelled", "The mandate of this subscription has ended."
        ),
        "payment_created": Cause(
            "gocardless", "payment_created", "The subscription made a payment."
        ),
    },
}
"""The usual cause of each action: resource type → action."""

_BY_SUBSCRIPTION = Cause("gocardless", "payment_created", "Payment made by a subscription.")

_FAILURES = {"failed_unpaid": "failed", "failed_late": "failed"}


def cause_of(resource_type: str, step: str, resource: Body, number: int) -> Cause:
    """Why a generated thing takes a step; where there are several causes, ``number`` chooses."""
    if step == "created" and resource_type == "payments" and "subscription" in resource["links"]:
        return _BY_SUBSCRIPTION
    action = _FAILURES.get(step, step)
    if (resource_type, action) in REASONS:
        causes = reasons(resource_type, action, resource.get("scheme", "bacs"))
        return causes[number % len(causes)]
    return GENERATED[resource_type][action]


REQUESTED = {
    ("mandates", "created"): Cause("api", "mandate_created", "Mandate created via the API."),
    ("mandates", "cancelled"): Cause("api", "mandate_cancelled", "Mandate cancelled via the API."),
    ("mandates", "resubmission_requested"): Cause(
        "api", "resubmission_requested", "Reinstatement requested via the API."
    ),
    ("payments", "created"): Cause("api", "payment_created", "Payment created via the API."),
    ("payments", "cancelled"): Cause("api", "payment_cancelled", "Payment cancelled via the API."),
    ("payments", "resubmission_requested"): Cause(
        "api", "payment_retried", "Retry requested via the API."
    ),
}

MANDATE_GONE = Cause("api", "mandate_cancelled", "The mandate of this payment was cancelled.")
AUTO_RETRIED = Cause("gocardless", "payment_autoretried", "GoCardless tries the payment again.")
CHARGEBACK_CANCELLED = Cause("bank", "payment_confirmed", "The chargeback was reversed.")
MANDATE_EXPIRED = Cause("gocardless", "mandate_expired", "Not used for too long.")
MANDATE_REINSTATED = Cause(
    "gocardless", "mandate_reinstated", "The banks did not refuse the mandate, it is active again."
)
REINSTATED_BY_BANK = Cause("bank", "mandate_reinstated", "The payer's bank reinstated the mandate.")
REPLACED = Cause("gocardless", "scheme_identifier_changed", "Replaced by a new mandate.")
BULK_CREATED = Cause("gocardless", "mandate_created", "Mandate created by a bulk change.")
TRANSFERRED = Cause("bank", "bank_account_transferred", "The payer moved to another bank.")
REFUND_FAILED = Cause("gocardless", "refund_failed", "The refund did not reach the payer.")
REFUND_RETURNED = Cause("gocardless", "refund_funds_returned", "The funds came back.")
BOUNCED_PAYOUT = Cause("gocardless", "bounced_payout", "A payout for this creditor has failed.")
FINISHED = Cause("gocardless", "subscription_finished", "All payments have been made.")
PAUSED = Cause("api", "subscription_paused", "Pause requested via the API.")
RESUMED = Cause("api", "subscription_resumed", "Resumption requested via the API.")
RESUMED_BY_ITSELF = Cause("gocardless", "subscription_resumed", "The pause has ended.")
AMENDED = Cause("api", "subscription_amended", "The amount was changed via the API.")
SUBSCRIPTION_CANCELLED = Cause(
    "api", "subscription_cancelled", "Subscription cancelled via the API."
)
MANDATE_REFUNDED = Cause("api", "refund_created", "Refund of a mandate created via the API.")
APPROVED = {
    "customer_approval_granted": Cause(
        "customer", "customer_approval_granted", "The second signatory has approved."
    ),
    "customer_approval_skipped": Cause(
        "customer", "customer_approval_skipped", "The approval is not needed."
    ),
}
ACCOUNT_CLOSED = Cause("api", "bank_account_closed", "The bank account was disabled via the API.")


def event_body(
    created_at: str,
    resource_type: str,
    action: str,
    cause: Cause,
    resource: Body,
    request_metadata: dict[str, str] | None = None,
    more_details: Body | None = None,
    more_links: dict[str, str] | None = None,
) -> Body:
    """An event without its id, as the API gives it.

    ``request_metadata`` is the metadata of the API call that caused it. `source` is only known for
    events that an access token caused.
    """
    details: Body = {
        "origin": cause.origin,
        "cause": cause.cause,
        "description": cause.description,
    }
    scheme = resource.get("scheme")
    if cause.origin == "bank" and scheme is not None:
        details["scheme"] = scheme
        if cause.reason_code is not None:
            details["reason_code"] = cause.reason_code
    if (resource_type, action) == ("payments", "failed"):
        details["will_attempt_retry"] = False
    details |= more_details or {}
    links = {resource_type.removesuffix("s"): resource["id"]}
    if action == "paid_out":
        links["payout"] = resource["links"]["payout"]
    links |= more_links or {}
    body = {
        "created_at": created_at,
        "resource_type": resource_type,
        "action": action,
        "metadata": request_metadata or {},
        "details": details,
        "links": links,
        "resource_metadata": resource.get("metadata", {}),
        "customer_notifications": None,
    }
    if cause.origin == "api":
        body["source"] = {"name": "Twin access token", "type": "access_token"}
    return body
