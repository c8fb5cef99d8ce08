"""Jobs: queue, claim, carry on, end, cancel, list. Every face and every room calls these methods.

One job runs at a time in each lane of a connection. Whoever changes who holds a lane first touches
the row that hands out the jobs' ids: on PostgreSQL that makes them queue up, on SQLite all writers
do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from ..alerts.raising import NewAlert, raise_alerts
from ..audit import record
from ..database.database import Database
from ..database.ids import allocate_ids
from ..database.job_tables import jobs, schedules
from ..database.tables import connections
from ..errors import ConnectionBusy, HostError, InvalidInput, NotFound
from .holder import is_dead, new_token, this_machine
from .job import ENDED, LANES, USERS, Job, JobState, Why, job_of, job_query
from .lease import LIFETIME, NAMES, Lease, never

# A job whose worker died this often is not claimed again: it may be what kills them.
MAX_ATTEMPTS = 5

# What has waited for so long is no longer overtaken by webhooks, however many come.
PATIENCE = timedelta(minutes=10)


@dataclass(slots=True)
class Held:
    """A job in work on this thread; `result` is the sentence with which it will end."""

    lease: Lease
    result: str = ""


class Jobs:
    """`wake` is told the number of every job that is queued, after the commit."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        wake: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wake = wake

    # --- queueing ------------------------------------------------------------------------------

    def enqueue(
        self,
        kind: str,
        slug: str,
        *,
        why: str,
        agent: str,
        arguments: Mapping[str, Any] | None = None,
        not_before: datetime | None = None,
    ) -> Job:
        """Ask for work; call it outside of any transaction, when what it is about is committed.

        An equal job that is queued already is returned instead of a second one, and comes forward
        where it was to begin later. An equal one that runs does not count: it may be past what has
        just happened.

        :raises NotFound: no connection has that slug.
        """
        wanted = dict(arguments or {})
        due = not_before or self._clock()
        with self._database.read() as connection:
            there = self._queued(connection, kind, slug, wanted)
        if there is not None and there.not_before <= due and not _hastens(why, there.why):
            return there
        with self._database.write() as connection:
            owner = _connection_id(connection, slug)
            (number,) = allocate_ids(connection, jobs)
            there = self._queued(connection, kind, slug, wanted)
            if there is None:
                connection.execute(
                    insert(jobs).values(
                        self._row(number, owner, kind, why, agent, wanted)
                        | {"state": JobState.QUEUED, "not_before": due, "attempts": 0}
                    )
                )
            else:
                number = there.id
                values: dict[str, Any] = {"not_before": min(due, there.not_before)}
                if _hastens(why, there.why):
                    values |= {"why": why, "agent": agent}
                connection.execute(update(jobs).where(jobs.c.id == number).values(values))
        self._wake(number)
        return self.get(number)

    def retry(self, number: int, *, agent: str) -> Job:
        """Queue the same work once more.

        :raises InvalidInput: the job has not ended.
        """
        job = self.get(number)
        if job.state not in ENDED:
            raise InvalidInput(f"Run {number} is {job.state}; only one that has ended is retried.")
        return self.enqueue(
            job.kind, job.connection, why=Why.RETRY, agent=agent, arguments=job.arguments
        )

    def cancel(self, number: int, *, agent: str) -> Job:
        """End a job that is queued or runs. What a running one has written stands.

        Its worker notices when it next writes, and can write nothing more.

        :raises InvalidInput: the job has ended already.
        """
        job = self.get(number)
        with self._database.write() as connection:
            cancelled = connection.execute(
                update(jobs)
                .where(jobs.c.id == number, jobs.c.state.in_((JobState.QUEUED, JobState.RUNNING)))
                .values(
                    state=JobState.CANCELLED,
                    finished_at=self._clock(),
                    error=f"Cancelled by {agent}.",
                )
            )
            if cancelled.rowcount != 1:
                raise InvalidInput(f"Run {number} has ended already: it is {job.state}.")
            record(
                connection,
                at=self._clock(),
                agent=agent,
                action="job.cancelled",
                entity="connection",
                entity_id=job.connection,
                after={"job": number, "kind": job.kind},
            )
        return self.get(number)

    # --- holding -------------------------------------------------------------------------------

    def claim(
        self,
        *,
        kinds: Collection[str] = tuple(LANES),
        should_stop: Callable[[], bool] = never,
    ) -> Lease | None:
        """The next job that is due, held by this process; None where there is nothing to do.

        First the jobs of dead workers, then what people asked for, then webhooks, then the rest;
        what has waited long comes before webhooks.
        Of a paused connection only what people asked for is claimed, of a disabled one nothing.
        """
        with self._database.read() as connection:
            if self._next(connection, kinds) is None:
                return None
        with self._database.write() as connection:
            _queue_up(connection)
            while (row := self._next(connection, kinds)) is not None:
                if row["state"] == JobState.RUNNING and row["attempts"] >= MAX_ATTEMPTS:
                    self._give_up(connection, row)
                    continue
                return self._take(connection, dict(row), should_stop)
        return None

    def begin(
        self,
        kind: str,
        slug: str,
        *,
        agent: str,
        why: str = Why.HAND,
        arguments: Mapping[str, Any] | None = None,
        should_stop: Callable[[], bool] = never,
    ) -> Lease:
        """Own a job at once, for the command line; end it with `finish`, `fail` or `drop`.

        An equal job of a dead process is carried on.

        :raises ConnectionBusy: another job runs in this lane; the message says whose, where, since
            when.
        :raises NotFound: no connection has that slug.
        """
        wanted = dict(arguments or {})
        with self._database.write() as connection:
            owner = _connection_id(connection, slug)
            (number,) = allocate_ids(connection, jobs)
            running = (
                connection.execute(
                    job_query()
                    .add_columns(jobs.c.token, jobs.c.connection_id, jobs.c.lease_until)
                    .where(
                        jobs.c.connection_id == owner,
                        jobs.c.lane == LANES[kind],
                        jobs.c.state == JobState.RUNNING,
                    )
                )
                .mappings()
                .one_or_none()
            )
            if running is not None:
                if not self._is_abandoned(running):
                    raise _busy(running)
                if (running["kind"], running["arguments"]) == (kind, wanted):
                    return self._take(connection, {**running, "agent": agent}, should_stop)
                self._leave_to(connection, running, number)
            row = self._row(number, owner, kind, why, agent, wanted)
            row |= {"state": JobState.QUEUED, "not_before": self._clock(), "attempts": 0}
            connection.execute(insert(jobs).values(row))
            return self._take(connection, {**row, "connection": slug}, should_stop)

    @contextmanager
    def holding(
        self,
        kind: str,
        slug: str,
        *,
        agent: str,
        arguments: Mapping[str, Any] | None = None,
        forget: bool = False,
    ) -> Iterator[Held]:
        """`begin` a job and end it with the block: done, or failed with the block's error.

        `forget` leaves no record of it: for short work that has an audit row of its own.

        :raises ConnectionBusy: another job runs in this lane.
        """
        held = Held(self.begin(kind, slug, agent=agent, arguments=arguments))
        try:
            yield held
        except BaseException as error:
            self._fail_by(held.lease, error)
            raise
        finally:
            if forget:
                self.drop(held.lease)
        self.finish(held.lease, held.result)

    def _fail_by(self, lease: Lease, error: BaseException) -> None:
        """Note why a job ended early; where that cannot be written, the first error counts."""
        if not isinstance(error, HostError):
            name = type(error).__name__
            error = HostError(
                "It was interrupted."
                if isinstance(error, KeyboardInterrupt)
                else f"Something unexpected happened ({name})."
            )
        with suppress(HostError):
            self.fail(lease, error)

    def finish(self, lease: Lease, result: str) -> bool:
        """The job is done; False where the lease was lost and so nothing was noted."""
        return self._end(lease, JobState.DONE, result=result, error="", advice="", step="")

    def fail(self, lease: Lease, error: HostError) -> bool:
        """The job has failed; False where the lease was lost and so nothing was noted."""
        return self._end(
            lease, JobState.FAILED, error=error.message, advice=error.advice or "", result=""
        )

    def give_back(self, lease: Lease) -> bool:
        """Queue a job again that its worker stopped; it goes on where it stands."""
        return self._end(
            lease, JobState.QUEUED, finished_at=None, attempts=max(0, lease.attempts - 1)
        )

    def drop(self, lease: Lease) -> None:
        """Forget a job: for short work that holds a lane and leaves an audit row of its own."""
        with self._database.write() as connection:
            connection.execute(
                delete(jobs).where(jobs.c.id == lease.job_id, jobs.c.token == lease.token)
            )

    # --- reading -------------------------------------------------------------------------------

    def get(self, number: int) -> Job:
        """:raises NotFound: there is no run of that number."""
        with self._database.read() as connection:
            row = connection.execute(job_query().where(jobs.c.id == number)).mappings().first()
        if row is None:
            raise NotFound(f"There is no run {number}.", advice="See `halo-host sync runs`.")
        return job_of(row)

    def list(
        self,
        slug: str | None = None,
        *,
        kinds: Collection[str] = (),
        states: Collection[str] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Jobs of one connection or of all, the newest first; go on with the last number."""
        query = job_query().order_by(jobs.c.id.desc()).limit(limit)
        if slug is not None:
            query = query.where(connections.c.slug == slug)
        if kinds:
            query = query.where(jobs.c.kind.in_(kinds))
        if states:
            query = query.where(jobs.c.state.in_(states))
        if before is not None:
            query = query.where(jobs.c.id < before)
        with self._database.read() as connection:
            if slug is not None:
                _connection_id(connection, slug)
            return [job_of(row) for row in connection.execute(query).mappings()]

    def waiting(self) -> int:
        """How many jobs could be claimed now."""
        with self._database.read() as connection:
            return len(self._claimable(connection, tuple(LANES)))

    def prune(self, *, ended_before: datetime, failed_before: datetime) -> int:
        """Forget runs that ended before those times, except each connection's newest of a kind."""
        newest = select(func.max(jobs.c.id)).group_by(
            jobs.c.connection_id, jobs.c.kind, jobs.c.state
        )
        with self._database.write() as connection:
            return connection.execute(
                delete(jobs).where(
                    or_(
                        and_(
                            jobs.c.state.in_((JobState.DONE, JobState.CANCELLED)),
                            jobs.c.finished_at < ended_before,
                        ),
                        and_(jobs.c.state == JobState.FAILED, jobs.c.finished_at < failed_before),
                    ),
                    jobs.c.id.not_in(newest),
                )
            ).rowcount

    # --- parts ---------------------------------------------------------------------------------

    def _row(
        self, number: int, owner: int, kind: str, why: str, agent: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "id": number,
            "connection_id": owner,
            "lane": LANES[kind],
            "kind": kind,
            "why": str(why),
            "agent": agent,
            "arguments": arguments,
            "queued_at": self._clock(),
        }

    def _queued(
        self, connection: Connection, kind: str, slug: str, arguments: dict[str, Any]
    ) -> Job | None:
        row = connection.execute(
            job_query()
            .where(
                connections.c.slug == slug,
                jobs.c.kind == kind,
                jobs.c.arguments == arguments,
                jobs.c.state == JobState.QUEUED,
            )
            .limit(1)
        ).mappings()
        found = row.first()
        return None if found is None else job_of(found)

    def _next(self, connection: Connection, kinds: Collection[str]) -> RowMapping | None:
        return next(iter(self._claimable(connection, kinds)), None)

    def _claimable(self, connection: Connection, kinds: Collection[str]) -> Sequence[RowMapping]:
        """Abandoned jobs, then the queued ones of free lanes."""
        columns = job_query().add_columns(jobs.c.token, jobs.c.connection_id, jobs.c.lease_until)
        of_kind = jobs.c.kind.in_(kinds)
        running = connection.execute(
            columns.where(of_kind, jobs.c.state == JobState.RUNNING).order_by(jobs.c.id)
        ).mappings()
        abandoned = [row for row in running if self._is_abandoned(row)]
        other = jobs.alias()
        queued = connection.execute(
            columns.outerjoin(schedules, schedules.c.connection_id == jobs.c.connection_id)
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

    def _is_abandoned(self, row: RowMapping) -> bool:
        until = row["lease_until"]
        return (
            until is None
            or until <= self._clock()
            or is_dead(row["machine"], row["process_id"], row["token"])
        )

    def _take(
        self, connection: Connection, row: Mapping[str, Any], should_stop: Callable[[], bool]
    ) -> Lease:
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

    def _end(self, lease: Lease, state: JobState, **values: Any) -> bool:
        values = {"finished_at": self._clock()} | values
        with self._database.write() as connection:
            ended = connection.execute(
                update(jobs)
                .where(
                    jobs.c.id == lease.job_id,
                    jobs.c.token == lease.token,
                    jobs.c.state == JobState.RUNNING,
                )
                .values(state=state, token="", lease_until=None, **values)
            )
            return ended.rowcount == 1

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
        text = f"Run {row['id']} of {row['connection']} ({kind}) was given up. {said}"
        dead = NewAlert(row["connection_id"], "job_dead", f"job_dead:{kind}", text, "", now)
        raise_alerts(connection, [dead])

    def _leave_to(self, connection: Connection, row: RowMapping, successor: int) -> None:
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


def _connection_id(connection: Connection, slug: str) -> int:
    found = connection.scalar(select(connections.c.id).where(connections.c.slug == slug))
    if found is None:
        raise NotFound(
            f"There is no connection {slug[:60]}.", advice="See `halo-host connections list`."
        )
    return int(found)


def _queue_up(connection: Connection) -> None:
    allocate_ids(connection, jobs, 0)


def _urgency(now: datetime) -> ColumnElement[int]:
    return case(
        (jobs.c.why == Why.HAND, 0),
        (jobs.c.not_before < now - PATIENCE, 1),
        (jobs.c.kind == "webhooks", 2),
        else_=3,
    )


def _hastens(why: str, before: str) -> bool:
    """Whether asking by hand changes a job that is queued already: people are served first."""
    return why == Why.HAND and before != Why.HAND


def _busy(row: RowMapping) -> ConnectionBusy:
    name = NAMES.get(row["kind"], row["kind"])
    article = "An" if name[0] in "aeiou" else "A"
    return ConnectionBusy(
        f"{article} {name} of {row['connection']} is running: started by {row['agent']} on "
        f"{row['machine']} (process {row['process_id']}) at "
        f"{row['started_at']:%Y-%m-%d %H:%M:%S} UTC.",
        advice="Wait until it has ended, then run the command again.",
    )
