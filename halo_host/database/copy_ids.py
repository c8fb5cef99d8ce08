"""Where a table's own counting of ids stands: a copy goes on after the last id ever given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Table, func, select, text


def last_id(connection: Connection, table: Table) -> int:
    """The last id that the database gave, or 0; the row may be gone."""
    column = table.autoincrement_column
    if column is None:
        return 0
    if connection.dialect.name == "postgresql":
        if (sequence := _sequence(connection, table, column)) is None:
            return 0
        state = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
        return int(state.last_value) if state.is_called else 0
    counted = None
    if _counts_on(table):
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        counted = connection.scalar(query, {"name": table.name})
    return int(counted or connection.scalar(select(func.max(column))) or 0)


def go_on_after(connection: Connection, table: Table, last: int) -> None:
    """Let the next id be a higher one. Rows that bring their ids do not move a sequence on."""
    column = table.autoincrement_column
    if column is None or not last:
        return
    if connection.dialect.name == "postgresql":
        if (sequence := _sequence(connection, table, column)) is not None:
            connection.execute(
                text("SELECT setval(:sequence, :last)").bindparams(sequence=sequence, last=last)
            )
    elif _counts_on(table):
        values = {"name": table.name, "last": last}
        for change in (
            "DELETE FROM sqlite_sequence WHERE name = :name",
            "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)",
        ):
            connection.execute(text(change), values if ":last" in change else {"name": table.name})


def _sequence(connection: Connection, table: Table, column: Column[Any]) -> str | None:
    """PostgreSQL's sequence of the column, by its full name."""
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    name: str | None = connection.scalar(select(func.pg_get_serial_sequence(quoted, column.name)))
    return name


def _counts_on(table: Table) -> bool:
    """Whether SQLite remembers the last id of this table, and not only the highest there is."""
    return bool(table.dialect_options["sqlite"]["autoincrement"])
