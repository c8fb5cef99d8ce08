"""A job that is held: what its carrier gets, to say that it lives and how far it is.

A holder that was killed is recognised at once on its own machine, and elsewhere when its lease has
run out. Each write of a job renews the lease in the same transaction, so that a holder that lost it
can write nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, bindparam, func, select, update

from ..database.bulk import execute_row
from ..database.columns import stored_time
from ..database.job_tables import jobs
from ..errors import ConnectionBusy, HostError

LIFETIME = timedelta(minutes=10)
NAMES = {
    "import": "import",
    "sync": "sync",
    "verify": "verification",
    "reread": "re-reading",
    "webhooks": "processing of webhooks",
}


class Counts(NamedTuple):
    """What a transaction adds to a job's counters."""

    pages: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    requests: int = 0
    waited_ms: int = 0
    rate_limited: int = 0


NOTHING = Counts()


class LeaseLost(ConnectionBusy):
    """The job's worker was taken for dead, and another one carries the job out."""


class JobCancelled(HostError):
    """An operator has cancelled the job; what it has written so far stands."""


class JobStopped(HostError):
    """The worker is being stopped; the job is queued again and goes on where it stands."""


_renew = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("the_job"),
        jobs.c.token == bindparam("the_token"),
        jobs.c.state == bindparam("the_state"),
    )
    .values(
        lease_until=bindparam("until"),
        step=func.coalesce(bindparam("the_step", type_=Text), jobs.c.step),
        **{name: jobs.c[name] + bindparam(f"add_{name}") for name in Counts._fields},
    )
)


_RENEWED = (
    *("the_job", "the_token", "the_state", "until", "the_step"),
    *(f"add_{name}" for name in Counts._fields),
)


def never() -> bool:
    return False


@dataclass(slots=True)
class Lease:
    """A job and the right to carry it out. Used by one thread.

    `should_stop` tells that the worker is being stopped. `attempts` is above 1 for a job that goes
    on after its worker died or was stopped.
    """

    job_id: int
    connection_id: int
    slug: str
    clock: Callable[[], datetime]
    kind: str
    why: str
    agent: str
    token: str
    renewed_at: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 1
    should_stop: Callable[[], bool] = never
    _stopping: bool = False

    def renew(
        self, connection: Connection, *, add: Counts = NOTHING, step: str | None = None
    ) -> None:
        """Call first in every write transaction of a job; it is one statement.

        `step` says in a few words what is being done, for who watches.

        :raises LeaseLost: another worker has taken over.
        :raises JobCancelled: an operator has cancelled the job.
        :raises JobStopped: the worker is being stopped, and the page that was in work when that was
            asked for is written.
        """
        if self._stopping:
            self.checkpoint()
        self._stopping = self.should_stop()
        now = self.clock()
        row = (self.job_id, self.token, "running", stored_time(now + LIFETIME), step, *add)
        if execute_row(connection, _renew, _RENEWED, row).rowcount != 1:
            self._say_why_it_is_lost(connection)
        self.renewed_at = now

    def checkpoint(self) -> None:
        """Call between two pages, outside of any transaction: nothing is then read in vain.

        :raises JobStopped: the worker is being stopped.
        """
        if self.should_stop():
            raise JobStopped(f"The {self.name} of {self.slug} is stopped; it goes on later.")

    def is_getting_old(self) -> bool:
        """Whether it should be renewed even where there is nothing else to write."""
        return self.clock() - self.renewed_at > LIFETIME / 20

    @property
    def name(self) -> str:
        """The job's kind as a word in a sentence."""
        return NAMES.get(self.kind, self.kind)

    def _say_why_it_is_lost(self, connection: Connection) -> None:
        state = connection.scalar(
            select(jobs.c.state).where(jobs.c.id == self.job_id, jobs.c.token == self.token)
        )
        if state == "cancelled":
            raise JobCancelled(f"This {self.name} of {self.slug} was cancelled.")
        raise LeaseLost(
            f"This {self.name} of {self.slug} was taken for dead, and another took over.",
            advice="Wait for the other to end, then look at `halo-host sync runs`.",
        )
