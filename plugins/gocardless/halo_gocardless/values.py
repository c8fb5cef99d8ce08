"""Tolerant reading of single values from GoCardless's JSON.

Each function takes whatever the field held and gives the value, or None where it holds none that
makes sense. Fields may be absent, null, empty or of another type than documented.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_WHOLE_NUMBER = re.compile(r"(-?[0-9]{1,18})(?:\.0+)?")


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
    if isinstance(value, bool):
        return None
    match = _WHOLE_NUMBER.fullmatch(str(value)) if isinstance(value, (str, int, float)) else None
    return int(match[1]) if match else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time in UTC, such as "2014-01-01T12:00:00.000Z"."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def day(value: object) -> date | None:
    """A calendar day, such as "2014-05-21"."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
