"""Databases for tests: which kinds a run uses, and an empty one of each kind for every test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

from .postgresql_server import Server

KINDS = ("sqlite", "postgresql")
VARIABLE = "HALO_HOST_TEST_DATABASES"


def kinds_of_run() -> tuple[str, ...]:
    """What `HALO_HOST_TEST_DATABASES` names, as in `sqlite,postgresql`; SQLite if it is not set."""
    named = os.environ.get(VARIABLE) or "sqlite"
    kinds = tuple(dict.fromkeys(kind.strip() for kind in named.split(",")))
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ValueError(f"{VARIABLE} takes {' and '.join(KINDS)}, not {', '.join(unknown)}.")
    return kinds


def sqlite_url(folder: Path) -> str:
    """The address of a database that does not exist yet."""
    return f"sqlite:///{folder / 'halo-host.db'}"


@contextmanager
def empty_postgresql(server: Server) -> Iterator[str]:
    """The address of a new database, which is dropped at the end, whoever is still connected."""
    name = f"test_{secrets.token_hex(8)}"
    with _administrator(server) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    try:
        yield f"postgresql+psycopg://{server.user}@/{name}?host={quote(str(server.folder))}"
    finally:
        with _administrator(server) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def _administrator(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=str(server.folder), user=server.user, dbname="postgres", autocommit=True
    ) as connection:
        yield connection
