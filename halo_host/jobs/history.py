"""How the latest jobs of a connection went: what schedules and alerts go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, and_, exists, func, or_, select, type_coerce

from ..database.job_tables import jobs
from .job import ENDED, JobState

_NAMES = {
    "import": ("import", "imports"),
    "sync": ("sync", "syncs"),
    "verify": ("verification", "verifications"),
    "webhooks": ("run for webhooks", "runs for webhooks"),
}
# The kinds of run whose failures are told; an undo or a re-reading has somebody who waits for it.
JUDGED = tuple(_NAMES)
# An import that was reviewed before it was applied; `imports` writes that task.
_APPLIED = and_(
    jobs.c.state == JobState.DONE, type_coerce(jobs.c.arguments, Text).like('%"task":"applying"%')
)
_LOOKED_AT = 30  # of the newest; failures beyond are counted no further


@dataclass(frozen=True, slots=True)
class History:
    """One kind of job of a connection.

    `last` is when the newest ended one began and ended; `failures` how many failed in a row until
    then, `error` what the newest of those said. `is_open` tells that one is queued or at work,
    whatever its task is: an import is not due while another one is applied or taken back.
    """

    last: tuple[datetime, datetime] | None = None
    last_done: datetime | None = None
    first_done: datetime | None = None
    failures: int = 0
    error: str = ""
    is_open: bool = False


def failures_told(name: str, kind: str, history: History) -> str:
    """Say of a kind of run whose newest failed how many did, and why. `name` is what operators call
    the connection."""
    one, several = _NAMES[kind]
    last = one if history.failures == 1 else f"{history.failures} {several}"
    newest = "It" if history.failures == 1 else "The newest"
    return f"The last {last} of {name} failed. {newest} said: {history.error}"


def histories(
    connection: Connection, connection_id: int, kinds: Sequence[str]
) -> dict[str, History]:
    """By kind. An undo or a task of another kind within a lane does not count, but an import that
    was applied after its review does."""
    return {kind: _history(connection, connection_id, kind) for kind in kinds}


def _history(connection: Connection, connection_id: int, kind: str) -> History:
    of_kind = [jobs.c.connection_id == connection_id, jobs.c.kind == kind]
    lives = connection.scalar(select(exists().where(*of_kind, jobs.c.state.not_in(ENDED))))
    if kind == "import":
        of_kind.append(or_(jobs.c.arguments == {}, _APPLIED))
    elif kind != "verify":
        of_kind.append(jobs.c.arguments == {})
    newest = connection.execute(
        select(jobs.c.state, jobs.c.started_at, jobs.c.finished_at, jobs.c.error)
        .where(*of_kind)
        .order_by(jobs.c.id.desc())
        .limit(_LOOKED_AT)
    ).all()
    ended = [row for row in newest if row.state in ENDED and row.finished_at is not None]
    first_done, last_done = connection.execute(
        select(func.min(jobs.c.finished_at), func.max(jobs.c.finished_at)).where(
            *of_kind, jobs.c.state == JobState.DONE
        )
    ).one()
    failed = []
    for row in ended:
        if row.state == JobState.DONE:
            break
        if row.state == JobState.FAILED:
            failed.append(row)
    return History(
        last=(ended[0].started_at or ended[0].finished_at, ended[0].finished_at) if ended else None,
        last_done=last_done,
        first_done=first_done,
        failures=len(failed),
        error=failed[0].error if failed else "",
        is_open=bool(lives),
    )
