"""Jobs: queue, claim, carry on, end, cancel, list. Every face and every room calls these methods.

What they do to the table of jobs stands in `records`, who gets which job in `claiming`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from ..audit import record
from ..database.database import Database
from ..database.job_tables import jobs
from ..errors import HostError, InvalidInput
from . import records
from .claiming import Claims
from .job import ENDED, LANES, Job, JobState, Why
from .lease import Lease, never


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
        self._claims = Claims(clock)

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
            there = records.find_queued(connection, kind, slug, wanted)
        if there is not None and there.not_before <= due and not records.hastens(why, there.why):
            return there
        with self._database.write() as connection:
            owner = records.connection_id_of(connection, slug)
            number = records.next_number(connection)
            there = records.find_queued(connection, kind, slug, wanted)
            if there is None:
                records.insert_queued(
                    connection,
                    number,
                    connection_id=owner,
                    kind=kind,
                    why=why,
                    agent=agent,
                    arguments=wanted,
                    queued_at=self._clock(),
                    not_before=due,
                )
            else:
                number = there.id
                records.bring_forward(connection, there, not_before=due, why=why, agent=agent)
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
            if not records.end_cancelled(connection, number, agent, self._clock()):
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
            if not self._claims.claimable(connection, kinds):
                return None
        with self._database.write() as connection:
            return self._claims.claim(connection, kinds, should_stop)

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
            owner = records.connection_id_of(connection, slug)
            number = records.next_number(connection)
            abandoned = self._claims.abandoned_in_lane(connection, owner, kind)
            if abandoned is not None:
                if (abandoned["kind"], abandoned["arguments"]) == (kind, wanted):
                    carried_on = {**abandoned, "agent": agent}
                    return self._claims.take(connection, carried_on, should_stop)
                self._claims.leave_to(connection, abandoned, number)
            now = self._clock()
            row = records.insert_queued(
                connection,
                number,
                connection_id=owner,
                kind=kind,
                why=why,
                agent=agent,
                arguments=wanted,
                queued_at=now,
                not_before=now,
            )
            return self._claims.take(connection, {**row, "connection": slug}, should_stop)

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

        `forget` leaves no record of it, nor of a refusal: for short work that has an audit row of
        its own.

        :raises ConnectionBusy: another job runs in this lane.
        """
        held = Held(self.begin(kind, slug, agent=agent, arguments=arguments))
        try:
            yield held
        except BaseException as error:
            if forget:
                with suppress(HostError):
                    self.drop(held.lease)
            else:
                self._fail_by(held.lease, error)
            raise
        if forget:
            self.drop(held.lease)
        else:
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

    def finish_idle(self, lease: Lease) -> bool:
        """The job found nothing to do.

        One that a delivery asked for is forgotten: an earlier one had taken the delivery in
        already. What people and schedules asked for is kept.
        """
        if lease.why == Why.WEBHOOK:
            with self._database.write() as connection:
                if records.delete_idle(connection, lease):
                    return True
        return self.finish(lease, "There was nothing to do.")

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
            return records.find_job(connection, number)

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
        with self._database.read() as connection:
            return records.list_jobs(connection, slug, kinds, states, before, limit)

    def waiting(self) -> int:
        """How many jobs could be claimed now."""
        with self._database.read() as connection:
            return len(self._claims.claimable(connection, tuple(LANES)))

    def failed_runs(self) -> tuple[int, datetime | None]:
        """How many runs have failed, and when the last one did: it differs after every failure."""
        with self._database.read() as connection:
            return records.failed_runs(connection)

    def prune(self, *, ended_before: datetime, failed_before: datetime) -> int:
        """Forget runs that ended before those times, except each connection's newest of a kind."""
        with self._database.write() as connection:
            return records.delete_ended(connection, ended_before, failed_before)

    def _end(self, lease: Lease, state: JobState, **values: Any) -> bool:
        values = {"finished_at": self._clock()} | values
        with self._database.write() as connection:
            return records.end_held(connection, lease, state, **values)
