"""Whether anybody works with a database: asked before it is moved or replaced as a whole."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, inspect, select, text

from ..errors import DatabaseError
from ..processes import is_dead
from .database import Database
from .job_tables import jobs
from .tables import connections

_STOP_IT = (
    "Stop the host everywhere (`halo-host serve`, `halo-host integrator`, imports at a keyboard), "
    "then run the same command again."
)


class InUse(DatabaseError):
    """Somebody works with the database; the message says who."""


def refuse_while_in_use(database: Database, now: datetime) -> None:
    """Call before a database is copied elsewhere or replaced.

    Two signs are looked at. A job that runs, unless whoever ran it is dead; and anybody else who
    has the database open, as an idle web server has.

    :raises InUse: and the message says by whom.
    """
    if database.is_sqlite and not Path(database.label).exists():
        return
    _refuse_while_jobs_run(database, now)
    if database.is_sqlite:
        database.close()  # our own connections
        refuse_open_file(Path(database.label))
    else:
        _refuse_while_connected(database)


def _refuse_while_jobs_run(database: Database, now: datetime) -> None:
    with database.read() as connection:
        if not inspect(connection).has_table(jobs.name):
            return  # of host 0.1
        query = (
            select(jobs, connections.c.slug)
            .outerjoin(connections, connections.c.id == jobs.c.connection_id)
            .where(jobs.c.state == "running")
            .order_by(jobs.c.id)
        )
        running = [job for job in connection.execute(query) if not _is_dead(job, now)]
    if running:
        job = running[0]
        of = f" of {job.slug}" if job.slug else ""
        raise InUse(
            f"The database {database.label} is in use: job {job.id} ({job.kind}{of}) is running in "
            f"process {job.process_id} on {job.machine}.",
            advice=_STOP_IT,
        )


def _is_dead(job: Row[Any], now: datetime) -> bool:
    """Its machine knows at once whether its process still runs; elsewhere the lease says it."""
    if job.lease_until is None or job.lease_until <= now:
        return True
    return is_dead(job.machine, job.process_id, job.token)


def refuse_open_file(file: Path) -> None:
    """Refuse an SQLite file that somebody has open.

    In WAL mode every connection holds a lock on the file for as long as it is open, so that asking
    for the file alone fails while there is another one.

    :raises InUse: somebody has.
    """
    if not file.exists():
        return
    address = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=1)) as alone:
        try:
            alone.execute("PRAGMA locking_mode=EXCLUSIVE")
            alone.execute("BEGIN IMMEDIATE")
            alone.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise InUse(
                    f"The database {file} is in use: another program has it open.", advice=_STOP_IT
                ) from None
            # Else it is no database: whoever reads or writes it next says so.
        except sqlite3.DatabaseError:
            pass


_OTHERS = text(
    "SELECT coalesce(nullif(application_name, ''), 'a program without a name') AS program, "
    "coalesce(host(client_addr), 'the same machine') AS machine FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


# The server goes on for a moment with a connection that a program has just closed.
_GOING_SECONDS = 3.0


def _refuse_while_connected(database: Database) -> None:
    database.close()  # our own other connections
    deadline = time.monotonic() + _GOING_SECONDS
    with database.session() as connection:
        while (other := connection.execute(_OTHERS).first()) is not None:
            connection.rollback()  # a transaction keeps seeing what it saw first
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    if other is not None:
        raise InUse(
            f"The database {database.label} is in use: {other.program} on {other.machine} is "
            "connected to it.",
            advice=_STOP_IT,
        )
