"""The tables of the inbox, and their versions.

They have a database of their own on SQLite, so that nothing that is written elsewhere delays an
answer; on PostgreSQL they lie beside the host's tables. They refer to connections by slug.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
)

from ..database.columns import Json, UtcTime
from ..database.database import Database
from ..database.tables import Id
from ..errors import DatabaseError

VERSION = 1
NEW, PROCESSED, FAILED = "new", "processed", "failed"
_LOCK = 0x48414C4F  # of PostgreSQL, for whoever makes the tables

metadata = MetaData()

deliveries = Table(
    "inbox_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection", Text, nullable=False),
    # The provider's own name for the delivery, or a digest of its body.
    Column("delivery_key", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),  # see bodies.py
    Column("headers", Json, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("last_received_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("events", Integer),
    Column("processed_at", UtcTime),
    Column("replays", Integer, nullable=False),
    UniqueConstraint("connection", "delivery_key", name="uq_inbox_deliveries_key"),
    Index("ix_inbox_deliveries_received_at", "received_at"),
    sqlite_autoincrement=True,  # the id of a pruned delivery is never given again
)
Index(
    "ix_inbox_deliveries_new",
    deliveries.c.connection,
    deliveries.c.id,
    sqlite_where=deliveries.c.state == NEW,
    postgresql_where=deliveries.c.state == NEW,
)

# How many deliveries of a day ended how. They are counted a moment after the answer.
tallies = Table(
    "inbox_tallies",
    metadata,
    Column("connection", Text, primary_key=True),  # empty: an address that is no connection's
    Column("day", String(10), primary_key=True),
    Column("outcome", String(20), primary_key=True),
    Column("reason", String(200), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

inbox_version = Table(
    "inbox_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("probed_at", UtcTime),
)


def make_current(database: Database) -> None:
    """Make the tables where there are none, or bring older ones to this version.

    Called whenever the inbox is opened; several processes may do so at once.

    :raises DatabaseError: a newer version has changed them.
    """
    with database.read() as connection:
        if _version(connection) == VERSION:
            return
    with database.write() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        version = _version(connection)
        if version is not None and version > VERSION:
            raise DatabaseError(
                f"The inbox {database.label} belongs to a newer version of Halo Host (its tables "
                f"are at {version}, this version knows {VERSION}). Nothing was changed.",
                advice="Install that newer version, or restore the back-up made before its "
                "upgrade.",
            )
        if version is None:
            metadata.create_all(connection)
            connection.execute(insert(inbox_version).values(version=VERSION))


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table(inbox_version.name):
        return None
    return connection.scalar(select(inbox_version.c.version))
