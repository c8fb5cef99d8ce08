"""Look whether connections do what they should, and raise or end alerts about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from ..alerts.raising import NewAlert, end_alerts, raise_alerts
from ..connections.connections import ConnectionDetails, Connections
from ..database.database import Database
from ..database.job_tables import alerts
from ..imports.change_set_states import open_review, planned_at
from ..imports.change_sets import State
from ..jobs.history import JUDGED, History, failures_told, histories
from ..plurals import counted
from .due import KINDS
from .schedule import Schedule
from .schedules import Schedules

# What is older than it should be; of proofs only their failure counts.
_AGING = ("users", "payments")
REVIEWED_WITHIN = timedelta(days=1)  # before an alert says that imports wait for a review


class Watch:
    """Called by the integrator's sweep; what it finds depends on the tables and the clock alone."""

    def __init__(
        self,
        database: Database,
        connections: Connections,
        schedules: Schedules,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._connections = connections
        self._schedules = schedules
        self._clock = clock

    def look(self, since: datetime) -> None:
        """Raise what is wrong, end what is over. `since` is when the integrator began its work."""
        for details in self._connections.all():
            self._look_at(details, since)

    def _look_at(self, details: ConnectionDetails, since: datetime) -> None:
        schedule = self._schedules.get(details.slug)
        with self._database.read() as connection:
            known = histories(connection, details.id, JUDGED)
            there = set(
                connection.scalars(
                    select(alerts.c.key).where(
                        alerts.c.connection_id == details.id, alerts.c.ended_at.is_(None)
                    )
                )
            )
        wrong: dict[str, NewAlert] = {}
        if details.enabled:
            found = [
                *self._failing(details, schedule, known),
                *self._stale(details, schedule, known, since),
                *self._waiting(details),
            ]
            wrong = {alert.key: alert for alert in found}
        over = {key for key in there - wrong.keys() if _is_over(key, details, known)}
        new = [alert for key, alert in wrong.items() if key not in there]
        if new or over:
            with self._database.write() as connection:
                raise_alerts(connection, new)
                end_alerts(connection, details.id, over, self._clock())

    def _failing(
        self, details: ConnectionDetails, schedule: Schedule, known: dict[str, History]
    ) -> Iterator[NewAlert]:
        for kind, history in known.items():
            if history.failures >= schedule.alert_failures and history.last is not None:
                text = failures_told(details.name, kind, history)
                key = f"sync_failing:{kind}"
                yield NewAlert(details.id, "sync_failing", key, text, "", history.last[1])

    def _stale(
        self,
        details: ConnectionDetails,
        schedule: Schedule,
        known: dict[str, History],
        since: datetime,
    ) -> Iterator[NewAlert]:
        now = self._clock()
        quiet = self._schedules.quiet_hours(schedule)
        if quiet is not None and quiet.holds(now):
            return
        offered = {it.part for it in self._schedules.plan(details.slug) if it.due is not None}
        for part in _AGING:
            if part not in offered:
                continue
            done = known[KINDS[part]].last_done
            fresh = [since, details.created_at, schedule.since, done]
            if quiet is not None:
                fresh.append(quiet.end_before(now))
            age = now - max(it for it in fresh if it is not None)
            if age > schedule.too_old(part):
                real = f"{_words(now - done)} ago" if done is not None else "never yet"
                text = f"The {part} of {details.name} were last synced {real}."
                yield NewAlert(details.id, "stale", f"stale:{part}", text, "", now)

    def _waiting(self, details: ConnectionDetails) -> Iterator[NewAlert]:
        """An import that is held is told at once; one that an operator reviews, after a day."""
        with self._database.read() as connection:
            number = open_review(connection, details.id)
            found = None if number is None else planned_at(connection, number)
        if number is None or found is None:
            return
        state, begun = found
        if state is State.HELD:
            said = "is held, because many linked payers are gone at the provider"
        elif self._clock() - begun >= REVIEWED_WITHIN:
            said = f"waits for its review since {begun:%Y-%m-%d %H:%M} UTC"
        else:
            return
        text = (
            f"Import {number} of {details.slug} {said}. "
            "No users are imported until it is applied or discarded."
        )
        yield NewAlert(details.id, "review", f"review:{number}", text, "", begun)


def _is_over(key: str, details: ConnectionDetails, known: dict[str, History]) -> bool:
    """Whether what an open alert tells of is over, where this watch does not find it wrong."""
    kind, _, about = key.partition(":")
    if kind in {"stale", "review"}:
        return True
    if kind not in {"sync_failing", "job_dead"}:
        return False
    if not details.enabled or about not in known:
        return True
    history = known[about]
    return history.failures == 0 and history.last is not None


def _words(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return counted(minutes, "minute")
    hours = minutes // 60
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"
