"""One payment with everything around it, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click
import orjson

from ..payments.in_full import PaymentInFull, PayoutInFull
from ..types import Money
from .face import printable
from .output import print_table
from .payment_files import payment_as_json
from .times import minute


def print_in_full(found: PaymentInFull, *, raw: bool) -> None:
    for name, text in _facts(found):
        click.echo(printable(f"{name:<12} {text}"))
    if found.timeline:
        click.echo()
        print_table(
            ("When (UTC)", "What", "Cause", "Code", "In words"),
            (
                (
                    minute(it.at),
                    f"{'! ' if it.is_failure else ''}{it.action}",
                    it.cause,
                    it.reason_code,
                    it.text,
                )
                for it in found.timeline
            ),
        )
    if found.payout is not None:
        click.echo()
        _print_payout(found.payout)
    if raw:
        click.echo()
        click.echo(orjson.dumps(found.raw, option=orjson.OPT_INDENT_2, default=str).decode())


def _facts(found: PaymentInFull) -> Iterator[tuple[str, str]]:
    listed = found.listed
    it = listed.payment
    yield "payment", f"{it.id} ({listed.connection})"
    yield "amount", str(it.amount)
    yield "status", f"{it.status}: {it.explanation}"
    if it.charge_date:
        yield "charged", it.charge_date.isoformat()
    if it.created_at:
        yield "created", f"{minute(it.created_at)} UTC"
    if it.description:
        yield "description", it.description
    if it.reference:
        yield "reference", it.reference
    yield "payer", f"{it.external_user_id or 'not known yet'} {listed.payer}".rstrip()
    if listed.user_id is None:
        yield "user", "none: the payer is linked to nobody"
    else:
        yield "user", f"{listed.user_id}, {listed.user}, of {listed.customer}"
    if found.mandate is not None:
        scheme = f" ({found.mandate.scheme})" if found.mandate.scheme else ""
        yield "mandate", f"{found.mandate.id}{scheme}, {found.mandate.status}"
    elif it.mandate_id:
        yield "mandate", f"{it.mandate_id}, not in the mirror"
    if found.subscription is not None:
        yield "plan", f"{found.subscription.name or found.subscription.id}"
    for refund in found.refunds:
        when = f" on {refund.created_at:%Y-%m-%d}" if refund.created_at else ""
        yield "refund", f"{refund.id}: {refund.amount}, {refund.status}{when}"
    if found.payout is None and it.payout_id:
        yield "payout", f"{it.payout_id}, not in the mirror yet"
    if it.url:
        yield "open", it.url
    if found.read_at is not None:
        yield "read", f"{minute(found.read_at)} UTC"


def _print_payout(payout: PayoutInFull) -> None:
    it = payout.payout
    arrives = f", arrives {it.arrives_on}" if it.arrives_on else ""
    click.echo(printable(f"Payout {it.id}: {it.amount} after {it.fees} fees, {it.status}{arrives}"))
    for item in payout.items:
        of = f" of refund {item.refund_id}" if item.refund_id else ""
        click.echo(printable(f"  {item.type}{of}: {_tenths(item.tenths, it.amount)}"))
    if payout.adds_up is None:
        click.echo("  Its lines are not in the mirror: not read yet, or not kept by the provider.")
        return
    print_table(
        ("All its lines", "Lines", "Sum"),
        ((line.type, f"{line.lines:,}", _tenths(line.tenths, it.amount)) for line in payout.lines),
    )
    whole = sum(line.tenths for line in payout.lines)
    if payout.adds_up:
        click.echo(f"They add up to the payout: {_tenths(whole, it.amount)}.")
    else:
        click.echo(
            f"They do NOT add up to the payout: {_tenths(whole, it.amount)}, not {it.amount}."
        )


def _tenths(tenths: int, like: Money) -> str:
    """Exact: a tenth of a minor unit is shown only where there is one."""
    digits = like.exponent + (1 if tenths % 10 else 0)
    return f"{Decimal(tenths).scaleb(-1 - like.exponent):.{digits}f} {like.currency}"


def in_full_as_json(found: PaymentInFull) -> dict[str, Any]:
    """`raw` is the provider's record as it stands; amounts elsewhere are minor units."""
    return {
        **payment_as_json(found.listed),
        "timeline": [asdict(it) for it in found.timeline],
        "refunds": [asdict(it) for it in found.refunds],
        "payout": None if found.payout is None else asdict(found.payout),
        "mandate": None if found.mandate is None else asdict(found.mandate),
        "subscription": None if found.subscription is None else asdict(found.subscription),
        "read_at": found.read_at,
        "raw": found.raw,
    }
