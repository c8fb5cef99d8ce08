"""What the database says when it fails, in an operator's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from ..errors import DatabaseError

_SAYINGS = (
    (
        ("readonly database", "read-only transaction", "permission denied"),
        "The database {where} is open for reading only; nothing was changed.",
        "Give this account the right to write to it, or leave out mode=ro.",
    ),
    (
        ("database or disk is full", "no space left", "disk full"),
        "The disk of the database {where} is full; what was being written was taken back.",
        "Make room, then run the same command again: it goes on where it stopped.",
    ),
    (
        ("database is locked", "lock timeout"),
        "The database {where} is busy: another program has been writing to it for too long.",
        "Wait for it to finish, then run the same command again.",
    ),
    (
        ("unable to open database file",),
        "The database {where} cannot be opened.",
        "Check that its folder exists and that this account may write to it.",
    ),
    (
        ("not a database", "malformed"),
        "The file {where} is no SQLite database, or it is damaged.",
        "Restore it from a back-up, or name another file.",
    ),
    (
        ("connection refused", "could not connect", "connection failed", "server closed"),
        "The database server of {where} does not answer.",
        "Check that it runs, and the address, the name and the password.",
    ),
    (
        ("no such table", "does not exist"),
        "The database {where} lacks a table of this version.",
        "Run `halo-host database upgrade`.",
    ),
)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn a driver's error into a `DatabaseError`, without the statement and its values."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).lower()
        for signs, message, advice in _SAYINGS:
            if any(sign in said for sign in signs):
                raise DatabaseError(message.format(where=where), advice=advice) from None
        raise
