"""A job as faces show it: what is to be done, who does it, how it went."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.engine import RowMapping

from ..database.job_tables import jobs
from ..database.tables import connections

USERS, PAYMENTS = "users", "payments"
LANES = {
    "import": USERS,
    "sync": PAYMENTS,
    "verify": PAYMENTS,
    "webhooks": PAYMENTS,
    "reread": PAYMENTS,
}


class JobState(enum.StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class Why(enum.StrEnum):
    """What asked for a job."""

    SCHEDULE = "schedule"
    HAND = "hand"
    WEBHOOK = "webhook"
    REPAIR = "repair"
    RETRY = "retry"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Times are UTC. `waited_ms` was spent waiting for the provider's rate limit."""

    id: int
    connection: str
    lane: str
    kind: str
    why: str
    agent: str
    arguments: Mapping[str, Any]
    state: JobState
    queued_at: datetime
    not_before: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    machine: str
    process_id: int
    step: str
    pages: int
    new: int
    changed: int
    unchanged: int
    failed: int
    requests: int
    waited_ms: int
    rate_limited: int
    result: str
    error: str
    advice: str


_SHOWN = [jobs.c[name] for name in Job.__dataclass_fields__ if name != "connection"]


def job_query() -> Select[Any]:
    """What `job_of` takes, of every job that belongs to a connection."""
    return select(*_SHOWN, connections.c.slug.label("connection")).join(
        connections, connections.c.id == jobs.c.connection_id
    )


def job_of(row: RowMapping) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
