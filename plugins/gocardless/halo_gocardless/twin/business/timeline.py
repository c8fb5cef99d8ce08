"""When things happened in the generated business, as arithmetic on the payer's index.

Every function here never goes backwards as the index grows. That is what lets a list of a million
things be entered in the middle by binary search (see `..lanes`). The business is laid out before
``anchor_ms``, the now that was configured; what is open then goes on as the clock does.
"""

from __future__ import annotations

import bisect
import itertools

from ..bank_days import working_index, working_number
from ..clock import Clock
from ..times import DAY, HOUR, SECOND

FIRST, SECOND_ONE = 0, 1
"""A payer's first mandate (with its bank account), and the newer one that some payers also have."""

MONTHLY, OPENING = 0, 1
"""A payment of the monthly run on a first mandate; the one payment on a newer mandate."""

PAYOUT_HOUR = 10
"""At this hour (UTC) of a working day a payout collects what is due."""

MANDATE_ENDINGS = ("cancelled", "expired", "consumed", "blocked", "suspended_by_payer")
MANDATE_BANK_DAYS = {"submitted": (0, 16), "active": (3, 8), "failed": (3, 8), "cancelled": (5, 12)}
"""Which working day after the next date a mandate takes a step on, and at which hour; a first
mandate ends at another time, see `Timeline.mandate_step_ms`."""

PAYMENT_BANK_DAYS = (
    {  # on a mandate that is active already
        "submitted": (0, 15),
        "failed": (3, 9),
        "confirmed": (4, 7),
        "failed_unpaid": (5, 9),
        "paid_out": (6, PAYOUT_HOUR),
        "charged_back": (14, 9),
        "failed_late": (11, 9),
    },
    {  # on a new mandate, which must become active first
        "cancelled": (4, 9),
        "submitted": (4, 15),
        "failed": (7, 9),
        "confirmed": (8, 7),
        "paid_out": (10, PAYOUT_HOUR),
    },
)
PAYMENT_OFFSETS = (
    {"created": 0, "cancelled": DAY},
    {"created": 0, "customer_approval_denied": DAY},
)
"""The steps that people take: at any hour, a fixed time after the creation."""

_ACTIVE_AFTER = 4 * DAY
_HISTORY = 3 * 365 * DAY
RUNS = 12
_RUN = 30 * DAY
_NEWER = 28 * DAY


