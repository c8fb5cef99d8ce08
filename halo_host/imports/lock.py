"""One import at a time for each connection: a lock in the database, with its holder's name.

A holder that was killed is recognised at once on its own machine, and elsewhere when its lock has
run out. Each write of an import renews the lock in the same transaction, so that a holder that lost
it can write nothing more.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from ..database.database import Database
from ..database.tables import import_locks
from ..errors import ConnectionBusy
from ..processes import is_running

LIFETIME = timedelta(minutes=10)


@dataclass(slots=True)
class Lock:
    """A lock that is held."""

    connection_id: int
    slug: str
    token: str
    clock: Callable[[], datetime]
    renewed_at: datetime

    def is_getting_old(self) -> bool:
        """Whether it should be renewed even where there is nothing else to write."""
        return self.clock() - self.renewed_at > LIFETIME / 20

    def renew(self, connection: Connection) -> None:
        """Call first in every write transaction of an import.

        :raises ConnectionBusy: another import has taken over.
        """
        renewed = connection.execute(
            update(import_locks)
            .filter_by(connection_id=self.connection_id, token=self.token)
            .values(expires_at=self.clock() + LIFETIME)
        )
        self.renewed_at = self.clock()
        if renewed.rowcount != 1:
            raise ConnectionBusy(
                f"This import of {self.slug} was taken for dead, and another took over.",
                advice="Wait for the other to end, then look at `halo-host import list`.",
            )


@contextmanager
def locked(
    database: Database,
    connection_id: int,
    slug: str,
    agent: str,
    clock: Callable[[], datetime],
) -> Iterator[Lock]:
    """Hold the connection's lock.

    :raises ConnectionBusy: another import runs; the message says whose, where, since when.
    """
    lock = Lock(connection_id, slug, secrets.token_hex(16), clock, clock())
    with database.write() as connection:
        _refuse_if_held(connection, lock)
        connection.execute(delete(import_locks).filter_by(connection_id=connection_id))
        connection.execute(
            insert(import_locks).values(
                connection_id=connection_id,
                token=lock.token,
                agent=agent,
                machine=platform.node(),
                process_id=os.getpid(),
                since=clock(),
                expires_at=clock() + LIFETIME,
            )
        )
    try:
        yield lock
    finally:
        with database.write() as connection:
            connection.execute(
                delete(import_locks).filter_by(connection_id=connection_id, token=lock.token)
            )


def _refuse_if_held(connection: Connection, lock: Lock) -> None:
    query = select(import_locks).filter_by(connection_id=lock.connection_id)
    holder = connection.execute(query).one_or_none()
    if holder is None or holder.expires_at <= lock.clock():
        return
    if holder.machine == platform.node() and not is_running(holder.process_id):
        return
    raise ConnectionBusy(
        f"An import of {lock.slug} is running: started by {holder.agent} on {holder.machine} "
        f"(process {holder.process_id}) at {holder.since:%Y-%m-%d %H:%M:%S} UTC.",
        advice="Wait until it has ended, then run the command again.",
    )
