"""Writing many rows fast, or one row very often: SQLAlchemy makes the statement, the rows go
straight to the driver.

Measured in benchmarks/README.md. Values must be given as they are stored: times from
`stored_time`, JSON from `encode_json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Table, bindparam, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Delete, Insert, Update

Rows = Sequence[tuple[Any, ...]]


def insert_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """Insert `rows`, whose values stand in the order of `columns`.

    PostgreSQL takes them as a COPY, in half the time of inserts.
    """
    if connection.dialect.name == "postgresql" and len(rows) >= _WORTH_A_COPY:
        _copy_rows(connection, table, columns, rows)
    else:
        execute_rows(connection, _insert(table, columns), columns, rows)


def insert_missing_rows(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows
) -> int:
    """Insert those of `rows` whose key is not there yet; how many."""
    return execute_rows(
        connection, _insert_missing(table, columns, connection.dialect.name), columns, rows
    )


def execute_rows(
    connection: Connection, statement: Insert | Update, names: tuple[str, ...], rows: Rows
) -> int:
    """Execute a statement once for each of `rows`; how many rows of the table it touched.

    `names` are those of its bound parameters, in the order of each row's values. Keep the
    statement: it is compiled once.
    """
    if not rows:
        return 0
    text, order = _compiled(statement, names, connection.dialect)
    values: list[Any]
    if order is None:
        values = [dict(zip(names, row)) for row in rows]
    elif order == tuple(range(len(names))):
        values = list(rows)
    else:
        values = [tuple([row[place] for place in order]) for row in rows]
    return connection.exec_driver_sql(text, values).rowcount


def execute_row(
    connection: Connection,
    statement: Insert | Update | Delete,
    names: tuple[str, ...],
    row: tuple[Any, ...],
) -> CursorResult[Any]:
    """Execute a statement that every page of a fill needs; as `execute_rows`, for one row.

    All its values must be bound parameters named by `names`.
    """
    text, order = _compiled(statement, names, connection.dialect)
    if order is None:
        return connection.exec_driver_sql(text, dict(zip(names, row)))
    return connection.exec_driver_sql(text, tuple([row[place] for place in order]))


_WORTH_A_COPY = 20


def _copy_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """:raises DBAPIError: as a statement of SQLAlchemy would, such as IntegrityError."""
    import psycopg  # SQLite does without it

    text = _copy(table, columns, connection.dialect)
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor:
        try:
            with cursor.copy(text) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            raise DBAPIError.instance(
                text, None, error, psycopg.Error, dialect=connection.dialect
            ) from None


@cache
def _copy(table: Table, columns: tuple[str, ...], dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    return f"COPY {quote(table.name)} ({', '.join(map(quote, columns))}) FROM STDIN"


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Insert:
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return insert(table).values(values)


@cache
def _insert_missing(table: Table, columns: tuple[str, ...], dialect: str) -> Insert:
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # takes a while to load

        return postgresql.insert(table).values(values).on_conflict_do_nothing()
    return sqlite.insert(table).values(values).on_conflict_do_nothing()


@cache
def _compiled(
    statement: Insert | Update | Delete, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, tuple[int, ...] | None]:
    """The statement as text, and where its positions find their values; None: by name."""
    compiled = statement.compile(dialect=dialect)
    if not compiled.positional:
        return str(compiled), None
    return str(compiled), tuple(names.index(name) for name in compiled.positiontup or ())
