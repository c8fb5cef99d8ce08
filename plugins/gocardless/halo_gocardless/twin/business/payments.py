"""Generated payments: twelve monthly runs on first mandates, one payment on each newer mandate."""

from __future__ import annotations

from collections.abc import Mapping

from ..bank_days import working_day
from ..identifiers import IdSpace
from ..lanes import Body, Place
from ..money import exchange_fields, payout_amount, payout_currency, payout_fee
from ..times import DAY, date_of, iso
from . import names
from .draw import Draw
from .mandates import UNAPPROVED, MandateGenerator
from .payers import PayerGenerator
from .refunded import refund_of, refunded_amount
from .timeline import FIRST, MANDATE_ENDINGS, MONTHLY, SECOND_ONE, Timeline

_COLLECTED = ("created", "submitted", "confirmed", "paid_out")
_PATHS = {
    "paid_out": _COLLECTED,
    "failed": ("created", "submitted", "failed"),
    "failed_unpaid": ("created", "submitted", "confirmed", "failed_unpaid"),
    "failed_late": (*_COLLECTED, "failed_late", "late_failure_settled"),
    "charged_back": (*_COLLECTED, "charged_back", "chargeback_settled"),
    "cancelled": ("created", "cancelled"),
    "customer_approval_denied": ("created", "customer_approval_denied"),
    UNAPPROVED: ("created",),
}
_STATUSES = {
    "failed_unpaid": "failed",
    "failed_late": "failed",
    "late_failure_settled": "failed",
    "chargeback_settled": "charged_back",
}
"""The status that a step leads to, where it has another name."""

_MONTHLY_FATES = (
    *(("paid_out",) * 87 + ("failed_unpaid",) + ("failed_late",) * 2),
    *(("failed",) * 4 + ("charged_back",) * 2 + ("cancelled",) * 4),
)
_OPENING_FATES = {
    "active": ("paid_out",) * 9 + ("failed",),
    UNAPPROVED: (UNAPPROVED, "customer_approval_denied"),
    "failed": ("cancelled",),
    "cancelled": ("cancelled",),
}
LOST = ("failed_late", "charged_back")
"""Fates in which money that was paid out is taken back."""

