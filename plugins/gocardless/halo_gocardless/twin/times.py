"""Times as the API writes them: ISO 8601 in UTC with milliseconds, dates as YYYY-MM-DD.

Inside the twin a time is an integer: milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

SECOND = 1000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso(ms: int) -> str:
    """``2014-01-01T12:00:00.000Z``."""
    return moment(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_timestamp(text: str) -> int | None:
    """Milliseconds of a full ISO 8601 timestamp with a zone; None for anything else.

    A bare date is refused: whether the live API takes one is not documented, so a client that
    relied on it would only work here.
    """
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return to_ms(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def parse_date(text: str) -> date | None:
    """The date in ``YYYY-MM-DD``; None for anything else."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def date_of(ms: int) -> date:
    """The UTC date of a time."""
    return (_EPOCH + timedelta(milliseconds=ms)).date()


def moment(ms: int) -> datetime:
    """A time as an aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def ms_of_date(day: date) -> int:
    """The first millisecond of a date in UTC."""
    return (day - _EPOCH.date()).days * DAY
