"""The days on which banks work: no weekends, no bank holidays of England and Wales.

The Direct Debit year of the twin follows the British banks for every scheme. The rules of the
holidays are those of gov.uk/bank-holidays; one-off days are listed by hand up to 2025.
"""

from __future__ import annotations

from array import array
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

_FIRST_YEAR, _LAST_YEAR = 1990, 2090
_EPOCH = date(1970, 1, 1)
_MOVED = {
    date(2020, 5, 4): date(2020, 5, 8),  # seventy-five years after the war in Europe
    date(2022, 5, 30): date(2022, 6, 2),  # the jubilee week
}
_EXTRA = (
    *(date(2002, 6, 3), date(2011, 4, 29), date(2012, 6, 5)),
    *(date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)),
)


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of a year, substitute days for those on a weekend among them."""
    easter = _easter_sunday(year)
    new_year, christmas = date(year, 1, 1), date(year, 12, 25)
    days = {
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        _first_monday(date(year, 5, 1)),
        _first_monday(date(year, 5, 25)),
        _first_monday(date(year, 8, 25)),
        _off_the_weekend(new_year),
    }
    days = {_MOVED.get(day, day) for day in days}
    # When either falls on a weekend, both together take the next free working days.
    substitute = _off_the_weekend(christmas)
    boxing_day = _off_the_weekend(date(year, 12, 26))
    if boxing_day == substitute:
        boxing_day += timedelta(days=1)
    one_offs = (day for day in _EXTRA if day.year == year)
    return frozenset((*days, substitute, boxing_day, *one_offs))


def _first_monday(day: date) -> date:
    """The first Monday on or after ``day``."""
    return day + timedelta(days=-day.weekday() % 7)


def _off_the_weekend(day: date) -> date:
    return _first_monday(day) if day.weekday() >= 5 else day


def _easter_sunday(year: int) -> date:
    """The Gregorian computus in the form of Gauss, as corrected by Lichtenberg."""
    century = year // 100
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    age = (19 * (year % 19) + moon) % 30
    limit = 21 + age - (age + year % 19 // 11) // 29
    sunday = 7 - (year + year // 4 + sun) % 7
    return date(year, 3, 1) + timedelta(days=limit + 7 - (limit - sunday) % 7 - 1)


def _table() -> tuple[array[int], array[int]]:
    """Number of each working day, and for each day the index of the first one on or after it."""
    first, end = date(_FIRST_YEAR, 1, 1), date(_LAST_YEAR + 1, 1, 1)
    holidays = frozenset().union(*map(bank_holidays, range(first.year, end.year)))
    closed = {(day - _EPOCH).days for day in holidays}
    numbers = range((first - _EPOCH).days, (end - _EPOCH).days)
    # Day 0 was a Thursday.
    works = [(number + 3) % 7 < 5 and number not in closed for number in numbers]
    working = array("i", (number for number, open_ in zip(numbers, works, strict=True) if open_))
    before = accumulate(works[:-1], initial=0)
    return working, array("i", before)


_START = (date(_FIRST_YEAR, 1, 1) - _EPOCH).days
_WORKING, _INDEX = _table()


def working_index(day: int) -> int:
    """Counts working days: the index of the first one on or after ``day`` (days since 1970).

    IndexError for days outside 1990 to 2090.
    """
    if day < _START:
        raise IndexError(f"day {day} is before {_FIRST_YEAR}")
    return _INDEX[day - _START]


def working_number(index: int) -> int:
    """The day (counted since 1970) of a working day's index."""
    return _WORKING[index]


def is_working_day(day: date) -> bool:
    """Whether banks work on this day."""
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def working_day(day: date) -> date:
    """``day`` itself if banks work then, or the next day on which they do."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def add_working_days(day: date, count: int) -> date:
    """The date ``count`` working days after ``day``; before it where ``count`` is negative."""
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_working_day(day):
            day += step
    return day
