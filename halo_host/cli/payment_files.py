"""Payments as programs read them: rows of CSV, objects of JSON. Amounts are never floats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..directory.formulas import neutralised
from ..payments.listing import ListedPayment
from ..tab_types import CurrencyTotal
from ..types import Money

HEADINGS = (
    "connection",
    "payment",
    "status",
    "state",
    "amount",
    "currency",
    "refunded",
    "charge_date",
    "created_at",
    "description",
    "reference",
    "payer",
    "payer_name",
    "user",
    "user_name",
    "customer",
    "customer_name",
    "mandate",
    "payout",
    "failed_at",
    "failure_cause",
    "failure_code",
    "failure",
    "url",
)


def csv_rows(found: Iterable[ListedPayment]) -> Iterator[list[str]]:
    """Cells in the order of `HEADINGS`. Amounts are in major units with their currency's decimals;
    texts that a spreadsheet program would run as a formula have an apostrophe in front."""
    for listed in found:
        it = listed.payment
        failure = listed.failure
        texts = [
            *(listed.connection, it.id, it.status, it.state.value),
            *(None, it.amount.currency, None),
            *(it.charge_date, it.created_at and it.created_at.isoformat()),
            *(it.description, it.reference, it.external_user_id, listed.payer),
            *(listed.user_id, listed.user, listed.customer_id, listed.customer),
            *(it.mandate_id, it.payout_id),
            failure and failure.at.isoformat(),
            *(failure and failure.cause, failure and failure.reason_code, failure and failure.text),
            it.url,
        ]
        cells = ["" if text is None else neutralised(str(text)) for text in texts]
        cells[4] = number(it.amount)  # a number, though it may begin with a minus
        cells[6] = "" if it.amount_refunded is None else number(it.amount_refunded)
        yield cells


def number(amount: Money) -> str:
    """`19.99`, with as many decimals as the currency has."""
    return f"{amount.decimal:.{amount.exponent}f}"


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
