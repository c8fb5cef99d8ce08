"""SQLite files that are there whole or not at all: made under another name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

# What SQLite keeps beside a database while it is open, and after a crash.
_BESIDE = ("-wal", "-shm", "-journal")


@contextmanager
def unfinished(file: Path) -> Iterator[Path]:
    """Where to make a file that is called `file` when the block ends without an error.

    What a killed process left under that name is removed first. Every connection to the file must
    be closed in the block, so that SQLite leaves nothing beside it.
    """
    draft = _draft(file)
    _remove(draft)
    try:
        yield draft
        _sync(draft, os.O_RDWR)
        draft.replace(file)
        _sync(file.parent, os.O_RDONLY)
    finally:
        _remove(draft)


def is_unfinished(file: Path) -> bool:
    """Whether a process was killed while it made this file."""
    return _draft(file).exists()


def make_private(file: Path) -> None:
    """Make an empty file for its owner alone, where there is none; SQLite would let others read it.

    One that is there stays as it is, with whatever mode somebody chose for it. What SQLite keeps
    beside a database has the mode of the database.
    """
    if file.exists():
        return
    with suppress(OSError):  # somebody else made it just now; else SQLite says what is wrong
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def put_aside(file: Path, now: datetime) -> Path | None:
    """Rename a database that nobody has open, so that another can take its place; its new name.

    What lies beside it goes along: SQLite would apply it to the new one.
    """
    if not file.exists():
        return None
    aside = file.with_name(f"{file.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    for ending in (*_BESIDE, ""):
        part = file.with_name(file.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))
    return aside


def _draft(file: Path) -> Path:
    return file.with_name(f"{file.name}.unfinished")


def _remove(file: Path) -> None:
    for ending in ("", *_BESIDE):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
