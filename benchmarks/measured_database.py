"""The database of a measured import, as raw `sqlite3` sees it. Imports nothing of the host."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

CONNECTION = "gocardless"
AGENT = "benchmark"
TOKEN = "sandbox_recorded"
PRAGMAS = (
    "foreign_keys",
    "cache_size",
    "journal_mode",
    "synchronous",
    "wal_autocheckpoint",
    "temp_store",
    "mmap_size",
)


def database_of(folder: Path) -> Path:
    """The database file in a data folder of the host."""
    return folder / "halo-host.db"


def storage_of(folder: Path) -> Path:
    """Where it is kept how the host writes: its connections' PRAGMAs and its rows a commit."""
    return folder / "storage.json"


def opened(folder: Path) -> sqlite3.Connection:
    """A data folder's database, with the settings that the host gives its own connections."""
    connection = sqlite3.connect(database_of(folder), timeout=30, isolation_level=None)
    for name, value in json.loads(storage_of(folder).read_bytes())["pragmas"].items():
        connection.execute(f"PRAGMA {name}={value}")
    return connection


def fresh_copy(prepared: Path, folder: Path) -> Path:
    """A fresh copy of a prepared data folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared, folder)
    return folder


def rows_a_commit(folder: Path) -> int:
    """How many new users the host writes in one transaction."""
    return int(json.loads(storage_of(folder).read_bytes())["rows_a_commit"])
