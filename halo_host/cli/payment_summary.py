"""A summary of payments, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from ..payments.summary import Month, Summary
from ..plurals import counted
from .output import print_table
from .payment_files import money_as_json


def print_summary(found: Summary) -> None:
    click.echo(f"Payments charged from {found.first_day} to {found.last_day}")
    _print_part(
        "Collected (confirmed or paid out), by month of the charge:",
        ("Month", "Payments", "Amount"),
        _month_rows(found.collected),
        empty="No payment was collected in this time.",
    )
    _print_part(
        "Failed, charged back, denied or cancelled, by the latest reason:",
        ("Reason", "Payments", "Amount", "Collected since", "In words"),
        [
            (
                it.cause or "(no reason given)",
                f"{it.payments:,}",
                it.amount,
                f"{it.collected:,}",
                it.text,
            )
            for it in found.failed
        ],
        empty="No payment failed in this time.",
    )
    _print_part(
        "Refunded, by month of the refund:",
        ("Month", "Refunds", "Amount"),
        _month_rows(found.refunded),
        empty="Nothing was refunded in this time.",
    )
    click.echo()
    taken = found.time_to_payout
    if taken is None:
        click.echo("No payment of this time was paid out yet.")
    else:
        click.echo(
            f"From charge to payout: half within {counted(taken.median, 'day')}, nine in ten "
            f"within {counted(taken.nine_in_ten, 'day')} ({counted(taken.payments, 'payment')})."
        )
    waiting = found.unlinked
    click.echo(
        f"Without a user, of all time: {counted(waiting.payments, 'payment')} of "
        f"{counted(waiting.payers, 'payer')}."
    )


def _print_part(
    heading: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str
) -> None:
    click.echo()
    if rows:
        click.echo(heading)
    print_table(columns, rows, empty=empty)


def _month_rows(months: Iterable[Month]) -> list[Sequence[object]]:
    return [(it.month, f"{it.payments:,}", it.amount) for it in months]


def summary_as_json(found: Summary) -> dict[str, Any]:
    return {
        "first_day": found.first_day,
        "last_day": found.last_day,
        "collected": [_month(it) for it in found.collected],
        "refunded": [_month(it) for it in found.refunded],
        "failed": [
            {
                "cause": it.cause,
                "text": it.text,
                "payments": it.payments,
                "amount": money_as_json(it.amount),
                "collected_since": it.collected,
            }
            for it in found.failed
        ],
        "days_to_payout": found.time_to_payout,
        "unlinked": found.unlinked,
    }


def _month(it: Month) -> dict[str, Any]:
    return {"month": it.month, "payments": it.payments, "amount": money_as_json(it.amount)}
