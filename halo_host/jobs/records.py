"""The rows of the table of jobs: find them, make one, end one, forget old ones.

All take the caller's transaction; `Jobs` opens it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from ..database.ids import allocate_ids
from ..database.job_tables import jobs
from ..database.tables import connections
from ..errors import NotFound
from .job import LANES, Job, JobState, Why, job_of, job_query
from .lease import Lease


def connection_id_of(connection: Connection, slug: str) -> int:
    """:raises NotFound: no connection has that slug."""
    found = connection.scalar(select(connections.c.id).where(connections.c.slug == slug))
    if found is None:
        raise NotFound(
            f"There is no connection {slug[:60]}.", advice="See `halo-host connections list`."
        )
    return int(found)


def next_number(connection: Connection) -> int:
    """The number of a new job; from here on nobody else changes who holds a lane."""
    (number,) = allocate_ids(connection, jobs)
    return number


def insert_queued(
    connection: Connection,
    number: int,
    *,
    connection_id: int,
    kind: str,
    why: str,
    agent: str,
    arguments: Mapping[str, Any],
    queued_at: datetime,
    not_before: datetime,
) -> dict[str, Any]:
    """A new job that waits for a worker; its row."""
    row = {
        "id": number,
        "connection_id": connection_id,
        "lane": LANES[kind],
        "kind": kind,
        "why": str(why),
        "agent": agent,
        "arguments": arguments,
        "state": JobState.QUEUED,
        "queued_at": queued_at,
        "not_before": not_before,
        "attempts": 0,
    }
    connection.execute(insert(jobs).values(row))
    return row


def find_queued(
    connection: Connection, kind: str, slug: str, arguments: Mapping[str, Any]
) -> Job | None:
    """An equal job that waits for a worker."""
    query = job_query().where(
        connections.c.slug == slug,
        jobs.c.kind == kind,
        jobs.c.arguments == arguments,
        jobs.c.state == JobState.QUEUED,
    )
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else job_of(row)


def bring_forward(
    connection: Connection, job: Job, *, not_before: datetime, why: str, agent: str
) -> None:
    """Let a queued job begin no later than `not_before`, and as somebody who asked by hand."""
    values: dict[str, Any] = {"not_before": min(not_before, job.not_before)}
    if hastens(why, job.why):
        values |= {"why": why, "agent": agent}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(values))


def hastens(why: str, before: str) -> bool:
    """Whether asking by hand changes a job that is queued already: people are served first."""
    return why == Why.HAND and before != Why.HAND


def find_job(connection: Connection, number: int) -> Job:
    """:raises NotFound: there is no run of that number."""
    row = connection.execute(job_query().where(jobs.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"There is no run {number}.", advice="See `halo-host sync runs`.")
    return job_of(row)


def list_jobs(
    connection: Connection,
    slug: str | None,
    kinds: Collection[str],
    states: Collection[str],
    before: int | None,
    limit: int,
) -> list[Job]:
    """The newest first.

    :raises NotFound: no connection has that slug.
    """
    query = job_query().order_by(jobs.c.id.desc()).limit(limit)
    if slug is not None:
        connection_id_of(connection, slug)
        query = query.where(connections.c.slug == slug)
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if states:
        query = query.where(jobs.c.state.in_(states))
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [job_of(row) for row in connection.execute(query).mappings()]


def end_held(connection: Connection, lease: Lease, state: JobState, **values: Any) -> bool:
    """Let a job go that this lease holds; False where the lease was lost."""
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


def end_cancelled(connection: Connection, number: int, agent: str, at: datetime) -> bool:
    """End a job that is queued or runs; False where it has ended already."""
    cancelled = connection.execute(
        update(jobs)
        .where(jobs.c.id == number, jobs.c.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .values(state=JobState.CANCELLED, finished_at=at, error=f"Cancelled by {agent}.")
    )
    return cancelled.rowcount == 1


def failed_runs(connection: Connection) -> tuple[int, datetime | None]:
    """How many runs have failed, and when the last one did: it differs after every failure."""
    count, last = connection.execute(
        select(func.count(), func.max(jobs.c.finished_at)).where(jobs.c.state == JobState.FAILED)
    ).one()
    return count, last


def delete_idle(connection: Connection, lease: Lease) -> bool:
    """Forget a job that this lease holds and that asked its provider nothing.

    False where it is kept: it was not idle, the lease was lost, or the run before it failed, whose
    failure is over with this one.
    """
    before = connection.scalar(
        select(jobs.c.state)
        .where(
            jobs.c.connection_id == lease.connection_id,
            jobs.c.kind == lease.kind,
            jobs.c.state.in_((JobState.DONE, JobState.FAILED)),
        )
        .order_by(jobs.c.id.desc())
        .limit(1)
    )
    if before == JobState.FAILED:
        return False
    deleted = connection.execute(
        delete(jobs).where(
            jobs.c.id == lease.job_id,
            jobs.c.token == lease.token,
            jobs.c.state == JobState.RUNNING,
            jobs.c.pages == 0,
            jobs.c.requests == 0,
        )
    )
    return deleted.rowcount == 1


def delete_ended(connection: Connection, ended_before: datetime, failed_before: datetime) -> int:
    """Forget jobs that ended before those times, except each connection's newest of a kind."""
    newest = select(func.max(jobs.c.id)).group_by(jobs.c.connection_id, jobs.c.kind, jobs.c.state)
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