def bank_moment(after_ms: int, working_days: int, hour: int) -> int:
    """``hour`` o'clock, so many working days after the first one behind the date of a time."""
    index = working_index(after_ms // DAY + 1)
    return working_number(index + working_days) * DAY + hour * HOUR


class Timeline:
    """The times of a business with ``count`` payers, laid out up to ``anchor_ms``."""

    def __init__(self, anchor_ms: int, count: int, clock: Clock) -> None:
        self.anchor_ms = anchor_ms
        self.count = count
        self.clock = clock
        self._divisor = max(1, count)
        self._begin = anchor_ms - _HISTORY - DAY
        self._step = _HISTORY // self._divisor
        billable = [self._payers_with_active_mandate(self.run_start(run)) for run in range(RUNS)]
        self._run_offsets = [0, *itertools.accumulate(billable)]
        self._first_payout = working_index(self.run_start(0) // DAY)

    def now_ms(self) -> int:
        """Up to when steps have been taken."""
        return self.clock.now_ms()

    def customer_ms(self, payer: int) -> int:
        """When the customer was created: evenly over three years, a little scattered."""
        scatter = payer * 7919 % 1000 * self._step // 2000
        return self._begin + _HISTORY * payer // self._divisor + scatter

    def bank_account_ms(self, which: int, payer: int) -> int:
        """When the bank account was created: five minutes before its mandate."""
        return self.mandate_ms(which, payer) - 300 * SECOND

    def mandate_ms(self, which: int, payer: int) -> int:
        """When the mandate was created: a first one with the customer, a newer one lately."""
        if which == FIRST:
            return self.customer_ms(payer) + 600 * SECOND
        return self.anchor_ms - 2 * HOUR - _NEWER + _NEWER * payer // self._divisor

    def mandate_step_ms(self, which: int, action: str, payer: int) -> int:
        """When the mandate takes this step, if it ever does."""
        created = self.mandate_ms(which, payer)
        if action == "created":
            return created
        if which == FIRST and action in MANDATE_ENDINGS:
            lately = self.anchor_ms - 90 * DAY + 60 * DAY * payer // self._divisor
            return bank_moment(max(created + 20 * DAY, lately), 0, 12)
        return bank_moment(created, *MANDATE_BANK_DAYS[action])

    @property
    def monthly_count(self) -> int:
        """How many slots the monthly runs have together."""
        return self._run_offsets[-1]

    def monthly_slot(self, slot: int) -> tuple[int, int]:
        """The (run, payer) of a monthly payment."""
        run = bisect.bisect_right(self._run_offsets, slot) - 1
        return run, slot - self._run_offsets[run]

    def slot_in_run(self, run: int, payer: int) -> int | None:
        """The slot of a payer's payment in a run, if the run has one for this payer."""
        if not 0 <= run < RUNS:
            return None
        slot = self._run_offsets[run] + payer
        return slot if slot < self._run_offsets[run + 1] else None

    def monthly_slots(self, payer: int) -> list[int]:
        """The slots of all monthly payments of a payer, oldest first."""
        slots = (self.slot_in_run(run, payer) for run in range(RUNS))
        return [slot for slot in slots if slot is not None]

    def payment_ms(self, kind: int, slot: int) -> int:
        """When the payment was created."""
        if kind == OPENING:
            return self.mandate_ms(SECOND_ONE, slot) + HOUR
        return self.run_ms(*self.monthly_slot(slot))

    def run_ms(self, run: int, payer: int) -> int:
        """When a monthly run comes to a payer, also for runs that are still to come."""
        return self.run_start(run) + _RUN * payer // self._divisor

    def payment_step_ms(self, kind: int, step: str, slot: int) -> int:
        """When the payment takes this step, if it ever does."""
        created = self.payment_ms(kind, slot)
        bank_day = PAYMENT_BANK_DAYS[kind].get(step)
        if bank_day is not None:
            return bank_moment(created, *bank_day)
        if step in SETTLEMENTS:
            run, payer = self.monthly_slot(slot)
            return bank_moment(self.run_ms(run + 1, payer), *PAYMENT_BANK_DAYS[MONTHLY]["paid_out"])
        return created + PAYMENT_OFFSETS[kind][step]

    def refund_ms(self, slot: int) -> int:
        """When the refund of a monthly payment was created, if it has one."""
        return self.payment_step_ms(MONTHLY, "paid_out", slot) + 5 * DAY + 3 * HOUR

    def refund_step_ms(self, step: str, slot: int) -> int:
        """When the refund of a monthly payment takes this step."""
        if step == "refund_settled":
            return self.payment_step_ms(MONTHLY, "late_failure_settled", slot)
        created = self.refund_ms(slot)
        return created if step == "created" else bank_moment(created, 1, 12)

    def subscription_ms(self, payer: int) -> int:
        """When the subscription of a payer was created: soon after the first mandate."""
        return self.mandate_ms(FIRST, payer) + HOUR

    def subscription_step_ms(self, step: str, payer: int) -> int:
        """When the subscription takes this step; it ends a moment after its mandate."""
        if step == "created":
            return self.subscription_ms(payer)
        return self.mandate_step_ms(FIRST, "cancelled", payer) + SECOND

    def payout_slot(self, ms: int) -> int:
        """The slot of the payout that is made at this moment: payouts count working days."""
        return working_index(ms // DAY) - self._first_payout

    def payout_ms(self, slot: int) -> int:
        """When the payout in this slot is made."""
        return working_number(self._first_payout + slot) * DAY + PAYOUT_HOUR * HOUR

    def payout_paid_ms(self, slot: int) -> int:
        """When the money of a payout arrives: on the second working day after."""
        return working_number(self._first_payout + slot + 2) * DAY + 4 * HOUR

    @property
    def payout_count(self) -> int:
        """The slots of payouts until the last generated payment is paid out."""
        return self.payout_slot(self.anchor_ms + 40 * DAY)

    def run_start(self, run: int) -> int:
        """When a monthly run begins; run 12 is the first after the anchor."""
        return self.anchor_ms - (RUNS - run) * _RUN

    def _payers_with_active_mandate(self, ms: int) -> int:
        key = lambda payer: self.mandate_ms(FIRST, payer)  # noqa: E731
        return bisect.bisect_right(range(self.count), ms - _ACTIVE_AFTER, key=key)


SETTLEMENTS = ("chargeback_settled", "late_failure_settled")
"""What was paid out and lost is taken from the payout with the same payer's next payment."""
