"""`halo-host payments`: lists, one payment in full, sums; all from the mirror."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

import click

from ..directory.csv_file import write
from ..host import Host
from ..payments.filters import SORTS, PaymentFilter, Sort
from ..payments.listing import ListedPayment
from ..payments.pages import MOST
from ..plurals import counted
from ..tab_types import CurrencyTotal
from ..types import PaymentState
from .face import printable, with_host
from .output import print_json, print_table
from .parameters import Day, Number
from .payment_files import HEADINGS, csv_rows, payment_as_json, total_as_json
from .payment_in_full import in_full_as_json, print_in_full
from .payment_statuses import print_statuses
from .payment_summary import print_summary, summary_as_json

C = TypeVar("C", bound=Callable[..., Any])


@click.group("payments")
def command() -> None:
    """List, show and sum up payments of all users, from the mirror.

    The provider is not asked; `halo-host health` tells how recent the mirror is.
    """


def _filters(function: C) -> C:
    options = (
        click.option("--connection", help="Only payments of this connection."),
        click.option("--status", "statuses", multiple=True, help="The provider's own word for it."),
        click.option(
            "--state",
            "states",
            multiple=True,
            type=click.Choice([state.value for state in PaymentState]),
            help="The same in words common to all providers.",
        ),
        click.option("--from", "first_day", type=Day(), help="Charged on this day or later."),
        click.option("--to", "last_day", type=Day(), help="Charged on this day or earlier."),
        click.option("--customer", help="Of this customer: its number, reference or name."),
        click.option("--user", help="Of this user: number, reference or e-mail."),
        click.option("--payer", help="Of this payer: the provider's id."),
        click.option(
            "--reason",
            "reasons",
            multiple=True,
            help="Whose latest failure had this cause or reason code.",
        ),
        click.option("--unlinked", is_flag=True, help="Whose payer is linked to no user."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _filter(
    states: tuple[str, ...], first_day: date | None, last_day: date | None, **rest: Any
) -> PaymentFilter:
    return PaymentFilter(
        states=tuple(PaymentState(state) for state in states),
        charged_from=first_day,
        charged_to=last_day,
        **rest,
    )


@command.command("list")
@_filters
@click.option("--sort", type=click.Choice(SORTS), default="newest", show_default=True)
@click.option("--limit", type=Number(1, MOST), default=50, show_default=True)
@click.option("--cursor", help="Go on with the next page, as the page before names it.")
@click.option("--totals", is_flag=True, help="Also the sums by currency of all that is found.")
@click.option("--csv", "as_csv", is_flag=True, help="Print all that is found as CSV, of any size.")
@click.option("--json", "as_json", is_flag=True, help="Print the page as JSON.")
@with_host
def list_(
    host: Host,
    /,
    sort: Sort,
    limit: int,
    cursor: str | None,
    totals: bool,
    as_csv: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """List payments of all users and connections.

    Options of one kind widen the list, options of different kinds narrow it. Dates are charge
    dates. Payments without a time of creation come last.

    \b
    Examples:
      halo-host payments list --state failed --from 2026-03-01
      halo-host payments list --customer "Acme Ltd" --reason insufficient_funds
      halo-host payments list --unlinked --csv > unlinked.csv
    """
    wanted = _filter(**filters)
    if as_csv:
        if as_json or cursor or totals:
            raise click.UsageError("--csv prints all that is found, and nothing else.")
        found = host.payments.stream(wanted, sort=sort)
        write(sys.stdout.buffer, HEADINGS, csv_rows(found), mark=False)
        return
    page = host.payments.list(wanted, sort=sort, cursor=cursor, limit=limit)
    sums = host.payments.totals(wanted) if totals else ()
    if as_json:
        print_json(
            {
                "items": [payment_as_json(it) for it in page.payments],
                "next_cursor": page.next_cursor,
                **({"totals": [total_as_json(it) for it in sums]} if totals else {}),
            }
        )
        return
    _print_page(page.payments, narrowed=wanted != PaymentFilter())
    if not page.payments and cursor is None:
        _say_what_there_is(host, wanted)
    _print_totals(sums)
    if page.next_cursor is not None:
        click.echo(f"More payments: --cursor {shlex.quote(page.next_cursor)}", err=True)


def _print_page(found: Iterable[ListedPayment], *, narrowed: bool) -> None:
    print_table(
        ("Charged", "Amount", "Status", "Payment", "User", "Customer", "Failed because"),
        (
            (
                listed.payment.charge_date,
                listed.payment.amount,
                listed.payment.status,
                listed.payment.id,
                listed.user or f"({listed.payer or listed.payment.external_user_id or 'unknown'})",
                listed.customer,
                listed.failure and (listed.failure.cause or listed.failure.text),
            )
            for listed in found
        ),
        empty="No payment is like that." if narrowed else "There is no payment in the mirror yet.",
    )


def _say_what_there_is(host: Host, wanted: PaymentFilter) -> None:
    """Words that may have been mistyped, beside those that there are."""
    if wanted.statuses:
        print_statuses(host.payments.known_statuses(connection=wanted.connection))
        click.echo("In words common to all providers: --state", err=True)
    if wanted.reasons:
        known = host.payments.known_reasons()
        click.echo(
            printable(f"Reasons that payments failed for: {', '.join(known) or 'none yet'}"),
            err=True,
        )


def _print_totals(sums: Iterable[CurrencyTotal]) -> None:
    for total in sums:
        click.echo(
            f"{counted(total.payments, 'payment')}: {total.amount}, collected {total.collected}, "
            f"failed {total.failed}, refunded {total.refunded}"
        )


@command.command()
@click.argument("payment")
@click.option("--connection", help="Which connection's, where several have a payment of that id.")
@click.option("--raw", is_flag=True, help="Also the record as the provider sent it.")
@click.option("--json", "as_json", is_flag=True, help="Print it all as JSON.")
@with_host
def show(host: Host, payment: str, connection: str | None, raw: bool, as_json: bool) -> None:
    """Show one payment: whose it is, what happened to it, refunds, payout, mandate.

    PAYMENT is its id at the provider.

    \b
    Example:
      halo-host payments show PM000123 --raw
    """
    found = host.payments.get(payment, connection=connection)
    if as_json:
        print_json(in_full_as_json(found))
    else:
        print_in_full(found, raw=raw)


@command.command()
@click.option("--connection", help="Only payments of this connection.")
@click.option("--from", "first_day", type=Day(), help="Default: the first day, eleven months ago.")
@click.option("--to", "last_day", type=Day(), help="Default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_host
def summary(
    host: Host,
    connection: str | None,
    first_day: date | None,
    last_day: date | None,
    as_json: bool,
) -> None:
    """Sum up: collected by month, failed by reason, time to payout, refunds, unlinked payments.

    Days are charge dates.

    \b
    Example:
      halo-host payments summary --from 2026-01-01 --to 2026-03-31
    """
    end = last_day or host.clock().date()
    if last_day is None and first_day is not None and first_day > end:
        raise click.UsageError(
            f"{first_day} is after today, where the summary ends unless --to names another day."
        )
    start = first_day or _a_year_of_months(end)
    found = host.payments.summary(start, end, connection=connection)
    if as_json:
        print_json(summary_as_json(found))
    else:
        print_summary(found)


def _a_year_of_months(end: date) -> date:
    """The first day of the twelve months that end with this one."""
    return date(end.year, 1, 1) if end.month == 12 else date(end.year - 1, end.month + 1, 1)
