"""Generated payments: twelve monthly runs on first mandates, one payment on each newer mandate."""

from __future__ import annotations

from ..identifiers import IdSpace
from ..lanes import Body
from ..times import DAY, date_of, iso, working_day
from . import names
from .draw import Draw
from .mandates import UNAPPROVED, MandateGenerator
from .payers import PayerGenerator
from .timeline import FIRST, MANDATE_ENDINGS, MONTHLY, SECOND_ONE, Timeline

_PATHS = {
    "paid_out": ("created", "submitted", "confirmed", "paid_out"),
    "failed": ("created", "submitted", "failed"),
    "charged_back": ("created", "submitted", "confirmed", "paid_out", "charged_back"),
    "cancelled": ("created", "cancelled"),
    "customer_approval_denied": ("created", "customer_approval_denied"),
    UNAPPROVED: ("created",),
}
_MONTHLY_FATES = (
    *(("paid_out",) * 90 + ("failed",) * 4 + ("charged_back",) * 2 + ("cancelled",) * 4),
)
_OPENING_FATES = {
    "active": ("paid_out",) * 9 + ("failed",),
    UNAPPROVED: (UNAPPROVED, "customer_approval_denied"),
    "failed": ("cancelled",),
    "cancelled": ("cancelled",),
}
_UNIT_PRICES = (1250, 1995, 2400, 3500)
_POUNDS_PER_UNIT = {"SEK": 757, "DKK": 1148, "AUD": 5096, "NZD": 4537, "CAD": 5631, "USD": 7873}
"""Pounds for one unit of a currency, in ten-thousandths."""


class PaymentGenerator:
    """Makes payment number (kind, slot), always the same."""

    def __init__(
        self,
        seed: int,
        timeline: Timeline,
        payers: PayerGenerator,
        mandates: MandateGenerator,
        ids: dict[str, IdSpace],
        creditor_id: str,
    ) -> None:
        self._seed = seed
        self._timeline = timeline
        self._payers = payers
        self._mandates = mandates
        self._ids = ids
        self._creditor_id = creditor_id

    def payer(self, kind: int, slot: int) -> int:
        """The index of the customer who pays."""
        return self._timeline.monthly_slot(slot)[1] if kind == MONTHLY else slot

    def fate(self, kind: int, slot: int) -> str | None:
        """What becomes of the payment in the end; None where there is no payment."""
        payer = self.payer(kind, slot)
        which = FIRST if kind == MONTHLY else SECOND_ONE
        mandate_fate = self._mandates.fate(which, payer)
        if mandate_fate is None:
            return None
        draw = Draw(self._seed, f"payment {kind}", slot)
        if kind != MONTHLY:
            return draw.pick(_OPENING_FATES[mandate_fate])
        if mandate_fate == "failed" or draw.chance(8):
            return None
        if mandate_fate in MANDATE_ENDINGS:
            ended = self._timeline.mandate_step_ms(which, mandate_fate, payer)
            if self._timeline.payment_ms(kind, slot) >= ended:
                return None
        return draw.pick(_MONTHLY_FATES)

    def steps(self, kind: int, slot: int) -> tuple[str, ...]:
        """The steps that the payment has taken by now; empty where there is no payment."""
        fate = self.fate(kind, slot)
        if fate is None:
            return ()
        now = self._timeline.now_ms
        return tuple(
            step for step in _PATHS[fate] if self._timeline.payment_step_ms(kind, step, slot) <= now
        )

    def payment(self, kind: int, slot: int) -> Body | None:
        """The body of a payment."""
        fate = self.fate(kind, slot)
        if fate is None:
            return None
        steps = self.steps(kind, slot)
        payer = self.payer(kind, slot)
        country = self._payers.country(payer)
        draw = Draw(self._seed, f"payment details {kind}", slot)
        created_ms = self._timeline.payment_ms(kind, slot)
        charge_date = working_day(date_of(created_ms + 5 * DAY))
        amount = self._amount(payer, draw)
        invoice = f"INV-{draw.digits(6)}"
        has_reference = country.scheme != "pad" and draw.chance(50)
        links = {
            "mandate": self._ids["mandates"].encode(0 if kind == MONTHLY else 1, payer),
            "creditor": self._creditor_id,
        }
        if "paid_out" in steps:
            day = self._timeline.payment_step_ms(kind, "paid_out", slot) // DAY
            links["payout"] = self._ids["payouts"].encode(0, day)
        return {
            "id": self._ids["payments"].encode(kind, slot),
            "created_at": iso(created_ms),
            "charge_date": charge_date.isoformat(),
            "amount": amount,
            "description": _description(draw, charge_date.strftime("%B %Y")),
            "currency": country.currency,
            "status": _status(fate, steps[-1]),
            "amount_refunded": amount // 2 if "paid_out" in steps and draw.chance(3) else 0,
            "reference": invoice if has_reference else None,
            "metadata": {"invoice": invoice} if draw.chance(25) else {},
            "fx": _fx(country.currency, amount, "paid_out" in steps),
            "links": links,
            "retry_if_possible": False,
            "scheme": country.scheme,
            "app_fee": None,
            "faster_ach": None,
        }

    def _amount(self, payer: int, draw: Draw) -> int:
        """Minor units: what the payer pays each month, now and then with an extra."""
        tariff = Draw(self._seed, "tariff", payer)
        monthly = tariff.between(1, 30) * tariff.pick(_UNIT_PRICES)
        return monthly + (draw.between(1, 6) * 4500 if draw.chance(12) else 0)


def _status(fate: str, last_step: str) -> str:
    if last_step != "created":
        return last_step
    return UNAPPROVED if fate in (UNAPPROVED, "customer_approval_denied") else "pending_submission"


def _description(draw: Draw, month: str) -> str | None:
    return f"{draw.pick(names.CHARGES)}, {month}" if draw.chance(60) else None


def _fx(currency: str, amount: int, paid_out: bool) -> Body:
    """Nulls for a currency that is paid out as it is; else the exchange into pounds."""
    rate = _POUNDS_PER_UNIT.get(currency)
    if rate is None:
        return dict.fromkeys(
            ("fx_currency", "fx_amount", "exchange_rate", "estimated_exchange_rate")
        )
    written = f"0.{rate:04d}000000"
    return {
        "fx_currency": "GBP",
        "fx_amount": amount * rate // 10_000 if paid_out else None,
        "exchange_rate": written if paid_out else None,
        "estimated_exchange_rate": written,
    }
