"""Times and amounts as British operators read them, by hand: what the floor writes into rows."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "US$"}


def moment(stored: str) -> str:
    """A `<time>` of what the database holds: `2026-11-23T08:07:26.000000Z`."""
    full, short = _day(stored[:10])
    return (
        f'<time datetime="{stored[:19]}Z" title="{full}, {stored[11:19]} UTC">'
        f"{short}, {stored[11:16]}</time>"
    )


def second(stored: str) -> str:
    """ "9 Jun 2026, 16:18:28" """
    return f"{_day(stored[:10])[1]}, {stored[11:19]}"


def day(stored: str) -> str:
    """ "9 Jun 2026" """
    return _day(stored)[1]


def money(amount: int, currency: str) -> str:
    sign = _SIGNS.get(currency) or currency
    return f"{sign}{amount // 100:,}.{amount % 100:02d}"


@lru_cache(4_000)
def _day(stored: str) -> tuple[str, str]:
    found = date.fromisoformat(stored)
    return (
        f"{_DAYS[found.weekday()]}, {found.day} {_MONTHS[found.month - 1]} {found.year}",
        f"{found.day} {_SHORT[found.month - 1]} {found.year}",
    )
