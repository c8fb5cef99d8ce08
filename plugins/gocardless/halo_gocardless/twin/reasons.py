"""Why banks refuse, cancel and take back, scheme by scheme, with the reason codes they give.

Causes and codes are those that GoCardless documents; Bacs and SEPA have their own tables, the
banks of the other schemes give a common cause and no code.
"""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """Origin and cause of an event, a description, and the bank's reason code if one applies."""

    origin: str
    cause: str
    description: str
    reason_code: str | None = None


_OTHERS = "others"

REASONS: dict[tuple[str, str], dict[str, tuple[Cause, ...]]] = {
    ("mandates", "failed"): {
        "bacs": (
            Cause("bank", "invalid_bank_details", "The bank knows no such account.", "AUDDIS-5"),
            Cause("bank", "bank_account_closed", "The account has been closed.", "AUDDIS-B"),
            Cause("bank", "direct_debit_not_enabled", "The account takes no debits.", "AUDDIS-F"),
        ),
        "sepa_core": (
            Cause("bank", "invalid_bank_details", "The bank knows no such account.", "AC01"),
        ),
        _OTHERS: (Cause("bank", "invalid_bank_details", "The bank knows no such account."),),
    },
    ("mandates", "cancelled"): {
        "bacs": (
            Cause("bank", "mandate_cancelled", "Cancelled by the payer at the bank.", "ADDACS-1"),
            Cause("bank", "mandate_cancelled", "Cancelled by the payer's bank.", "ADDACS-0"),
            Cause("bank", "bank_account_closed", "The account has been closed.", "ADDACS-B"),
            Cause("bank", "authorisation_disputed", "The payer disputes the mandate.", "ADDACS-D"),
        ),
        "sepa_core": (
            Cause("bank", "mandate_cancelled", "Cancelled by the payer at the bank.", "MD01"),
            Cause("bank", "bank_account_closed", "The account has been closed.", "AC04"),
        ),
        _OTHERS: (Cause("bank", "bank_account_closed", "The account has been closed."),),
    },
    ("payments", "failed"): {
        "bacs": (
            *((Cause("bank", "refer_to_payer", "The payer's bank did not pay.", "ARUDD-0"),) * 5),
            Cause("bank", "mandate_cancelled", "The payer cancelled at the bank.", "ARUDD-1"),
            Cause("bank", "bank_account_closed", "The account has been closed.", "ARUDD-B"),
            Cause("bank", "invalid_bank_details", "The bank knows no such account.", "ARUDD-5"),
            Cause("bank", "other", "The bank had no mandate for this payment.", "ARUDD-6"),
        ),
        "sepa_core": (
            *((Cause("bank", "insufficient_funds", "The account had too little.", "AM04"),) * 4),
            Cause("bank", "refer_to_payer", "The payer's bank did not say why.", "MS03"),
            Cause("bank", "mandate_cancelled", "The payer cancelled at the bank.", "MD01"),
            Cause("bank", "bank_account_closed", "The account has been closed.", "AC04"),
        ),
        _OTHERS: (Cause("bank", "refer_to_payer", "The payer's bank did not pay."),),
    },
    ("payments", "charged_back"): {
        "bacs": (
            Cause("bank", "authorisation_disputed", "The payer disputes the amount.", "DDICA-1"),
            Cause("bank", "authorisation_disputed", "The payer was not told before.", "DDICA-2"),
            Cause("bank", "authorisation_disputed", "The payer had cancelled before.", "DDICA-4"),
        ),
        "sepa_core": (
            Cause("bank", "refund_requested", "The payer asked the bank for the money.", "MD06"),
            Cause("bank", "mandate_cancelled", "The payer never agreed to it.", "MD01"),
        ),
        _OTHERS: (Cause("bank", "authorisation_disputed", "The payer disputes the payment."),),
    },
}
"""(resource type, action) → scheme → causes, the usual one first."""


def reasons(resource_type: str, action: str, scheme: str) -> tuple[Cause, ...]:
    """The causes that the banks of a scheme give, the usual one first."""
    by_scheme = REASONS[resource_type, action]
    return by_scheme.get(scheme, by_scheme[_OTHERS])
