"""The values that the API knows."""

from __future__ import annotations

PAYMENT_STATUSES = (
    "pending_customer_approval",
    "pending_submission",
    "submitted",
    "confirmed",
    "paid_out",
    "cancelled",
    "customer_approval_denied",
    "failed",
    "charged_back",
)

MANDATE_STATUSES = (
    "pending_customer_approval",
    "pending_submission",
    "submitted",
    "active",
    "suspended_by_payer",
    "failed",
    "cancelled",
    "expired",
    "consumed",
    "blocked",
)

USABLE_MANDATE_STATUSES = MANDATE_STATUSES[:4]
"""The statuses of a mandate on which a payment may be created."""

MANDATE_TYPES = ("bank_debit", "instant", "recurring", "vrp_commercial", "vrp_sweeping")

REFUND_STATUSES = (
    *("created", "pending_submission", "submitted", "paid", "cancelled", "bounced"),
    "funds_returned",
)

REFUND_TYPES = ("mandate", "payment")

PAYOUT_STATUSES = ("pending", "paid", "bounced")

PAYOUT_TYPES = ("merchant", "partner")

SUBSCRIPTION_STATUSES = (
    *("pending_customer_approval", "customer_approval_denied", "active", "finished", "cancelled"),
    "paused",
)

LANGUAGES = ("en", "fr", "de", "pt", "es", "it", "nl", "da", "nb", "sl", "sv")

EVENT_RESOURCES = {
    "billing_request": "billing_requests",
    "creditor": "creditors",
    "customer": "customers",
    "export": "exports",
    "instalment_schedule": "instalment_schedules",
    "mandate": "mandates",
    "organisation": "organisations",
    "outbound_payment": "outbound_payments",
    "payer_authorisation": "payer_authorisations",
    "payment": "payments",
    "payment_account_transaction": "payment_account_transactions",
    "payout": "payouts",
    "refund": "refunds",
    "scheme_identifier": "scheme_identifiers",
    "subscription": "subscriptions",
}
"""Link name → resource type: what an event can be about."""

EVENT_LINK_FILTERS = tuple(
    name for name in EVENT_RESOURCES if name not in ("customer", "organisation")
)
"""The ids by which events can be listed."""

REFERENCE_LENGTHS = {
    "ach": 10,
    "autogiro": 11,
    "bacs": 10,
    "becs": 30,
    "becs_nz": 12,
    "betalingsservice": 30,
    "faster_payments": 0,
    "pad": 0,
    "pay_to": 18,
    "sepa_core": 140,
}
"""The longest reference that a payment may be given; 0 where none can be set."""
