"""When banks and GoCardless take their steps."""

from __future__ import annotations

from datetime import date

from ..bank_days import add_working_days, working_day
from ..times import DAY, HOUR, date_of, ms_of_date

SUBMISSION_HOUR, ANSWER_HOUR, CONFIRMATION_HOUR, ARRIVAL_HOUR = 15, 9, 7, 4
ACTIVATION_HOUR = 8
PAYOUT_HOUR = 10


def at(day: date, hour: int) -> int:
    """An hour (UTC) of a date."""
    return ms_of_date(day) + hour * HOUR


def next_at(now_ms: int, hour: int) -> int:
    """The next time that it is this hour of a working day."""
    day = working_day(date_of(now_ms))
    moment = at(day, hour)
    return moment if moment > now_ms else at(add_working_days(day, 1), hour)


def after_working_days(now_ms: int, days: int, hour: int) -> int:
    """An hour of the so-manieth working day after today."""
    return at(add_working_days(date_of(now_ms), days), hour)


def after_days(now_ms: int, days: int) -> int:
    """The same time of day, so many days later."""
    return now_ms + days * DAY
