"""The origins and causes that GoCardless documents for the actions of its events."""

from __future__ import annotations

DOCUMENTED: dict[str, dict[str, dict[str, str]]] = {
    "payments": {
        "cancelled": {
            "api": (
                "bank_account_closed instalment_schedule_cancelled mandate_cancelled "
                "payment_cancelled"
            ),
            "bank": (
                "account_blocked_for_any_financial_transaction authorisation_disputed "
                "bank_account_closed bank_account_transferred direct_debit_not_enabled "
                "invalid_bank_details mandate_cancelled mandate_suspended_by_payer "
                "other payment_stopped refer_to_payer return_on_odfi_request"
            ),
            "gocardless": (
                "initial_one_off_payment_failed instalment_schedule_cancelled "
                "mandate_cancelled mandate_expired"
            ),
        },
        "chargeback_cancelled": {
            "bank": ("payment_confirmed"),
            "gocardless": ("payment_confirmed"),
        },
        "chargeback_settled": {
            "gocardless": ("chargeback_settled"),
        },
        "charged_back": {
            "bank": (
                "authorisation_disputed mandate_cancelled other refund_requested "
                "return_on_odfi_request"
            ),
        },
        "confirmed": {
            "gocardless": ("payment_confirmed"),
        },
        "created": {
            "api": ("instalment_schedule_created payment_created"),
            "gocardless": ("payment_created"),
        },
        "customer_approval_denied": {
            "customer": ("customer_approval_denied"),
        },
        "customer_approval_granted": {
            "customer": ("customer_approval_granted"),
        },
        "failed": {
            "bank": (
                "account_blocked_for_any_financial_transaction authorisation_disputed "
                "bank_account_closed bank_account_transferred bank_declined_payment "
                "daily_payment_limit_reached direct_debit_not_enabled "
                "insufficient_funds insufficient_payment_permissions "
                "invalid_bank_details mandate_cancelled other payment_stopped "
                "payment_violated_mandate_parameters refer_to_payer "
                "return_on_odfi_request test_failure"
            ),
            "gocardless": ("other"),
        },
        "late_failure_settled": {
            "gocardless": ("late_failure_settled"),
        },
        "paid_out": {
            "gocardless": ("payment_paid_out"),
        },
        "resubmission_requested": {
            "api": ("payment_retried"),
            "gocardless": ("payment_autoretried"),
        },
        "submitted": {
            "gocardless": ("payment_submitted"),
        },
        "surcharge_fee_debited": {
            "gocardless": ("surcharge_fee_debited"),
        },
    },
    "mandates": {
        "active": {
            "bank": ("mandate_activated"),
            "gocardless": ("mandate_activated"),
        },
        "blocked": {
            "gocardless": ("mandate_blocked mandate_blocked_by_gocardless"),
        },
        "cancelled": {
            "api": ("bank_account_closed mandate_cancelled"),
            "bank": (
                "account_blocked_for_any_financial_transaction authorisation_disputed "
                "bank_account_closed bank_account_transferred direct_debit_not_enabled "
                "invalid_bank_details mandate_cancelled other payment_stopped "
                "refer_to_payer return_on_odfi_request"
            ),
            "gocardless": ("initial_one_off_payment_failed mandate_cancelled"),
        },
        "consumed": {
            "gocardless": ("mandate_consumed"),
        },
        "created": {
            "api": ("mandate_created"),
            "gocardless": ("mandate_created"),
        },
        "customer_approval_granted": {
            "customer": ("customer_approval_granted"),
        },
        "customer_approval_skipped": {
            "customer": ("customer_approval_skipped"),
        },
        "expired": {
            "bank": ("mandate_cancelled"),
            "gocardless": ("mandate_cancelled mandate_expired"),
        },
        "failed": {
            "bank": (
                "authorisation_disputed bank_account_closed bank_account_transferred "
                "direct_debit_not_enabled invalid_bank_details mandate_cancelled other "
                "payment_stopped refer_to_payer return_on_odfi_request"
            ),
        },
        "reinstated": {
            "bank": ("mandate_reinstated"),
            "gocardless": ("mandate_reinstated"),
        },
        "replaced": {
            "gocardless": ("scheme_identifier_changed"),
        },
        "resubmission_requested": {
            "api": ("resubmission_requested"),
            "bank": ("bank_account_transferred"),
        },
        "submitted": {
            "bank": ("bank_account_transferred"),
            "gocardless": ("mandate_submitted"),
        },
        "transferred": {
            "api": ("mandate_transferred"),
            "bank": ("bank_account_transferred"),
        },
    },
    "refunds": {
        "created": {
            "api": ("payment_refunded refund_created"),
        },
        "failed": {
            "gocardless": ("refund_failed"),
        },
        "funds_returned": {
            "gocardless": ("refund_funds_returned"),
        },
        "paid": {
            "gocardless": ("refund_paid"),
        },
        "refund_settled": {
            "gocardless": ("refund_settled"),
        },
    },
    "payouts": {
        "fx_rate_confirmed": {
            "gocardless": ("payout_fx_rate_confirmed"),
        },
        "paid": {
            "gocardless": ("payout_paid"),
        },
        "tax_exchange_rates_confirmed": {
            "gocardless": ("payout_tax_exchange_rates_confirmed"),
        },
    },
    "subscriptions": {
        "amended": {
            "api": ("subscription_amended"),
        },
        "cancelled": {
            "api": ("bank_account_closed mandate_cancelled plan_cancelled subscription_cancelled"),
            "bank": (
                "account_blocked_for_any_financial_transaction authorisation_disputed "
                "bank_account_closed bank_account_transferred direct_debit_not_enabled "
                "invalid_bank_details mandate_cancelled mandate_suspended_by_payer "
                "other payment_stopped refer_to_payer return_on_odfi_request"
            ),
            "gocardless": ("initial_one_off_payment_failed mandate_cancelled mandate_expired"),
        },
        "created": {
            "api": ("subscription_created"),
        },
        "customer_approval_denied": {
            "customer": ("customer_approval_denied"),
        },
        "customer_approval_granted": {
            "customer": ("customer_approval_granted"),
        },
        "finished": {
            "gocardless": ("subscription_finished"),
        },
        "paused": {
            "api": ("subscription_paused"),
            "gocardless": ("subscription_paused"),
        },
        "payment_created": {
            "gocardless": ("payment_created"),
        },
        "resumed": {
            "api": ("subscription_resumed"),
            "gocardless": ("subscription_resumed"),
        },
        "scheduled_pause": {
            "api": ("scheduled_pause"),
        },
        "scheduled_pause_cancelled": {
            "api": ("scheduled_pause_cancelled"),
        },
        "scheduled_resume": {
            "api": ("scheduled_resume"),
        },
    },
    "creditors": {
        "account_auto_frozen": {
            "gocardless": ("account_auto_frozen"),
        },
        "account_auto_frozen_reverted": {
            "gocardless": ("account_auto_frozen_reverted"),
        },
        "bounced_payout": {
            "gocardless": ("bounced_payout"),
        },
        "new_payout_currency_added": {
            "gocardless": ("new_payout_currency_added"),
        },
        "updated": {
            "gocardless": ("creditor_updated"),
        },
    },
}
"""Resource type → action → origin → causes, separated by blanks."""
