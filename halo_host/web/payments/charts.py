"""Charts of payments: where their bars stand, in whole units of the drawing. Templates draw them.

Every bar carries its sentence, so that a chart can be read as well as seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ...payments.summary import Month, PayoutDays, Reason, TimeToPayout
from ...types import Money

MONTHS = 12
_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
WIDTH, BASE, HIGHEST = 372, 118, 98  # of the drawing, where bars stand, how high one gets
_MOST_DAYS = 15  # bars of the time to payout; the last stands for all that took longer


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    width: int
    height: int
    label: str
    name: str

    @property
    def y(self) -> int:
        return BASE - self.height

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class MonthBar:
    """What came in, and what of it went back in that month."""

    bar: Bar
    payments: int
    collected: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class Collected:
    """The months of one currency; `total` is their sum, `highest` the best of them."""

    currency: str
    total: Money
    highest: Money
    months: Sequence[MonthBar]


@dataclass(frozen=True, slots=True)
class FailedFor:
    """Payments that failed for one cause, and their sums by currency, the most frequent first.

    `share` is that of the most frequent cause, in hundredths; `collected` came in after all.
    """

    cause: str
    payments: int
    collected: int
    amounts: Sequence[Money]
    share: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The most frequent causes. `others` payments failed for one that is not among them."""

    causes: Sequence[FailedFor]
    others: int


@dataclass(frozen=True, slots=True)
class DayBar:
    bar: Bar
    payments: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many payments took how many days to arrive in the business's bank account."""

    taken: TimeToPayout
    most: int
    days: Sequence[DayBar]


def first_day(today: date) -> date:
    """The first day of the twelve months that end with this one."""
    year, month = divmod(today.year * 12 + today.month - MONTHS, 12)
    return date(year, month + 1, 1)


def by_month(collected: Iterable[Month], refunded: Iterable[Month], first: date) -> list[Collected]:
    """One chart for each currency, the one with most payments first."""
    came = {(it.amount.currency, it.month): it for it in collected}
    went = {(it.amount.currency, it.month): it.amount.amount for it in refunded}
    months = [divmod(first.year * 12 + first.month - 1 + number, 12) for number in range(MONTHS)]
    counts: dict[str, int] = {}
    for (currency, _), it in came.items():
        counts[currency] = counts.get(currency, 0) + it.payments
    found = []
    for currency in sorted(counts, key=lambda it: (-counts[it], it)):
        sums = [it.amount.amount for (code, _), it in came.items() if code == currency]
        highest = max(*sums, 1)
        bars = []
        for number, (year, month) in enumerate(months):
            key = (currency, f"{year:04}-{month + 1:02}")
            there = came.get(key)
            amount = there.amount.amount if there else 0
            bars.append(
                MonthBar(
                    _bar(number, MONTHS, amount, highest, _NAMES[month], f"{_NAMES[month]} {year}"),
                    there.payments if there else 0,
                    Money(amount=amount, currency=currency),
                    Money(amount=went.get(key, 0), currency=currency),
                )
            )
        found.append(
            Collected(
                currency,
                Money(amount=sum(sums), currency=currency),
                Money(amount=highest, currency=currency),
                bars,
            )
        )
    return found


def by_reason(failed: Sequence[Reason], most: int = 8) -> Failed:
    """A reason stands for one currency; here all of a cause are one."""
    causes: dict[str, list[Reason]] = {}
    for it in failed:
        causes.setdefault(it.cause, []).append(it)
    counts = {cause: sum(it.payments for it in of) for cause, of in causes.items()}
    ordered = sorted(counts, key=lambda cause: (-counts[cause], cause))
    highest = max(counts.values(), default=1)
    return Failed(
        [
            FailedFor(
                cause,
                counts[cause],
                sum(it.collected for it in causes[cause]),
                [it.amount for it in causes[cause]],
                -(-counts[cause] * 100 // highest),
            )
            for cause in ordered[:most]
        ],
        sum(counts[cause] for cause in ordered[most:]),
    )


def by_days(taken: TimeToPayout | None, days: Sequence[PayoutDays]) -> Waiting | None:
    """None while no payment of the time was paid out."""
    if taken is None or not days:
        return None
    last = min(max(it.days for it in days), _MOST_DAYS)
    counts = [0] * (last + 1)
    for it in days:
        counts[min(max(it.days, 0), last)] += it.payments
    more = any(it.days > _MOST_DAYS for it in days)
    bars = []
    for number, payments in enumerate(counts):
        label = f"{number}+" if more and number == last else str(number)
        name = f"{label} day" if label == "1" else f"{label} days"
        bars.append(DayBar(_bar(number, last + 1, payments, max(counts), label, name), payments))
    return Waiting(taken, max(counts), bars)


def _bar(number: int, bars: int, value: int, highest: int, label: str, name: str) -> Bar:
    step = WIDTH // bars
    width = min(step * 5 // 8, 40)
    height = max(0, -(-value * HIGHEST // highest))
    return Bar(number * step + (step - width) // 2, width, height, label, name)
