"""A host's databases with rows in every table, made from the tables' own definitions.

A table or a column that is added later is filled too, so that what copies everything is tested with
everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    delete,
    insert,
    inspect,
    update,
)

from halo_host.database.columns import Json, UtcTime
from halo_host.database.copy_rows import contents
from halo_host.database.database import Database
from halo_host.database.store import HOST
from halo_host.database.tables import id_counters
from halo_host.database.upgrade import upgrade
from halo_host.host import STORES

ROWS = 25  # so many that PostgreSQL gets them as a COPY
_START = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Texts that one database or the other, or a format between them, might take amiss.
_AWKWARD = ("", "'quoted' \"twice\"", "a\tb\nc\\.", "Ærøskøbing 🧾", "\\N", "null", "x, y;")


def fill(url: str, rows: int = ROWS) -> None:
    """Make the tables of every store, and `rows` rows in each."""
    for store in STORES:
        with closing(Database(store.address(url))) as database:
            if store is HOST:
                upgrade(database)
            elif store.make_current is not None:
                store.make_current(database)
            with database.write() as connection:
                fill_tables(connection, store.metadata.sorted_tables, rows)
                if store is HOST:
                    connection.execute(update(id_counters).values(next_id=rows + 1))


def fill_tables(connection: Connection, tables: Sequence[Table], rows: int = ROWS) -> None:
    """Put `rows` rows into each in place of what is there; a table comes after those it names.

    Only columns that the database has are filled: it may be that of an older version.
    """
    tables = [it for it in tables if it is not id_counters]
    for table in reversed(tables):
        connection.execute(delete(table))
    for table in tables:
        _fill_table(connection, table, rows)


def everything(url: str) -> dict[str, tuple[int, str]]:
    """Rows and digest of every table of every store, as far as they are there."""
    found = {}
    for store in STORES:
        with closing(Database(store.address(url))) as database, database.read() as connection:
            present = inspect(connection).get_table_names()
            for table in (it for it in store.metadata.sorted_tables if it.name in present):
                held = contents(connection, table)
                found[table.name] = (held.rows, held.digest)
    return found


def _fill_table(connection: Connection, table: Table, rows: int) -> None:
    present = {it["name"] for it in inspect(connection).get_columns(table.name)}
    columns = [it for it in table.columns if it.name in present and not _is_counted(it)]
    for number in range(1, rows + 1):
        row = {column.name: _value(column, number) for column in columns}
        connection.execute(insert(table).values(row))


def _is_counted(column: Column[Any]) -> bool:
    """Whether the database gives the id: 1, 2, 3, as the rows come."""
    return column is column.table.autoincrement_column


def _value(column: Column[Any], number: int) -> Any:
    """A value that no other row of the column has, or NULL where that is allowed, now and then."""
    if column.nullable and number % 3 == 0:
        return None
    if any(isinstance(key, ForeignKey) for key in column.foreign_keys):
        return number
    kind = column.type
    if isinstance(kind, UtcTime):
        return _START + timedelta(days=number, microseconds=number)
    if isinstance(kind, Json):
        return {"number": number, "text": _AWKWARD[number % len(_AWKWARD)]}
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) * number
    if isinstance(kind, SmallInteger) or (column.primary_key and isinstance(kind, Integer)):
        return number
    if isinstance(kind, Integer):  # and BigInteger, which is one
        return -(2**30) + number if column.type.__class__ is Integer else -(2**62) + number
    assert isinstance(kind, String), f"{column} needs a value here"
    text = f"{number}{_AWKWARD[number % len(_AWKWARD)]}"
    return text[: kind.length] if kind.length else text