_UNIT_PRICES = (1250, 1995, 2400, 3500)


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
        taken_over: Mapping[Place, int],
    ) -> None:
        self._seed = seed
        self._timeline = timeline
        self._payers = payers
        self._mandates = mandates
        self._ids = ids
        self._creditor_id = creditor_id
        self._taken_over = taken_over

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
        return () if fate is None else self._steps(kind, slot, fate)

    def happened(self, kind: int, slot: int, step: str) -> bool:
        """Whether the payment has taken this step by now."""
        return step in self.steps(kind, slot)

    def payment(self, kind: int, slot: int) -> Body | None:
        """The body of a payment."""
        fate = self.fate(kind, slot)
        if fate is None:
            return None
        steps = self._steps(kind, slot, fate)
        payer = self.payer(kind, slot)
        country = self._payers.country(payer)
        draw = self._details(kind, slot)
        created_ms = self._timeline.payment_ms(kind, slot)
        charge_date = working_day(date_of(created_ms + 5 * DAY))
        amount = self._amount(kind, payer, draw)
        invoice = f"INV-{draw.digits(6)}"
        has_reference = country.scheme != "pad" and draw.chance(50)
        paid_out = "paid_out" in steps
        return {
            "id": self._ids["payments"].encode(kind, slot),
            "created_at": iso(created_ms),
            "charge_date": charge_date.isoformat(),
            "amount": amount,
            "description": _description(draw, charge_date.strftime("%B %Y")),
            "currency": country.currency,
            "status": _status(fate, steps[-1]),
            "amount_refunded": self._amount_refunded(kind, slot, fate, amount),
            "reference": invoice if has_reference else None,
            "metadata": {"invoice": invoice} if draw.chance(25) else {},
            "fx": exchange_fields(country.currency, amount, paid_out=paid_out),
            "links": self._links(kind, slot, payer, country.currency, paid_out),
            "retry_if_possible": False,
            "scheme": country.scheme,
            "app_fee": None,
            "faster_ach": None,
        }

    def amount(self, kind: int, slot: int, payer: int) -> int:
        """Minor units of a payment that exists."""
        return self._amount(kind, payer, self._details(kind, slot))

    def currency(self, payer: int) -> str:
        """The currency that a payer's bank account is in."""
        return self._payers.country(payer).currency

    def lost(self, slot: int) -> tuple[str, int] | None:
        """The monthly payment's debit from a later payout: its settlement and the amount.

        The amount is in the currency of the payout. None where there is nothing to take back.
        """
        fate = self.fate(MONTHLY, slot)
        refund = refund_of(self._seed, slot) if fate == "paid_out" else None
        if fate not in LOST and refund is None:
            return None
        payer = self.payer(MONTHLY, slot)
        amount = self.amount(MONTHLY, slot, payer)
        if refund is not None:
            amount = refunded_amount(refund, amount)
        name = "refund_settled" if refund is not None else _PATHS[str(fate)][-1]
        return name, payout_amount(self.currency(payer), amount)

    def is_covered(self, slot: int, debit: int) -> bool:
        """Whether the payer's next payment brings more into its payout than ``debit`` takes.

        Only then is the debit settled there: a payout is never zero or less. Else it stays owed.
        """
        run, payer = self._timeline.monthly_slot(slot)
        following = self._timeline.slot_in_run(run + 1, payer)
        if following is None or not self.is_credited(MONTHLY, following):
            return False
        credit = payout_amount(self.currency(payer), self.amount(MONTHLY, following, payer))
        return credit - payout_fee(credit) > debit

    def is_credited(self, kind: int, slot: int) -> bool:
        """Whether the payment is paid out sooner or later, unless it is taken over before."""
        fate = self.fate(kind, slot)
        if fate is None or "paid_out" not in _PATHS[fate]:
            return False
        taken_over = self._taken_over.get((kind, slot))
        return (
            taken_over is None
            or self._timeline.payment_step_ms(kind, "paid_out", slot) <= taken_over
        )

    def links_to_subscription(self, payer: int) -> bool:
        """Whether a payer's monthly payments come from a subscription."""
        draw = Draw(self._seed, "subscription", payer)
        return draw.chance(25) and self._mandates.fate(FIRST, payer) in SUBSCRIBING_FATES

    def monthly_amount(self, payer: int) -> int:
        """What the payer pays each month, in minor units."""
        tariff = Draw(self._seed, "tariff", payer)
        return tariff.between(1, 30) * tariff.pick(_UNIT_PRICES)

    def _steps(self, kind: int, slot: int, fate: str) -> tuple[str, ...]:
        until = self._taken_over.get((kind, slot)) or self._timeline.now_ms()
        path = _PATHS[fate]
        steps = tuple(
            step for step in path if self._timeline.payment_step_ms(kind, step, slot) <= until
        )
        if len(steps) == len(path) and fate in LOST:
            _, debit = self.lost(slot) or ("", 0)
            return steps if self.is_covered(slot, debit) else steps[:-1]
        return steps

    def _details(self, kind: int, slot: int) -> Draw:
        return Draw(self._seed, f"payment details {kind}", slot)

    def _amount(self, kind: int, payer: int, draw: Draw) -> int:
        """What the payer pays each month, now and then with an extra."""
        extra = draw.between(1, 6) * 4500 if draw.chance(12) else 0
        if kind == MONTHLY and extra and self.links_to_subscription(payer):
            extra = 0
        return self.monthly_amount(payer) + extra

    def _amount_refunded(self, kind: int, slot: int, fate: str, amount: int) -> int:
        refund = refund_of(self._seed, slot) if kind == MONTHLY and fate == "paid_out" else None
        if refund is None or not self._is_refunded(slot):
            return 0
        return refunded_amount(refund, amount)

    def _is_refunded(self, slot: int) -> bool:
        until = self._taken_over.get((MONTHLY, slot)) or self._timeline.now_ms()
        return self._timeline.refund_ms(slot) <= until

    def _links(
        self, kind: int, slot: int, payer: int, currency: str, paid_out: bool
    ) -> dict[str, str]:
        links = {
            "mandate": self._ids["mandates"].encode(
                FIRST if kind == MONTHLY else SECOND_ONE, payer
            ),
            "creditor": self._creditor_id,
        }
        if paid_out:
            step_ms = self._timeline.payment_step_ms(kind, "paid_out", slot)
            lane = PAYOUT_CURRENCIES.index(payout_currency(currency))
            links["payout"] = self._ids["payouts"].encode(lane, self._timeline.payout_slot(step_ms))
        if kind == MONTHLY and self.links_to_subscription(payer):
            links["subscription"] = self._ids["subscriptions"].encode(0, payer)
        return links


PAYOUT_CURRENCIES = ("GBP", "EUR")
"""The generated lanes of payouts."""

SUBSCRIBING_FATES = ("active", "cancelled", "expired")
"""What becomes of the mandates that carry subscriptions."""


def _status(fate: str, last_step: str) -> str:
    if last_step != "created":
        return _STATUSES.get(last_step, last_step)
    return UNAPPROVED if fate in (UNAPPROVED, "customer_approval_denied") else "pending_submission"


def _description(draw: Draw, month: str) -> str | None:
    return f"{draw.pick(names.CHARGES)}, {month}" if draw.chance(60) else None
