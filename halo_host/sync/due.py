"""When a part of a connection's work is due: after the last run, after failures, in quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..jobs.history import History
from .schedule import Schedule

# What an operator switches, and the job that does it.
KINDS = {"users": "import", "payments": "sync", "verify": "verify"}

# After a failure a job is tried again soon, then more and more seldom, though as often as it would
# run without failures, or once an hour where that is more seldom.
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """The next run of a part: when it is due, or in words why it does not run by itself.

    `review` is the import whose review it waits for.
    """

    part: str
    due: datetime | None
    note: str = ""
    review: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a part of a connection's work stands.

    `last` is when the newest run that went well ended; `failures` how many have failed in a row
    since, and `error` what the newest of those said. `next` is when it is due, `note` why it is not
    or why then; `is_open` tells that a run is queued or at work. `review` is the import whose
    review it waits for.
    """

    part: str
    last: datetime | None
    failures: int
    error: str
    next: datetime | None
    note: str
    is_open: bool
    review: int | None = None


def planned(
    part: str,
    schedule: Schedule,
    known: Mapping[str, History],
    *,
    timezone: str,
    was_imported: bool,
    review: int | None,
    now: datetime,
) -> Planned:
    """The next run of a part of an enabled connection. `known` has the history of each kind;
    `review` is the import that waits for an operator."""
    if not schedule.is_on(part):
        return Planned(part, None, "switched off")
    if schedule.paused_at is not None:
        return Planned(part, None, "paused")
    if part == "users" and review is not None:
        return Planned(part, None, f"waits for the review of import {review}", review)
    if part == "users" and not was_imported:
        return Planned(part, None, "waits for a first import by hand")
    due = _due(part, schedule, known, now)
    if due is None:
        return Planned(part, None, "waits for a first sync")
    quiet = schedule.quiet_hours(timezone)
    start = max(due, now)
    if quiet is not None and quiet.holds(start):
        return Planned(part, quiet.end_after(start), "after quiet hours")
    note = "tried again after a failure" if known[KINDS[part]].failures else ""
    return Planned(part, due, note)


def _due(
    part: str, schedule: Schedule, known: Mapping[str, History], now: datetime
) -> datetime | None:
    history = known[KINDS[part]]
    every = schedule.every(part)
    if history.last is None:
        if part != "verify":
            return now
        filled = known["sync"].first_done  # there is nothing to prove before
        return None if filled is None else filled + every
    began, ended = history.last
    if history.failures:
        return ended + retry_delay(history.failures, every)
    return max(began + every, ended)


def retry_delay(failures: int, every: timedelta) -> timedelta:
    """How long after so many failures in a row a job is tried again."""
    first = min(FIRST_RETRY, every)
    doubled: int = 2 ** min(failures - 1, 20)
    return min(first * doubled, max(every, LAST_RETRY))
