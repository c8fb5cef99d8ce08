"""Writing many rows fast: the statement is SQLAlchemy's, the rows go straight to the driver.

Measured in benchmarks/README.md. Values must be given as they are stored: times from
`stored_time`, JSON from `encode_json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, bindparam, insert
from sqlalchemy.sql.dml import Insert, Update

Rows = Sequence[tuple[Any, ...]]


def insert_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """Insert `rows`, whose values stand in the order of `columns`."""
    execute_rows(connection, _insert(table, columns), columns, rows)


def execute_rows(
    connection: Connection, statement: Insert | Update, names: tuple[str, ...], rows: Rows
) -> None:
    """Execute a statement once for each of `rows`, whose values stand in the order of `names`.

    `names` are those of its bound parameters. Keep the statement: it is compiled once.
    """
    if not rows:
        return
    text, order = _compiled(statement, names, connection.dialect)
    if order is None:
        connection.exec_driver_sql(text, [dict(zip(names, row)) for row in rows])
    elif order == tuple(range(len(names))):
        connection.exec_driver_sql(text, list(rows))
    else:
        connection.exec_driver_sql(text, [tuple([row[place] for place in order]) for row in rows])


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Insert:
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return insert(table).values(values)


@cache
def _compiled(
    statement: Insert | Update, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, tuple[int, ...] | None]:
    """The statement as text, and where its positions find their values; None: by name."""
    compiled = statement.compile(dialect=dialect)
    if not compiled.positional:
        return str(compiled), None
    return str(compiled), tuple(names.index(name) for name in compiled.positiontup or ())
