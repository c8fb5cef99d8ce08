"""Rows from one database to another, as they are stored, in batches of bounded size.

What a table holds is proved by a digest of its rows that does not depend on their order, since
SQLite and PostgreSQL sort texts differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import blake2b
from typing import Any

from sqlalchemy import Boolean, Connection, Table
from sqlalchemy.exc import DBAPIError

from .bulk import insert_rows

# A batch ends at whichever comes first. Rows of `raw_pages` have some 100 KiB each.
BATCH_ROWS = 5_000
BATCH_BYTES = 4 * 2**20

Row = tuple[Any, ...]


class Contents:
    """How many rows, and a digest of all of them: equal whenever the rows are, in any order."""

    _MODULUS = 1 << 128

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: Row) -> int:
        """Count a row in; its size, as an estimate in bytes."""
        text = repr(row).encode()
        digest = blake2b(text, digest_size=16).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % self._MODULUS
        self.rows += 1
        return len(text)

    @property
    def digest(self) -> str:
        return f"{self._sum:032x}"


def contents(connection: Connection, table: Table) -> Contents:
    """What a table holds, reading all of it."""
    found = Contents()
    for row in stored_rows(connection, table):
        found.add(row)
    return found


def copy_rows(rows: Iterable[Row], target: Connection, table: Table) -> Contents:
    """Insert what `stored_rows` gives, with its ids; what was read."""
    read = Contents()
    names = tuple(column.name for column in table.columns)
    for batch in _batches(rows, read):
        insert_rows(target, table, names, batch)
    return read


def stored_rows(connection: Connection, table: Table) -> Iterator[Row]:
    """Every row, in no order, its values in the order of the table's columns.

    Never more than a few rows are held in memory, however many there are.
    """
    columns = ", ".join(_quoted(connection, column.name) for column in table.columns)
    query = f"SELECT {columns} FROM {_quoted(connection, table.name)}"  # noqa: S608 - own names
    driver: Any = connection.connection.driver_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        if connection.dialect.name == "postgresql":
            yield from _postgresql_rows(driver, query)
        else:
            yield from _sqlite_rows(driver, query, table)
    except errors as error:  # as SQLAlchemy would have said it
        raise DBAPIError.instance(query, None, error, errors) from None


def _sqlite_rows(driver: Any, query: str, table: Table) -> Iterator[Row]:
    booleans = [place for place, it in enumerate(table.columns) if isinstance(it.type, Boolean)]
    with closing(driver.execute(query)) as cursor:
        yield from _with_booleans(cursor, booleans) if booleans else cursor


def _postgresql_rows(driver: Any, query: str) -> Iterator[Row]:
    """A cursor would fetch the whole answer at once; COPY hands it over as it comes."""
    with driver.cursor() as cursor:
        cursor.execute(f"{query} LIMIT 0")
        types = [column.type_code for column in cursor.description]
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as answer:
            answer.set_types(types)
            yield from answer.rows()


def _with_booleans(rows: Iterable[Row], places: list[int]) -> Iterator[Row]:
    """SQLite keeps a boolean as 0 or 1."""
    for row in rows:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = bool(values[place])
        yield tuple(values)


def _batches(rows: Iterable[Row], read: Contents) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        size += read.add(row)
        batch.append(row)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
