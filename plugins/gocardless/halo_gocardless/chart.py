"""The last twelve months as a small chart, one for each currency: where its bars stand.

Whole numbers throughout; the template draws them. Host 0.1 and 0.2 cannot tell sums by month, so
the names of host 0.3 are imported for type checking alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from halo_host import Money

if TYPE_CHECKING:
    from halo_host import MonthTotal

MONTHS = 12
_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_STEP, _WIDTH = 31, 19  # from bar to bar, and of a bar
_BASE, _HIGHEST = 108, 92  # where bars stand, and how high the highest is


@dataclass(frozen=True, slots=True)
class Bar:
    """One month; lengths in units of the drawing, `failed` stands on top of `collected`."""

    label: str
    name: str
    collected: Money
    failed: Money
    x: int
    collected_y: int
    collected_height: int
    failed_y: int
    failed_height: int

    @property
    def middle(self) -> int:
        return self.x + _WIDTH // 2


@dataclass(frozen=True, slots=True)
class Chart:
    """`highest` is the amount of the highest bar."""

    currency: str
    highest: Money
    bars: tuple[Bar, ...]
    width: int = _STEP * MONTHS
    base: int = _BASE
    bar_width: int = _WIDTH

    @property
    def has_failed(self) -> bool:
        return any(bar.failed.amount for bar in self.bars)


def first_day(today: date) -> date:
    """The first day of the twelve months that end with this one."""
    year, month = divmod(today.year * 12 + today.month - MONTHS, 12)
    return date(year, month + 1, 1)


def charts(totals: Iterable[MonthTotal], today: date) -> list[Chart]:
    """Those of the currencies in which something was collected or failed in that time."""
    start = first_day(today)
    months = [divmod(start.year * 12 + start.month - 1 + number, 12) for number in range(MONTHS)]
    by_currency: dict[str, dict[str, tuple[int, int]]] = {}
    for it in totals:
        sums = by_currency.setdefault(it.collected.currency, {})
        sums[it.month] = (it.collected.amount, it.failed.amount)
    found = []
    for currency, sums in sorted(by_currency.items()):
        amounts = [sums.get(f"{year:04}-{month + 1:02}", (0, 0)) for year, month in months]
        highest = max(collected + failed for collected, failed in amounts)
        if highest > 0:
            bars = tuple(
                _bar(number, month, currency, amounts[number], highest)
                for number, month in enumerate(months)
            )
            found.append(Chart(currency, Money(amount=highest, currency=currency), bars))
    return found


def _bar(
    number: int, month: tuple[int, int], currency: str, amounts: tuple[int, int], highest: int
) -> Bar:
    collected, failed = (-(-it * _HIGHEST // highest) for it in amounts)
    name = _NAMES[month[1]]
    return Bar(
        label=name,
        name=f"{name} {month[0]}",
        collected=Money(amount=amounts[0], currency=currency),
        failed=Money(amount=amounts[1], currency=currency),
        x=number * _STEP + (_STEP - _WIDTH) // 2,
        collected_y=_BASE - collected,
        collected_height=collected,
        failed_y=_BASE - collected - failed,
        failed_height=failed,
    )
