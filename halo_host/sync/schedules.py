"""When each connection's work begins by itself: how often, quiet hours, pauses, after failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import delete, insert, select

from ..audit import record
from ..connections.connections import ConnectionDetails, Connections
from ..database.database import Database
from ..database.job_tables import schedules
from ..database.tables import change_sets
from ..errors import HostError, InvalidInput
from ..imports.change_set_states import open_review
from ..imports.change_sets import State
from ..imports.imports import Imports
from ..jobs.history import History, histories
from ..jobs.job import Job, Why
from ..jobs.jobs import Jobs
from ..plugins import Plugins
from ..types import Connection
from .due import KINDS, Planned, Standing, planned, retry_delay
from .quiet import QuietHours
from .schedule import Schedule, check_quiet_hours, checked_changes, stored_schedule

AGENT = "schedule"
_HOOKS = {"users": "halo_import_users", "payments": "halo_streams", "verify": "halo_streams"}

# The states of a change set of which something was applied.
_WRITES = (State.APPLYING, State.APPLIED, State.UNDOING, State.UNDONE, State.PARTLY_UNDONE)


class Schedules:
    def __init__(
        self,
        database: Database,
        connections: Connections,
        plugins: Plugins,
        jobs: Jobs,
        imports: Imports,
        timezone: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._connections = connections
        self._plugins = plugins
        self._jobs = jobs
        self._imports = imports
        self._timezone = timezone
        self._clock = clock

    # --- settings ------------------------------------------------------------------------------

    def get(self, slug: str) -> Schedule:
        """:raises NotFound: no connection has that slug."""
        owner = self._connections.get(slug).id
        with self._database.read() as connection:
            return stored_schedule(connection, owner)

    def set(self, slug: str, *, agent: str, **changes: Any) -> Schedule:
        """Change what is named and keep the rest; None for both quiet times ends quiet hours.

        :raises InvalidInput: a value does not fit; nothing was changed.
        """
        owner = self._connections.get(slug).id
        checked = checked_changes(changes)
        with self._database.write() as connection:
            before = stored_schedule(connection, owner)
            after = replace(before, **checked, since=self._clock())
            check_quiet_hours(after)
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
            before = stored_schedule(connection, owner)
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

        :raises InvalidInput: the connection is disabled, its plugin does not offer that, or users
            are wanted while an import waits for its review; then nothing of it is queued.
        """
        self._expect_startable(slug, parts)
        if "users" in parts:
            self._imports.expect_replaceable(slug, None)
        return [self._jobs.enqueue(KINDS[part], slug, why=Why.HAND, agent=agent) for part in parts]

    def verify_now(self, slug: str, *, agent: str, repair: bool = False) -> Job:
        """Queue a proof of the mirror at once, which mends what differs where it is to `repair`.

        :raises InvalidInput: the connection is disabled, or its plugin has nothing to compare.
        """
        self._expect_startable(slug, ("verify",))
        why, arguments = (Why.REPAIR, {"repair": True}) if repair else (Why.HAND, {})
        return self._jobs.enqueue("verify", slug, why=why, agent=agent, arguments=arguments)

    def _expect_startable(self, slug: str, parts: Sequence[str]) -> None:
        details = self._connections.get(slug)
        if not details.enabled:
            raise InvalidInput(
                f"The connection {slug} is disabled.",
                advice="Enable it first: `halo-host connections enable "
                f"{details.integration} --slug {slug}`",
            )
        for part in parts:
            if part not in self.offered(details):
                raise InvalidInput(f"The integration {details.integration} offers no {part}.")

    def enqueue_due(self) -> list[Job]:
        """Queue what is due and neither queued nor at work; the integrator's sweep calls it."""
        now = self._clock()
        queued = []
        for details in self._connections.all():
            if not details.enabled:
                continue
            known = self._histories(details.id)
            for run in self._plan(details, known, now):
                kind = KINDS[run.part]
                if run.due is not None and run.due <= now and not known[kind].is_open:
                    queued.append(
                        self._jobs.enqueue(kind, details.slug, why=Why.SCHEDULE, agent=AGENT)
                    )
        return queued

    def plan(self, slug: str) -> list[Planned]:
        """The next run of each part that the connection's plugin offers."""
        details = self._connections.get(slug)
        return self._plan(details, self._histories(details.id), self._clock())

    def standing(self, slug: str) -> list[Standing]:
        """How each part that the connection's plugin offers went last, and when it is next."""
        details = self._connections.get(slug)
        known = self._histories(details.id)
        found = []
        for run in self._plan(details, known, self._clock()):
            history = known[KINDS[run.part]]
            found.append(
                Standing(
                    part=run.part,
                    last=history.last_done,
                    failures=history.failures,
                    error=history.error,
                    next=run.due,
                    note="at work or queued" if history.is_open else run.note,
                    is_open=history.is_open,
                    review=run.review,
                )
            )
        return found

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
        return schedule.quiet_hours(self._timezone)

    def _histories(self, connection_id: int) -> Mapping[str, History]:
        with self._database.read() as connection:
            return histories(connection, connection_id, tuple(KINDS.values()))

    def _plan(
        self, details: ConnectionDetails, known: Mapping[str, History], now: datetime
    ) -> list[Planned]:
        parts = self.offered(details)
        if not details.enabled:
            return [Planned(part, None, "the connection is disabled") for part in parts]
        with self._database.read() as connection:
            schedule = stored_schedule(connection, details.id)
            review = open_review(connection, details.id)
        return [
            planned(
                part,
                schedule,
                known,
                timezone=self._timezone,
                was_imported=part != "users" or self._was_imported(details.id),
                review=review,
                now=now,
            )
            for part in parts
        ]

    def _was_imported(self, connection_id: int) -> bool:
        """Whether somebody has imported before: until then, mappings may not be chosen yet."""
        query = select(change_sets.c.id).where(
            change_sets.c.connection_id == connection_id,
            change_sets.c.state.in_(_WRITES),
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None
