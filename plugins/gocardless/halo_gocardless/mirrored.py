"""What the GoCardless Payments tab shows where the host has a mirror (level 2): nobody is asked.

Host 0.1 has no mirror, so the names of level 2 are imported for type checking alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from halo_host import Payment, PaymentQuery, PaymentState, TabContext

from .chart import Chart, charts, first_day

if TYPE_CHECKING:
    from halo_host import Freshness, Mandate, MirrorView, Payout, Refund, TimelineEntry

OLD = timedelta(hours=24)  # from then on the age of the mirror is pointed out

_COLLECTED = ("confirmed", "paid out")  # in the words of a history
_WENT_BACK = {
    PaymentState.FAILED: "failed",
    PaymentState.CHARGED_BACK: "was charged back",
}
_ORIGINS = {
    "api": "through the API",
    "bank": "by the bank",
    "customer": "by the payer",
    "gocardless": "by GoCardless",
    "payer": "by the payer",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a payment's history. `reason` and `code` are empty where nothing went wrong."""

    at: datetime
    action: str
    who: str
    text: str
    code: str
    is_failure: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A payment with all that belongs to it."""

    payment: Payment
    history: tuple[Happening, ...]
    refunds: tuple[Refund, ...]
    payout: Payout | None
    mandate: Mandate | None

    @property
    def has_more(self) -> bool:
        return bool(self.history or self.refunds or self.payout or self.payment.mandate_id)

    @property
    def went_back(self) -> str:
        """What has become of it in the end where the money is not there: how its row says so."""
        return _WENT_BACK.get(self.payment.state, "")

    @property
    def failure(self) -> Happening | None:
        """Why it is not there."""
        if not self.went_back:
            return None
        return next((it for it in reversed(self.history) if it.is_failure and it.text), None)

    @property
    def is_late(self) -> bool:
        """Whether it failed after it had counted as collected."""
        was_in = self.payment.payout_id or any(it.action in _COLLECTED for it in self.history)
        return bool(self.payment.state is PaymentState.FAILED and was_in)


def load_mirrored(context: TabContext, mirror: MirrorView) -> Mapping[str, Any]:
    """The variables of `templates/mirrored.html`, from a mirror that has been filled."""
    page = context.payments(context.query)
    totals = mirror.totals(context.query)
    timelines = mirror.timelines(page.payments)
    refunds = mirror.refunds(page.payments)
    payouts = mirror.payouts(page.payments)
    mandates = mirror.mandates()
    by_id = {mandate.id: mandate for mandate in mandates}
    return {
        "rows": [
            Row(
                payment=payment,
                history=tuple(map(_happening, timelines.get(payment.id, ()))),
                refunds=refunds.get(payment.id, ()),
                payout=payouts.get(payment.payout_id or ""),
                mandate=by_id.get(payment.mandate_id or ""),
            )
            for payment in page.payments
        ],
        "totals": totals,
        "payments": sum(total.payments for total in totals),
        "charts": _charts(context, mirror),
        "is_filtered": _is_filtered(context.query),
        "mandates": mandates,
        "subscriptions": mirror.subscriptions(),
        "is_linked": bool(context.external_user_ids),
        **_freshness(mirror.freshness, context.now),
    }


def _is_filtered(query: PaymentQuery) -> bool:
    return bool(query.statuses or query.charged_from or query.charged_to)


def _charts(context: TabContext, mirror: MirrorView) -> list[Chart]:
    """Of all payments, whatever the filter. Host 0.2 has no sums by month."""
    months = getattr(mirror, "months", None)
    if months is None:
        return []
    today = context.now.date()
    year = replace(
        context.query, statuses=(), charged_from=first_day(today), charged_to=None, cursor=None
    )
    return charts(months(year), today)


def _freshness(freshness: Freshness, now: datetime) -> Mapping[str, Any]:
    checked, proved = freshness.checked_at or now, freshness.proved_at
    return {
        "checked_at": checked,
        "checked_ago": ago(now - checked),
        "is_old": now - checked > OLD,
        "proved_at": proved,
        "proved_ago": None if proved is None else ago(now - proved),
        "differences": freshness.differences,
    }


def _happening(entry: TimelineEntry) -> Happening:
    return Happening(
        at=entry.at,
        action=_words(entry.action),
        who=_ORIGINS.get(entry.origin, ""),
        text=entry.text or _words(entry.cause),
        code=entry.reason_code,
        is_failure=entry.is_failure,
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def ago(age: timedelta) -> str:
    """How long ago something was, in whole units: "3 minutes ago". What is to come was just now."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        number = int(age.total_seconds() // length)
        if number > 0:
            return f"{number:,} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
