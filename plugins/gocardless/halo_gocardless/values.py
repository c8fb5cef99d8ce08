"""Tolerant reading of single values from GoCardless's JSON, and writing a time for it.

What reads takes whatever the field held and gives the value, or None where it holds none that makes
sense. Fields may be absent, null, empty or of another type than documented.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_TOO_LARGE = 10**18
_WHOLE_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:\.0+)?")
_TENTHS = re.compile(r"(-?[0-9]{1,17})(?:\.([0-9])0*)?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def text(value: object) -> str | None:
    """Text without space around it; a number or a truth value becomes text, an empty text None."""
    if type(value) is str:  # nearly always
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


def minor_units(value: object) -> int | None:
    """A whole number of minor units: 1999, "1999" or "1999.0". A fraction of a penny is None."""
    if type(value) is int:  # nearly always
        return value if -_TOO_LARGE < value < _TOO_LARGE else None
    if isinstance(value, bool):
        return None
    match = _WHOLE_NUMBER.fullmatch(str(value)) if isinstance(value, (str, int, float)) else None
    return int(match[1]) if match else None


def tenths(value: object) -> int | None:
    """Tenths of a minor unit: "45.0" and 45 are 450, "-0.5" is -5. A finer amount is None."""
    if isinstance(value, (str, float)):
        match = _TENTHS.fullmatch(str(value))
        return int(match[1] + (match[2] or "0")) if match else None
    whole = minor_units(value)
    return None if whole is None else whole * 10


def moment(value: object) -> datetime | None:
    """An ISO 8601 time in UTC, such as "2014-01-01T12:00:00.000Z"."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is UTC:  # nearly always
            return parsed
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def currency(value: object) -> str | None:
    """The code of a currency, such as "GBP"."""
    return value if isinstance(value, str) and _CURRENCY.fullmatch(value) else None


def day(value: object) -> date | None:
    """A calendar day, such as "2014-05-21"."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def timestamp(moment: datetime) -> str:
    """A time as GoCardless writes it, in UTC and cut to milliseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
