"""A consistent copy of an SQLite file that is in use, and whether a copy is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import DatabaseError

_BUSY_SECONDS = 30


def snapshot(file: Path, copy: Path) -> dict[str, int]:
    """Copy a database as it is at one moment, while others go on writing; its rows by table.

    The copy is one file, checked to be sound and to hold as many rows as the original did.

    :raises DatabaseError: the original cannot be read, or the copy is not sound.
    """
    try:
        with closing(_reading(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.execute("BEGIN")  # what is counted is what is copied
            rows = _rows(source)
            source.backup(target)
            source.execute("ROLLBACK")
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise DatabaseError(
            f"The database {file} cannot be copied: {error}.",
            advice="Check the disk, and that the file is the host's database.",
        ) from None
    if check(copy) != rows:
        raise DatabaseError(
            f"The copy of {file} is not the same as the original, so no back-up was made.",
            advice="Check the disk, then run the same command again.",
        )
    return rows


def check(file: Path) -> dict[str, int]:
    """Read every page of a database that nobody else uses; its rows by table.

    :raises DatabaseError: it is damaged.
    """
    try:
        with closing(_reading(file)) as database:
            (sound,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            broken = database.execute("PRAGMA foreign_key_check").fetchone()
            rows = _rows(database)
    except sqlite3.Error as error:
        sound, broken, rows = str(error), None, {}
    if sound != "ok" or broken is not None:
        what = sound if sound != "ok" else f"broken references in {broken[0]}"
        raise DatabaseError(
            f"The database {file.name} is damaged: {what}.",
            advice="Check the disk, and use a back-up that is sound: halo-host database restore.",
        )
    return rows


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )


def _rows(database: sqlite3.Connection) -> dict[str, int]:
    names = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' ORDER BY name"
    ).fetchall()
    counts = {}
    for (name,) in names:
        query = f'SELECT count(*) FROM "{name}"'  # noqa: S608 - a name of the database itself
        (counts[name],) = database.execute(query).fetchone()
    return counts
