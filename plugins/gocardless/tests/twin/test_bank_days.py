"""The days on which banks work."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from halo_gocardless.twin.bank_days import (
    add_working_days,
    bank_holidays,
    is_working_day,
    working_day,
    working_index,
    working_number,
)

PUBLISHED = {
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}
"""The bank holidays of England and Wales as the government publishes them."""


@pytest.mark.parametrize("year", sorted(PUBLISHED))
def test_bank_holidays_are_the_published_ones(year: int) -> None:
    days = sorted(day.strftime("%m-%d") for day in bank_holidays(year))
    assert days == PUBLISHED[year].split()


def test_the_days_around_easter_and_christmas_are_skipped() -> None:
    assert add_working_days(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert add_working_days(date(2026, 12, 24), 2) == date(2026, 12, 30)
    assert add_working_days(date(2026, 4, 7), -1) == date(2026, 4, 2)
    assert working_day(date(2026, 4, 3)) == date(2026, 4, 7)
    assert working_day(date(2026, 4, 7)) == date(2026, 4, 7)


def test_the_table_counts_the_same_days() -> None:
    epoch, day = date(1970, 1, 1), date(2025, 11, 20)
    for _ in range(120):
        index = working_index((day - epoch).days)
        assert epoch + timedelta(days=working_number(index)) == working_day(day)
        following = epoch + timedelta(days=working_number(index + 1))
        assert following == add_working_days(working_day(day), 1)
        assert is_working_day(following)
        day += timedelta(days=1)
