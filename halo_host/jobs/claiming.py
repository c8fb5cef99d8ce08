"""Who gets a job: which are due, in which order, and what becomes of those of dead workers.

One job runs at a time in each lane of a connection. Whoever changes who holds a lane first touches
the row that hands out the jobs' ids: on PostgreSQL that makes them queue up, on SQLite all writers
do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, or_, update
from sqlalchemy.engine import RowMapping

from ..alerts.raising import NewAlert, raise_alerts
from ..database.ids import allocate_ids
from ..database.job_tables import jobs, schedules
from ..database.tables import connections
from ..errors import ConnectionBusy
from ..processes import is_dead, new_token, this_machine
from .job import LANES, USERS, JobState, Why, job_query
from .lease import LIFETIME, NAMES, Lease

# A job whose worker died this often is not claimed again: it may be what kills them.
MAX_ATTEMPTS = 5

# What has waited for so long is no longer overtaken by webhooks, however many come.
PATIENCE = timedelta(minutes=10)

_CLAIMED = job_query().add_columns(
    jobs.c.token, jobs.c.connection_id, jobs.c.lease_until, connections.c.name
)


class Claims:
    """Hands out jobs inside the caller's transaction; `Jobs` asks it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def claimable(self, connection: Connection, kinds: Collection[str]) -> Sequence[RowMapping]:
        """Abandoned jobs, then the queued ones of free lanes."""
        of_kind = jobs.c.kind.in_(kinds)
        running = connection.execute(
            _CLAIMED.where(of_kind, jobs.c.state == JobState.RUNNING).order_by(jobs.c.id)
        ).mappings()
        abandoned = [row for row in running if self._is_abandoned(row)]
        other = jobs.alias()
        queued = connection.execute(
            _CLAIMED.outerjoin(schedules, schedules.c.connection_id == jobs.c.connection_id)
            .where(
                of_kind,
                jobs.c.state == JobState.QUEUED,
                jobs.c.not_before <= self._clock(),
                connections.c.disabled_at.is_(None),
                or_(
                    schedules.c.paused_at.is_(None),
                    jobs.c.why.in_((Why.HAND, Why.RETRY, Why.REPAIR)),
                ),
                ~exists().where(
                    other.c.connection_id == jobs.c.connection_id,
                    other.c.lane == jobs.c.lane,
                    other.c.state == JobState.RUNNING,
                ),
            )
            .order_by(_urgency(self._clock()), jobs.c.id)
        ).mappings()
        return [*abandoned, *queued]

    def claim(
        self, connection: Connection, kinds: Collection[str], should_stop: Callable[[], bool]
    ) -> Lease | None:
        """The most urgent job; one whose workers keep dying is given up on the way to it."""
        allocate_ids(connection, jobs, 0)  # queue up
        while found := self.claimable(connection, kinds):
            row = found[0]
            if row["state"] != JobState.RUNNING or row["attempts"] < MAX_ATTEMPTS:
                return self.take(connection, dict(row), should_stop)
            self._give_up(connection, row)
        return None

    def abandoned_in_lane(
        self, connection: Connection, connection_id: int, kind: str
    ) -> RowMapping | None:
        """The job of a dead worker that holds the lane of this kind; None where it is free.

        :raises ConnectionBusy: who holds it lives; the message says whose, where, since when.
        """
        row = (
            connection.execute(
                _CLAIMED.where(
                    jobs.c.connection_id == connection_id,
                    jobs.c.lane == LANES[kind],
                    jobs.c.state == JobState.RUNNING,
                )
            )
            .mappings()
            .one_or_none()
        )
        if row is not None and not self._is_abandoned(row):
            raise _busy(row)
        return row

    def take(
        self, connection: Connection, row: Mapping[str, Any], should_stop: Callable[[], bool]
    ) -> Lease:
        """Let this process hold a job whose lane is free or whose worker is dead."""
        now = self._clock()
        token = new_token(os.getpid())
        connection.execute(
            update(jobs)
            .where(jobs.c.id == row["id"])
            .values(
                state=JobState.RUNNING,
                agent=row["agent"],
                started_at=now,
                attempts=row["attempts"] + 1,
                token=token,
                machine=this_machine(),
                process_id=os.getpid(),
                lease_until=now + LIFETIME,
            )
        )
        return Lease(
            job_id=row["id"],
            connection_id=row["connection_id"],
            slug=row["connection"],
            clock=self._clock,
            kind=row["kind"],
            why=row["why"],
            agent=row["agent"],
            token=token,
            renewed_at=now,
            arguments=row["arguments"],
            attempts=row["attempts"] + 1,
            should_stop=should_stop,
        )

    def leave_to(self, connection: Connection, row: RowMapping, successor: int) -> None:
        """Free the lane of a dead job: an import's rest is finished by the next one of any task,
        other work is queued again."""
        values: dict[str, Any] = {"state": JobState.QUEUED, "token": "", "lease_until": None}
        if row["lane"] == USERS:
            values |= {
                "state": JobState.FAILED,
                "finished_at": self._clock(),
                "error": f"It was interrupted; run {successor} finished what it left.",
            }
        connection.execute(update(jobs).where(jobs.c.id == row["id"]).values(values))

    def _is_abandoned(self, row: RowMapping) -> bool:
        until = row["lease_until"]
        return (
            until is None
            or until <= self._clock()
            or is_dead(row["machine"], row["process_id"], row["token"])
        )

    def _give_up(self, connection: Connection, row: RowMapping) -> None:
        now, kind = self._clock(), row["kind"]
        said = (
            f"Its worker died {row['attempts']} times, at last the one on {row['machine']} "
            f"(process {row['process_id']})."
        )
        connection.execute(
            update(jobs)
            .where(jobs.c.id == row["id"])
            .values(
                state=JobState.FAILED,
                finished_at=now,
                token="",
                error=said,
                advice="Look at the log of that machine (memory, kills), then retry the run.",
            )
        )
        work = f"the {NAMES.get(kind, kind)} of {row['name']}"
        text = f"Run {row['id']}, {work}, was given up. {said}"
        dead = NewAlert(row["connection_id"], "job_dead", f"job_dead:{kind}", text, "", now)
        raise_alerts(connection, [dead])


def _urgency(now: datetime) -> ColumnElement[int]:
    return case(
        (jobs.c.why == Why.HAND, 0),
        (jobs.c.not_before < now - PATIENCE, 1),
        (jobs.c.kind == "webhooks", 2),
        else_=3,
    )


def _busy(row: RowMapping) -> ConnectionBusy:
    name = NAMES.get(row["kind"], row["kind"])
    article = "An" if name[0] in "aeiou" else "A"
    return ConnectionBusy(
        f"{article} {name} of {row['connection']} is running: started by {row['agent']} on "
        f"{row['machine']} (process {row['process_id']}) at "
        f"{row['started_at']:%Y-%m-%d %H:%M:%S} UTC.",
        advice="Wait until it has ended, then run the command again.",
    )
