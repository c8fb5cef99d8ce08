"""Generated subscriptions: where some of the monthly payments come from."""

from __future__ import annotations

from collections.abc import Mapping

from ..bank_days import working_day
from ..identifiers import IdSpace
from ..lanes import Body, Place
from ..times import DAY, date_of, iso
from . import names
from .draw import Draw
from .mandates import MandateGenerator
from .payments import PaymentGenerator
from .timeline import FIRST, MANDATE_ENDINGS, RUNS, Timeline

UPCOMING = 10
"""How many future payments a subscription tells of."""


class SubscriptionGenerator:
    """Makes the subscription of a payer, always the same."""

    def __init__(
        self,
        seed: int,
        timeline: Timeline,
        mandates: MandateGenerator,
        payments: PaymentGenerator,
        ids: dict[str, IdSpace],
        taken_over: Mapping[Place, int],
    ) -> None:
        self._seed = seed
        self._timeline = timeline
        self._mandates = mandates
        self._payments = payments
        self._ids = ids
        self._taken_over = taken_over

    def steps(self, payer: int) -> tuple[str, ...]:
        """The steps that the subscription has taken; empty where there is none."""
        if not self._payments.links_to_subscription(payer):
            return ()
        until = self._taken_over.get((0, payer)) or self._timeline.now_ms()
        ended = any(step in MANDATE_ENDINGS for step in self._mandates.steps(FIRST, payer))
        path = ("created", "cancelled") if ended else ("created",)
        return tuple(
            step for step in path if self._timeline.subscription_step_ms(step, payer) <= until
        )

    def cause(self, payer: int) -> str:
        """Why the subscription is cancelled: what became of its mandate."""
        return f"mandate_{self._mandates.fate(FIRST, payer)}"

    def subscription(self, payer: int) -> Body | None:
        """The body of a subscription."""
        steps = self.steps(payer)
        if not steps:
            return None
        active = steps == ("created",)
        draw = Draw(self._seed, "subscription details", payer)
        amount = self._payments.monthly_amount(payer)
        created_ms = self._timeline.subscription_ms(payer)
        return {
            "id": self._ids["subscriptions"].encode(0, payer),
            "created_at": iso(created_ms),
            "amount": amount,
            "currency": self._payments.currency(payer),
            "status": "active" if active else "cancelled",
            "name": draw.pick(names.CHARGES),
            "start_date": self._charge_date(created_ms),
            "end_date": None,
            "interval": 1,
            "interval_unit": "monthly",
            "count": None,
            "day_of_month": None,
            "month": None,
            "metadata": {"contract": f"C-{draw.digits(5)}"} if draw.chance(30) else {},
            "payment_reference": None,
            "upcoming_payments": self._upcoming(payer, amount) if active else [],
            "app_fee": None,
            "retry_if_possible": False,
            "earliest_charge_date_after_resume": None,
            "parent_plan_paused": False,
            "links": {"mandate": self._ids["mandates"].encode(FIRST, payer)},
        }

    def _upcoming(self, payer: int, amount: int) -> list[Body]:
        now = self._timeline.now_ms()
        passed = (now - self._timeline.run_ms(RUNS, payer)) // (30 * DAY) + 1
        first = RUNS + max(0, passed)
        return [
            {"charge_date": self._charge_date(self._timeline.run_ms(run, payer)), "amount": amount}
            for run in range(first, first + UPCOMING)
        ]

    @staticmethod
    def _charge_date(created_ms: int) -> str:
        return working_day(date_of(created_ms + 5 * DAY)).isoformat()
