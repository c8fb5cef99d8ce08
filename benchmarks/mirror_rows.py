"""Proof that floor and host filled the same mirror: every row of every table, by content."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
from measured_database import database_of

TABLES = {
    "raw_pages": "id",
    "payers": "id",
    "mandates": "id",
    "subscriptions": "id",
    "payments": "id",
    "refunds": "id",
    "payouts": "id",
    "payout_items": "connection_id, payout_id, position",
    "event_meanings": "id",
    "timeline": "id",
    "stream_passes": "connection_id, kind, task",
}
_AT_ONCE = 5_000

Content = dict[str, tuple[int, str]]
"""By table: how many rows, and what stands for all of their values in order."""


def content_of_sqlite(folder: Path) -> Content:
    with closing(sqlite3.connect(database_of(folder))) as database:
        return {
            table: _content(database.execute(f"SELECT * FROM {table} ORDER BY {key}"))
            for table, key in TABLES.items()
        }


def content_of_postgresql(address: str) -> Content:
    found = {}
    with psycopg.connect(address) as database:
        for table, key in TABLES.items():
            with database.cursor(name="rows") as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(f"SELECT * FROM {table} ORDER BY {key}".encode())
                found[table] = _content(cursor)
    return found


def _content(cursor: Any) -> tuple[int, str]:
    digest, count = blake2b(digest_size=16), 0
    for rows in _batches(cursor):
        digest.update("\n".join(map(repr, rows)).encode())
        count += len(rows)
    return count, digest.hexdigest()


def _batches(cursor: Any) -> Iterator[list[Any]]:
    while rows := cursor.fetchmany(_AT_ONCE):
        yield rows


def compare(host: Content, floor: Content) -> list[tuple[str, int]]:
    """For each table its rows.

    :raises AssertionError: a table of the floor holds other rows than the host's.
    """
    for table in TABLES:
        assert host[table] == floor[table], f"{table}: host {host[table]}, floor {floor[table]}"
    return [(table, host[table][0]) for table in TABLES]
