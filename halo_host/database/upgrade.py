"""Bring a database to this version's tables, and refuse one that a newer version has changed."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table
from sqlalchemy.sql import column

from ..errors import DatabaseError
from .database import Database

HEAD = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x48414C4E  # of PostgreSQL: of several that come at once, the first makes the tables


class Age(Enum):
    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


def age(database: Database) -> Age:
    """How the tables compare with this version's.

    :raises DatabaseError: a newer version has changed them, or the tables are not the host's.
    """
    with database.session() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return Age.EMPTY
        if "alembic_version" not in tables:
            raise DatabaseError(
                f"The database {database.label} holds tables of another program.",
                advice="Give the host a database of its own.",
            )
        version = connection.scalar(
            select(column("version_num")).select_from(table("alembic_version"))
        )
    if version is None:
        return Age.EMPTY
    if version == HEAD:
        return Age.CURRENT
    if version > HEAD:
        raise DatabaseError(
            f"The database {database.label} belongs to a newer version of Halo Host "
            f"(its tables are at {version}, this version knows {HEAD}). Nothing was changed.",
            advice="Install that newer version, or restore the back-up made before its upgrade.",
        )
    return Age.OLDER


def upgrade(database: Database) -> None:
    """Create the tables, or bring older ones to this version, in one transaction."""
    with database.migration() as connection:
        upgrade_in(connection)


def upgrade_in(connection: Connection) -> None:
    """The same inside a transaction of `Database.migration`, which may then use the tables."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    wait_for_turn(connection)
    command.upgrade(config, "head")


def wait_for_turn(connection: Connection) -> None:
    """Until its transaction ends, nobody else makes or upgrades tables."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
