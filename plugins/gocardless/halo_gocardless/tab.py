"""The GoCardless Payments tab: from the host's mirror, or from GoCardless where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from halo_host import Money, Payment, PaymentState, Tab, TabContext

from .mirrored import load_mirrored

_COLLECTED = (PaymentState.CONFIRMED, PaymentState.PAID_OUT)


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The sums of the payments on one page in one currency."""

    amount: Money
    collected: Money
    refunded: Money


def payments_tab() -> Tab:
    """The tab; making it asks nothing of anyone."""
    return Tab(
        slug="payments",
        title="GoCardless Payments",
        template="halo_gocardless:templates/payments.html",
        load=load,
    )


def load(context: TabContext) -> Mapping[str, Any]:
    """The variables of `templates/payments.html`.

    Host 0.1 knows no mirror, and its context has no such attribute. Until a mirror is filled, the
    host asks GoCardless for payments.
    """
    mirror = getattr(context, "mirror", None)
    if mirror is not None and mirror.freshness.checked_at is not None:
        return {"is_mirrored": True, **load_mirrored(context, mirror)}
    page = context.payments(context.query)
    return {
        "is_mirrored": False,
        "is_filling": mirror is not None,
        "payments": page.payments,
        "totals": _totals(page.payments),
        "has_more": page.next_cursor is not None,
        "is_linked": bool(context.external_user_ids),
    }


def _totals(payments: tuple[Payment, ...]) -> list[CurrencyTotal]:
    sums: dict[str, list[int]] = {}
    for payment in payments:
        amounts = sums.setdefault(payment.amount.currency, [0, 0, 0])
        amounts[0] += payment.amount.amount
        if payment.state in _COLLECTED:
            amounts[1] += payment.amount.amount
        if payment.amount_refunded is not None:
            amounts[2] += payment.amount_refunded.amount
    return [
        CurrencyTotal(*(Money(amount=amount, currency=currency) for amount in amounts))
        for currency, amounts in sorted(sums.items())
    ]
