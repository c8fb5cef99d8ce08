"""Where the mirror's floor writes: raw `sqlite3`, or psycopg with COPY. Without the host."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from measured_database import CONNECTION, opened

Row = tuple[Any, ...]
_PASS = (
    "INSERT INTO stream_passes (connection_id, kind, task, cursor, began_at, since, newest,"
    " records) VALUES (?,?,'fill',?,?,?,?,?) ON CONFLICT (connection_id, kind, task)"
    " DO UPDATE SET cursor = excluded.cursor, records = excluded.records"
)
_PASS_ENDED = "DELETE FROM stream_passes WHERE connection_id = ? AND kind = ?"
_RAW = "INSERT INTO raw_pages (connection_id, read_at, body) VALUES (?,?,?)"
_ITEMS_READ = "UPDATE payouts SET items_digest = ? WHERE connection_id = ? AND external_id = ?"
_CONNECTION = f"SELECT id FROM connections WHERE slug = '{CONNECTION}'"


class Store(Protocol):
    """A database in which one page is one transaction."""

    connection_id: int

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def close(self) -> None: ...
    def raw_page(self, at: str, body: bytes) -> int: ...
    def insert(self, table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None: ...
    def execute(self, statement: str, values: Row) -> None: ...


def keep_pass(store: Store, kind: str, cursor: str | None, at: str, records: int) -> None:
    """Remember where a list goes on, or that it has ended."""
    if cursor is None:
        store.execute(_PASS_ENDED, (store.connection_id, kind))
    else:
        store.execute(_PASS, (store.connection_id, kind, cursor, at, at, at, records))


def items_were_read(store: Store, payout_id: str, digest: int) -> None:
    """Note on a payout that its items are there."""
    store.execute(_ITEMS_READ, (digest, store.connection_id, payout_id))


class SQLite:
    """The embedded database in a data folder, with the host's PRAGMAs."""

    def __init__(self, folder: Path) -> None:
        self._database = opened(folder)
        ((self.connection_id,),) = self._database.execute(_CONNECTION)

    def begin(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()

    def raw_page(self, at: str, body: bytes) -> int:
        number = self._database.execute(_RAW, (self.connection_id, at, body)).lastrowid
        assert number is not None
        return number

    def insert(self, table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        self._database.executemany(_insert(table, columns), rows)

    def execute(self, statement: str, values: Row) -> None:
        self._database.execute(statement, values)


class PostgreSQL:
    """A database of a server; many rows go in as a COPY."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._database = psycopg.connect(url)
        self._cursor = self._database.cursor()
        row = self._cursor.execute(_CONNECTION.encode()).fetchone()
        assert row is not None
        self.connection_id: int = row[0]
        self._database.commit()

    def begin(self) -> None:
        """psycopg begins by itself."""

    def commit(self) -> None:
        self._database.commit()

    def close(self) -> None:
        self._database.close()

    def raw_page(self, at: str, body: bytes) -> int:
        statement = _numbered(f"{_RAW} RETURNING id")
        row = self._cursor.execute(statement, (self.connection_id, at, body)).fetchone()
        assert row is not None
        return int(row[0])

    def insert(self, table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        if rows:
            with self._cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def execute(self, statement: str, values: Row) -> None:
        self._cursor.execute(_numbered(statement), values)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


@cache
def _numbered(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()
