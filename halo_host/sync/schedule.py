"""The settings of a connection's schedule: what they may be, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ..database.job_tables import schedules
from ..errors import InvalidInput
from .quiet import QuietHours, local_time

LONGEST_MINUTES = 366 * 24 * 60
MOST_FAILURES = 1_000
_SAID = {
    "users_minutes": "The minutes from one import of users to the next",
    "payments_minutes": "The minutes from one sync of payments to the next",
    "verify_minutes": "The minutes from one proof to the next",
    "alert_failures": "The failures in a row after which an alert is raised",
    "alert_minutes": "The age in minutes at which an alert is raised",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The settings of one connection. Minutes are from the start of one run to the next.

    `alert_failures` is after how many failures in a row an alert is raised; `alert_minutes` at
    which age, 0 for one that fits how often it runs. `since` is when it was last set going.
    """

    users_on: bool = True
    users_minutes: int = 60
    payments_on: bool = True
    payments_minutes: int = 5
    verify_on: bool = True
    verify_minutes: int = 24 * 60
    quiet_from: str | None = None
    quiet_to: str | None = None
    paused_at: datetime | None = None
    alert_failures: int = 3
    alert_minutes: int = 0
    since: datetime | None = None

    def is_on(self, part: str) -> bool:
        return bool(getattr(self, f"{part}_on"))

    def every(self, part: str) -> timedelta:
        return timedelta(minutes=getattr(self, f"{part}_minutes"))

    def too_old(self, part: str) -> timedelta:
        """The age at which an alert is raised."""
        if self.alert_minutes:
            return max(timedelta(minutes=self.alert_minutes), self.every(part))
        return max(timedelta(hours=1), 6 * self.every(part))

    def quiet_hours(self, timezone: str) -> QuietHours | None:
        """:raises InvalidInput: no time zone of that name is known."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return QuietHours(
            time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to), _zone(timezone)
        )


def stored_schedule(connection: Connection, owner: int) -> Schedule:
    """The one that was set, or the one that holds until then."""
    row = connection.execute(select(schedules).filter_by(connection_id=owner)).mappings().first()
    if row is None:
        return Schedule()
    return Schedule(**{name: row[name] for name in Schedule.__dataclass_fields__})


def checked_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """:raises InvalidInput: a value does not fit."""
    checked: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in Schedule.__dataclass_fields__ or name in {"paused_at", "since"}:
            raise InvalidInput(f"A schedule has no setting {name[:40]}.")
        if name.startswith("quiet_"):
            checked[name] = None if value is None else local_time(value)
        elif name.endswith("_on"):
            checked[name] = bool(value)
        else:
            least = 0 if name == "alert_minutes" else 1
            most = MOST_FAILURES if name == "alert_failures" else LONGEST_MINUTES
            if not least <= int(value) <= most:
                raise InvalidInput(f"{_SAID[name]} must be a number from {least} to {most:,}.")
            checked[name] = int(value)
    return checked


def check_quiet_hours(schedule: Schedule) -> None:
    """:raises InvalidInput: they have no end, or never end."""
    begin, end = schedule.quiet_from, schedule.quiet_to
    if (begin is None) is not (end is None):
        raise InvalidInput(
            "Quiet hours need both their beginning and their end.",
            advice="Such as --quiet 22:00-06:00.",
        )
    if begin is not None and begin == end:
        raise InvalidInput(
            "Quiet hours that end when they begin would never end.",
            advice="Pause the connection instead.",
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidInput(
            f"HALO_HOST_TIMEZONE names no time zone that is known here: {name[:60]}.",
            advice="Write it as Europe/London.",
        ) from None
