"""Payments as objects of JSON, for programs."""

from __future__ import annotations

from typing import Any

from ..payments.csv_rows import HEADINGS, csv_rows, number
from ..payments.listing import ListedPayment
from ..tab_types import CurrencyTotal
from ..types import Money

__all__ = ["HEADINGS", "csv_rows", "money_as_json", "number", "payment_as_json", "total_as_json"]


def payment_as_json(listed: ListedPayment) -> dict[str, Any]:
    it = listed.payment
    failure = listed.failure
    return {
        "connection": listed.connection,
        "payment": it.id,
        "status": it.status,
        "state": it.state.value,
        "explanation": it.explanation,
        "amount": money_as_json(it.amount),
        "refunded": it.amount_refunded and money_as_json(it.amount_refunded),
        "charge_date": it.charge_date,
        "created_at": it.created_at,
        "description": it.description,
        "reference": it.reference,
        "payer": {"id": it.external_user_id, "name": listed.payer},
        "user": None if listed.user_id is None else {"id": listed.user_id, "name": listed.user},
        "customer": (
            None
            if listed.customer_id is None
            else {"id": listed.customer_id, "name": listed.customer}
        ),
        "mandate": it.mandate_id,
        "payout": it.payout_id,
        "failure": failure,
        "url": it.url or None,
    }


def money_as_json(amount: Money) -> dict[str, Any]:
    """Minor units for programs, and the same in words."""
    return {"minor_units": amount.amount, "currency": amount.currency, "text": str(amount)}


def total_as_json(total: CurrencyTotal) -> dict[str, Any]:
    return {
        "currency": total.amount.currency,
        "payments": total.payments,
        **{
            name: money_as_json(getattr(total, name))
            for name in ("amount", "collected", "failed", "refunded")
        },
    }
