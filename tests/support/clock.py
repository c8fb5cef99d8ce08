"""The time that tests live in: it stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """What `Host(clock=...)` takes: called, it answers an aware UTC datetime."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **amount: float) -> datetime:
        """Move on by what `timedelta` takes: `clock.advance(minutes=5)`. Returns the new time."""
        self._now += timedelta(**amount)
        return self._now

    def set(self, now: datetime) -> None:
        """Jump to a time, which must be aware; it is kept as UTC."""
        if now.tzinfo is None:
            raise ValueError("The clock takes aware datetimes only.")
        self._now = now.astimezone(UTC)
