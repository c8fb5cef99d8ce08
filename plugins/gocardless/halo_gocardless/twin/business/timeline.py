"""When things happened in the generated business, as arithmetic on the payer's index.

Every function here never goes backwards as the index grows. That is what lets a list of a million
things be entered in the middle by binary search (see `..lanes`).
"""

from __future__ import annotations

import bisect
import itertools

from ..times import DAY, HOUR, SECOND

FIRST, SECOND_ONE = 0, 1
"""A payer's first mandate (with its bank account), and the newer one that some payers also have."""

MONTHLY, OPENING = 0, 1
"""A payment of the monthly run on a first mandate; the one payment on a newer mandate."""

MANDATE_ENDINGS = ("cancelled", "expired", "consumed", "blocked", "suspended_by_payer")
MANDATE_OFFSETS = {
    "created": 0,
    "submitted": DAY,
    "active": 4 * DAY,
    "failed": 4 * DAY,
    "cancelled": 6 * DAY,
}
"""After how long a mandate takes a step; a first mandate ends at another time, see below."""

PAYMENT_OFFSETS = (
    {  # on a mandate that is active already
        "created": 0,
        "cancelled": DAY,
        "submitted": 2 * DAY,
        "failed": 6 * DAY,
        "confirmed": 7 * DAY,
        "paid_out": 9 * DAY,
        "charged_back": 20 * DAY,
    },
    {  # on a new mandate, which must become active first
        "created": 0,
        "customer_approval_denied": DAY,
        "cancelled": 5 * DAY,
        "submitted": 6 * DAY,
        "failed": 10 * DAY,
        "confirmed": 11 * DAY,
        "paid_out": 13 * DAY,
    },
)

_HISTORY = 3 * 365 * DAY
_RUNS = 12
_RUN = 30 * DAY
_NEWER = 28 * DAY


class Timeline:
    """The times of a business with ``count`` payers that ends at ``now_ms``."""

    def __init__(self, now_ms: int, count: int) -> None:
        self.now_ms = now_ms
        self.count = count
        self._divisor = max(1, count)
        self._begin = now_ms - _HISTORY - DAY
        self._step = _HISTORY // self._divisor
        billable = [self._payers_with_active_mandate(self._run_start(run)) for run in range(_RUNS)]
        self._run_offsets = [0, *itertools.accumulate(billable)]

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
        return self.now_ms - 2 * HOUR - _NEWER + _NEWER * payer // self._divisor

    def mandate_step_ms(self, which: int, action: str, payer: int) -> int:
        """When the mandate takes this step, if it ever does."""
        created = self.mandate_ms(which, payer)
        if which == FIRST and action in MANDATE_ENDINGS:
            lately = self.now_ms - 90 * DAY + 60 * DAY * payer // self._divisor
            return max(created + 20 * DAY, lately)
        return created + MANDATE_OFFSETS[action]

    @property
    def monthly_count(self) -> int:
        """How many slots the monthly runs have together."""
        return self._run_offsets[-1]

    def monthly_slot(self, slot: int) -> tuple[int, int]:
        """The (run, payer) of a monthly payment."""
        run = bisect.bisect_right(self._run_offsets, slot) - 1
        return run, slot - self._run_offsets[run]

    def monthly_slots(self, payer: int) -> list[int]:
        """The slots of all monthly payments of a payer, oldest first."""
        return [
            start + payer
            for start, end in itertools.pairwise(self._run_offsets)
            if payer < end - start
        ]

    def payment_ms(self, kind: int, slot: int) -> int:
        """When the payment was created."""
        if kind == OPENING:
            return self.mandate_ms(SECOND_ONE, slot) + HOUR
        run, payer = self.monthly_slot(slot)
        return self._run_start(run) + _RUN * payer // self._divisor

    def payment_step_ms(self, kind: int, action: str, slot: int) -> int:
        """When the payment takes this step, if it ever does."""
        return self.payment_ms(kind, slot) + PAYMENT_OFFSETS[kind][action]

    def _run_start(self, run: int) -> int:
        return self.now_ms - (_RUNS - run) * _RUN

    def _payers_with_active_mandate(self, ms: int) -> int:
        latest_creation = ms - MANDATE_OFFSETS["active"]
        key = lambda payer: self.mandate_ms(FIRST, payer)  # noqa: E731
        return bisect.bisect_right(range(self.count), latest_creation, key=key)
