"""Times and spans as a person says them."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..plurals import counted

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def span(length: timedelta) -> str:
    """In its largest unit that it holds twice, such as "3 minutes" or "90 minutes"."""
    seconds = max(int(length.total_seconds()), 0)
    for name, size in _UNITS:
        if seconds >= 2 * size or size == 1:
            return counted(seconds // size, name)
    raise AssertionError("the last unit fits")


def ago(moment: datetime, now: datetime) -> str:
    return f"{span(now - moment)} ago"


def second(moment: datetime) -> str:
    """To the second, UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def minute(moment: datetime) -> str:
    """To the minute, UTC."""
    return f"{moment:%Y-%m-%d %H:%M}"
