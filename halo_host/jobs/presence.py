"""Which integrators run, and which of them queues what is due and raises alerts.

One does, the one that has run longest. If for a moment two believed they were it, nothing would
happen twice: equal jobs are one, and of a key there is one open alert.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from ..database.database import Database
from ..database.job_tables import integrators
from ..processes import is_dead, new_token, this_machine

SEEN_EVERY = timedelta(seconds=10)
GONE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningIntegrator:
    machine: str
    process_id: int
    threads: int
    started_at: datetime
    seen_at: datetime


class Presence:
    """One integrator's row; `renew` now and then, `leave` at the end."""

    def __init__(self, database: Database, clock: Callable[[], datetime], threads: int) -> None:
        self._database = database
        self._clock = clock
        self._token = new_token(os.getpid())
        self._threads = threads
        self.started_at = clock()
        self._seen_at: datetime | None = None

    def renew(self) -> bool:
        """Say that this integrator runs; whether it is the one that looks after schedules."""
        now = self._clock()
        if self._seen_at is None or not timedelta(0) <= now - self._seen_at < SEEN_EVERY:
            with self._database.write() as connection:
                self._say(connection, now)
            self._seen_at = now
        with self._database.read() as connection:
            first = connection.scalar(
                select(integrators.c.token)
                .where(integrators.c.seen_at > now - GONE_AFTER)
                .order_by(integrators.c.started_at, integrators.c.token)
                .limit(1)
            )
        return first == self._token

    def leave(self) -> None:
        with self._database.write() as connection:
            connection.execute(delete(integrators).filter_by(token=self._token))

    def _say(self, connection: Connection, now: datetime) -> None:
        for row in connection.execute(select(integrators)).all():
            gone = row.seen_at <= now - GONE_AFTER or is_dead(
                row.machine, row.process_id, row.token
            )
            if gone and row.token != self._token:
                connection.execute(delete(integrators).filter_by(token=row.token))
        said = connection.execute(
            update(integrators).filter_by(token=self._token).values(seen_at=now)
        )
        if said.rowcount == 0:
            connection.execute(
                insert(integrators).values(
                    token=self._token,
                    machine=this_machine(),
                    process_id=os.getpid(),
                    threads=self._threads,
                    started_at=self.started_at,
                    seen_at=now,
                )
            )


def running_integrators(database: Database, now: datetime) -> list[RunningIntegrator]:
    """Those that live, the one that looks after schedules first."""
    with database.read() as connection:
        rows = connection.execute(
            select(integrators)
            .where(integrators.c.seen_at > now - GONE_AFTER)
            .order_by(integrators.c.started_at, integrators.c.token)
        ).all()
    return [
        RunningIntegrator(
            machine=row.machine,
            process_id=row.process_id,
            threads=row.threads,
            started_at=row.started_at,
            seen_at=row.seen_at,
        )
        for row in rows
        if not is_dead(row.machine, row.process_id, row.token)
    ]
