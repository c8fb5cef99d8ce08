"""Databases for tests: which kinds a run uses, and an empty one of each kind for every test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

from halo_host.database.database import Database
from halo_host.database.upgrade import upgrade

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
def empty_postgresql(server: Server, template: str = "template1") -> Iterator[str]:
    """The address of a new database, which is dropped at the end, whoever is still connected.

    It holds what the database `template` does.
    """
    name = f"test_{secrets.token_hex(8)}"
    with _administrator(server) as connection:
        new, old = Identifier(name), Identifier(template)
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(new, old))
    try:
        yield _postgresql_url(server, name)
    finally:
        with _administrator(server) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _postgresql_url(server: Server, name: str) -> str:
    return f"postgresql+psycopg://{server.user}@/{name}?host={quote(str(server.folder))}"


def make_tables(url: str) -> None:
    """Those of this version, without rows, for databases that are copied from this one."""
    with closing(Database(url)) as database:
        upgrade(database)


@contextmanager
def _administrator(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=str(server.folder), user=server.user, dbname="postgres", autocommit=True
    ) as connection:
        yield connection
