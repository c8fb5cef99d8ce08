"""Generated refunds, each of a monthly payment that was paid out."""

from __future__ import annotations

from collections.abc import Mapping

from ..identifiers import IdSpace
from ..lanes import Body, Place
from ..money import exchange_fields
from ..times import iso
from .payments import PaymentGenerator
from .refunded import refunded_amount, refunded_slot
from .timeline import MONTHLY, Timeline

_STEPS = ("created", "paid", "refund_settled")


class RefundGenerator:
    """Makes refund number ``refund``, always the same."""

    def __init__(
        self,
        seed: int,
        timeline: Timeline,
        payments: PaymentGenerator,
        ids: dict[str, IdSpace],
        taken_over: Mapping[Place, int],
        payments_taken_over: Mapping[Place, int],
    ) -> None:
        self._seed = seed
        self._timeline = timeline
        self._payments = payments
        self._ids = ids
        self._taken_over = taken_over
        self._payments_taken_over = payments_taken_over

    def created_ms(self, refund: int) -> int:
        """When the refund was created."""
        return self._timeline.refund_ms(self.slot(refund))

    def step_ms(self, step: str, refund: int) -> int:
        """When the refund takes this step, if it ever does."""
        return self._timeline.refund_step_ms(step, self.slot(refund))

    def slot(self, refund: int) -> int:
        """The slot of the payment that is refunded."""
        return refunded_slot(self._seed, refund)

    def steps(self, refund: int) -> tuple[str, ...]:
        """The steps that the refund has taken by now; empty where there is no refund."""
        slot = self.slot(refund)
        if self._payments.fate(MONTHLY, slot) != "paid_out":
            return ()
        if self._payments_taken_over.get((MONTHLY, slot), 1 << 62) < self.created_ms(refund):
            return ()
        until = self._taken_over.get((0, refund)) or self._timeline.now_ms()
        steps = tuple(step for step in _STEPS if self.step_ms(step, refund) <= until)
        if steps == _STEPS:
            _, debit = self._payments.lost(slot) or ("", 0)
            return steps if self._payments.is_covered(slot, debit) else steps[:-1]
        return steps

    def refund(self, refund: int) -> Body | None:
        """The body of a refund."""
        steps = self.steps(refund)
        if not steps:
            return None
        slot = self.slot(refund)
        payer = self._payments.payer(MONTHLY, slot)
        amount = refunded_amount(refund, self._payments.amount(MONTHLY, slot, payer))
        currency = self._payments.currency(payer)
        return {
            "id": self._ids["refunds"].encode(0, refund),
            "created_at": iso(self.created_ms(refund)),
            "amount": amount,
            "currency": currency,
            "reference": None,
            "metadata": {},
            "status": "created" if steps == ("created",) else "paid",
            "fx": exchange_fields(currency, amount, paid_out="paid" in steps),
            "links": {"payment": self._ids["payments"].encode(MONTHLY, slot)},
        }
