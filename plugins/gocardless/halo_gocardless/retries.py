"""When a failed request is tried again, and how long to wait before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT = 0.5
LONGEST_WAIT = 75.0  # a little more than the minute in which GoCardless counts requests


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take: so many tries, and no new one after so many seconds."""

    tries: int
    seconds: float


FOR_IMPORT = Patience(tries=8, seconds=300)
FOR_A_PERSON_WAITING = Patience(tries=3, seconds=15)


def backoff(attempt: int, jitter: float) -> float:
    """Seconds to wait after an attempt (1 is the first): doubling, spread by `jitter` (0 to 1)."""
    longest: float = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
    return longest * (0.5 + jitter / 2)


def http_date(text: str | None) -> datetime | None:
    """The time in a header such as `Date`, or None where it does not tell one."""
    try:
        parsed = parsedate_to_datetime(text or "")
        return parsed.astimezone(UTC) if parsed.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def seconds_until_reset(headers: Mapping[str, str]) -> float | None:
    """How long until GoCardless counts requests afresh, or None where the answer does not say.

    `ratelimit-reset` is an HTTP date. It is compared with the answer's own `Date`, since the clock
    of this machine may be wrong. Both are whole seconds, so one is added.
    """
    reset, answered = http_date(headers.get("ratelimit-reset")), http_date(headers.get("Date"))
    if reset is None or answered is None:
        return None
    seconds = (reset - answered).total_seconds() + 1
    return min(max(seconds, 0.0), LONGEST_WAIT)
