"""Payments as rows of CSV, for spreadsheet programs and others. Amounts are never floats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..directory.formulas import neutralised
from ..types import Money
from .listing import ListedPayment

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
