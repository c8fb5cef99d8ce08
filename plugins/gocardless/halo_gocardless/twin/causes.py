"""What an event's details say: who caused it, why, and in which words.

The pairs of action, origin and cause are those that GoCardless documents for its events.
"""

from __future__ import annotations

from typing import NamedTuple

from .lanes import Body


class Cause(NamedTuple):
    """Origin and cause of an event, a description, and the bank's reason code if one applies."""

    origin: str
    cause: str
    description: str
    reason_code: str | None = None


GENERATED = {
    "mandates": {
        "created": Cause("api", "mandate_created", "Mandate created via the API."),
        "submitted": Cause("gocardless", "mandate_submitted", "Mandate sent to the banks."),
        "active": Cause("gocardless", "mandate_activated", "The mandate is active."),
        "failed": Cause("bank", "invalid_bank_details", "Bank details refused.", "AUDDIS-5"),
        "cancelled": Cause("bank", "mandate_cancelled", "Cancelled by the payer.", "ADDACS-1"),
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
        "failed": Cause("bank", "refer_to_payer", "The payer's bank refused.", "ARUDD-0"),
        "confirmed": Cause("gocardless", "payment_confirmed", "The payment was collected."),
        "paid_out": Cause("gocardless", "payment_paid_out", "The payment is in a payout."),
        "charged_back": Cause("bank", "authorisation_disputed", "Payer claims back.", "DDICA-1"),
    },
}

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
ACCOUNT_CLOSED = Cause("api", "bank_account_closed", "The bank account was disabled via the API.")


def event_body(
    created_at: str,
    resource_type: str,
    action: str,
    cause: Cause,
    resource: Body,
    request_metadata: dict[str, str] | None = None,
) -> Body:
    """An event without its id, as the API gives it.

    ``request_metadata`` is the metadata of the API call that caused it. `source` is only known for
    events that an access token caused.
    """
    details = {"origin": cause.origin, "cause": cause.cause, "description": cause.description}
    if cause.origin == "bank":
        details["scheme"] = resource["scheme"]
    if cause.reason_code is not None and resource["scheme"] == "bacs":
        details["reason_code"] = cause.reason_code
    links = {resource_type.removesuffix("s"): resource["id"]}
    if action == "paid_out":
        links["payout"] = resource["links"]["payout"]
    body = {
        "created_at": created_at,
        "resource_type": resource_type,
        "action": action,
        "metadata": request_metadata or {},
        "details": details,
        "links": links,
        "resource_metadata": resource["metadata"],
        "customer_notifications": None,
    }
    if cause.origin == "api":
        body["source"] = {"name": "Twin access token", "type": "access_token"}
    return body
