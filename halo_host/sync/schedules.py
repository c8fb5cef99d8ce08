"""When each connection's work begins by itself: how often, quiet hours, pauses, after failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import delete, insert, select

from ..audit import record
from ..connections.connections import ConnectionDetails, Connections
from ..database.database import Database
from ..database.job_tables import schedules
from ..database.tables import change_sets
from ..errors import HostError, InvalidInput
from ..jobs.history import History, histories
from ..jobs.job import Job, Why
from ..jobs.jobs import Jobs
from ..plugins import Plugins
from ..types import Connection
from .quiet import QuietHours, local_time

AGENT = "schedule"
# What an operator switches, and the job that does it.
KINDS = {"users": "import", "payments": "sync", "verify": "verify"}
_HOOKS = {"users": "halo_import_users", "payments": "halo_streams", "verify": "halo_streams"}
_YEAR = 366 * 24 * 60  # minutes

# After a failure a job is tried again soon, then more and more seldom, though as often as it would
# run without failures, or once an hour where that is more seldom.
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(hours=1)


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


@dataclass(frozen=True, slots=True)
class Planned:
    """The next run of a part: when it is due, or in words why it does not run by itself."""

    part: str
    due: datetime | None
    note: str = ""


class Schedules:
    def __init__(
        self,
        database: Database,
        connections: Connections,
        plugins: Plugins,
        jobs: Jobs,
        timezone: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._connections = connections
        self._plugins = plugins
        self._jobs = jobs
        self._timezone = timezone
        self._clock = clock

    # --- settings ------------------------------------------------------------------------------

    def get(self, slug: str) -> Schedule:
        """:raises NotFound: no connection has that slug."""
        owner = self._connections.get(slug).id
        with self._database.read() as connection:
            return _stored(connection, owner)

    def set(self, slug: str, *, agent: str, **changes: Any) -> Schedule:
        """Change what is named and keep the rest; None for both quiet times ends quiet hours.

        :raises InvalidInput: a value does not fit; nothing was changed.
        """
        owner = self._connections.get(slug).id
        checked = _checked(changes)
        with self._database.write() as connection:
            before = _stored(connection, owner)
            after = replace(before, **checked, since=self._clock())
            _check_quiet(after)
            self._store(connection, slug, owner, before, after, agent, "schedule.set")
        return after

    def pause(self, slug: str, *, agent: str) -> Schedule:
        """Let nothing begin by itself, until `resume`. What runs goes on to its end."""
        return self._set_paused(slug, self._clock(), agent, "schedule.paused")

    def resume(self, slug: str, *, agent: str) -> Schedule:
        return self._set_paused(slug, None, agent, "schedule.resumed")

    def _set_paused(self, slug: str, at: datetime | None, agent: str, action: str) -> Schedule:
        owner = self._connections.get(slug).id
        with self._database.write() as connection:
            before = _stored(connection, owner)
            if (before.paused_at is None) == (at is None):
                return before
            after = replace(before, paused_at=at, since=self._clock())
            self._store(connection, slug, owner, before, after, agent, action)
        return after

    def _store(
        self,
        connection: DatabaseConnection,
        slug: str,
        owner: int,
        before: Schedule,
        after: Schedule,
        agent: str,
        action: str,
    ) -> None:
        connection.execute(delete(schedules).filter_by(connection_id=owner))
        connection.execute(insert(schedules).values(connection_id=owner, **asdict(after)))
        old, new = asdict(before), asdict(after)
        changed = [name for name in new if name != "since" and old[name] != new[name]]
        record(
            connection,
            at=self._clock(),
            agent=agent,
            action=action,
            entity="connection",
            entity_id=slug,
            before={name: old[name] for name in changed},
            after={name: new[name] for name in changed},
        )

    # --- what is due ---------------------------------------------------------------------------

    def sync_now(self, slug: str, *, agent: str, parts: Sequence[str] = ("payments",)) -> list[Job]:
        """Queue work at once: also in quiet hours, and where the connection is paused.

        :raises InvalidInput: the connection is disabled, or its plugin does not offer that.
        """
        details = self._connections.get(slug)
        if not details.enabled:
            raise InvalidInput(
                f"The connection {slug} is disabled.",
                advice="Enable it first: halo-host connections enable "
                f"{details.integration} --slug {slug}",
            )
        for part in parts:
            if part not in self.offered(details):
                raise InvalidInput(f"The integration {details.integration} offers no {part}.")
        return [self._jobs.enqueue(KINDS[part], slug, why=Why.HAND, agent=agent) for part in parts]

    def enqueue_due(self) -> list[Job]:
        """Queue what is due and neither queued nor at work; the integrator's sweep calls it."""
        now = self._clock()
        queued = []
        for details in self._connections.all():
            if not details.enabled:
                continue
            known = self._histories(details.id)
            for planned in self._plan(details, known):
                kind = KINDS[planned.part]
                if planned.due is not None and planned.due <= now and not known[kind].is_open:
                    queued.append(
                        self._jobs.enqueue(kind, details.slug, why=Why.SCHEDULE, agent=AGENT)
                    )
        return queued

    def plan(self, slug: str) -> list[Planned]:
        """The next run of each part that the connection's plugin offers."""
        details = self._connections.get(slug)
        return self._plan(details, self._histories(details.id))

    def offered(self, details: ConnectionDetails) -> tuple[str, ...]:
        """The parts that the connection's plugin can do: users, payments, verify."""
        connection = Connection(
            id=details.id,
            slug=details.slug,
            integration=details.integration,
            name=details.name,
            settings={},
        )
        try:
            hooks = self._plugins.reports[self._plugins.owner_of(connection)].hooks
        except HostError:
            return ()
        return tuple(part for part, hook in _HOOKS.items() if hook in hooks)

    def webhook_pause(self, slug: str) -> timedelta:
        """How long deliveries that wait are left waiting, because their processing failed."""
        owner = self._connections.get(slug).id
        with self._database.read() as connection:
            history = histories(connection, owner, ("webhooks",))["webhooks"]
        if not history.failures or history.last is None:
            return timedelta(0)
        pause = retry_delay(history.failures, timedelta(minutes=1))
        return max(timedelta(0), history.last[1] + pause - self._clock())

    def quiet_hours(self, schedule: Schedule) -> QuietHours | None:
        if schedule.quiet_from is None or schedule.quiet_to is None:
            return None
        return QuietHours(
            time.fromisoformat(schedule.quiet_from),
            time.fromisoformat(schedule.quiet_to),
            _zone(self._timezone),
        )

    def _histories(self, connection_id: int) -> Mapping[str, History]:
        with self._database.read() as connection:
            return histories(connection, connection_id, tuple(KINDS.values()))

    def _plan(self, details: ConnectionDetails, known: Mapping[str, History]) -> list[Planned]:
        with self._database.read() as connection:
            schedule = _stored(connection, details.id)
        return [self._planned(part, details, schedule, known) for part in self.offered(details)]

    def _planned(
        self,
        part: str,
        details: ConnectionDetails,
        schedule: Schedule,
        known: Mapping[str, History],
    ) -> Planned:
        if not details.enabled:
            return Planned(part, None, "the connection is disabled")
        if not schedule.is_on(part):
            return Planned(part, None, "switched off")
        if schedule.paused_at is not None:
            return Planned(part, None, "paused")
        if part == "users" and not self._was_imported(details.id):
            return Planned(part, None, "waits for a first import by hand")
        due = self._due(part, schedule, known)
        if due is None:
            return Planned(part, None, "waits for a first sync")
        quiet = self.quiet_hours(schedule)
        start = max(due, self._clock())
        if quiet is not None and quiet.holds(start):
            return Planned(part, quiet.end_after(start), "after quiet hours")
        note = "tried again after a failure" if known[KINDS[part]].failures else ""
        return Planned(part, due, note)

    def _was_imported(self, connection_id: int) -> bool:
        """Whether somebody has imported before: until then, mappings may not be chosen yet."""
        query = select(change_sets.c.id).where(
            change_sets.c.connection_id == connection_id,
            change_sets.c.state.not_in(("planning", "failed", "abandoned", "discarded")),
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def _due(self, part: str, schedule: Schedule, known: Mapping[str, History]) -> datetime | None:
        history = known[KINDS[part]]
        every = schedule.every(part)
        if history.last is None:
            if part != "verify":
                return self._clock()
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


def _stored(connection: DatabaseConnection, owner: int) -> Schedule:
    row = connection.execute(select(schedules).filter_by(connection_id=owner)).mappings().first()
    if row is None:
        return Schedule()
    return Schedule(**{name: row[name] for name in Schedule.__dataclass_fields__})


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
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
            most = 1_000 if name == "alert_failures" else _YEAR
            if not least <= int(value) <= most:
                raise InvalidInput(f"{name} must be a number from {least} to {most:,}.")
            checked[name] = int(value)
    return checked


def _check_quiet(schedule: Schedule) -> None:
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
