"""The dates on which a subscription charges."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from itertools import count

from ..bank_days import working_day
from ..lanes import Body

UPCOMING = 10
"""How many future payments a subscription tells of."""

MONTHS = tuple(name.lower() for name in calendar.month_name[1:])


def upcoming(subscription: Body, cycle: int) -> list[Body]:
    """The next payments of an active subscription."""
    found: list[Body] = []
    for number in count(cycle):
        day = charge_date(subscription, number)
        if len(found) == UPCOMING or is_over(subscription, number, day):
            return found
        charged = working_day(day).isoformat()
        found.append({"charge_date": charged, "amount": subscription["amount"]})
    return found


def first_charge_date(earliest: date, day_of_month: int | None, month: str | None) -> date:
    """The first date from ``earliest`` on that falls on the wished-for day and month."""
    if day_of_month is None:
        return earliest
    year, number = earliest.year, earliest.month
    while True:
        day = _on_day(year, number, day_of_month)
        if day >= earliest and (month is None or MONTHS[number - 1] == month):
            return day
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)


def charge_date(subscription: Body, cycle: int) -> date:
    """The date of a cycle (the first is 0), before it is moved off a weekend."""
    start = date.fromisoformat(subscription["start_date"])
    steps = cycle * subscription["interval"]
    if subscription["interval_unit"] == "weekly":
        return start + timedelta(weeks=steps)
    if subscription["interval_unit"] == "yearly":
        steps *= 12
    years, month = divmod(start.month - 1 + steps, 12)
    wanted = subscription["day_of_month"] or start.day
    return _on_day(start.year + years, month + 1, wanted)


def _on_day(year: int, month: int, day: int) -> date:
    """A day of a month; -1 and days that the month does not have are its last."""
    last = calendar.monthrange(year, month)[1]
    return date(year, month, last if day == -1 else min(day, last))


def is_over(subscription: Body, cycle: int, day: date) -> bool:
    """Whether the subscription ends before this cycle, which falls on ``day``."""
    if subscription["count"] is not None and cycle >= subscription["count"]:
        return True
    return subscription["end_date"] is not None and day.isoformat() > subscription["end_date"]
