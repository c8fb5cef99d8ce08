"""Bring back a back-up."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert

from ..errors import DatabaseError, HostError, InvalidInput
from .backup import DUMP, KEY
from .backup_archive import Archive, Manifest, opened
from .backup_postgresql import restore_dump
from .backup_sqlite import check
from .database import Database
from .in_use import InUse, refuse_open_file, refuse_while_in_use
from .store import HOST, Store
from .tables import audit_log, connection_secrets
from .upgrade import HEAD, Age, age
from .whole_file import put_aside, unfinished


@dataclass(kw_only=True)
class Restored:
    """What was brought back; `aside` are the new names of SQLite files whose place was taken."""

    manifest: Manifest
    key_added: bool = False
    aside: list[Path] = field(default_factory=list)

    @property
    def needs_upgrade(self) -> bool:
        return self.manifest.tables != HEAD

    @property
    def secrets(self) -> int:
        """How many secrets there are that only the key opens."""
        tables = (rows for name, rows in self.manifest.rows.items() if name in (DUMP, HOST.name))
        return sum(rows.get(connection_secrets.name, 0) for rows in tables)


def restore(
    stores: Sequence[Store],
    path: Path,
    url: str,
    *,
    key_file: Path,
    force: bool,
    agent: str,
    now: datetime,
) -> Restored:
    """Bring back everything that a back-up holds, and count it.

    `force` takes the place of what is there: SQLite files are renamed and kept, tables of
    PostgreSQL are dropped in the same transaction. A key is added to those of the key file.

    :raises HostError: the back-up is damaged, or of another kind or a later version than this
        database; the database is in use, or is not empty. Nothing was changed then.
    """
    with opened(path) as archive, closing(Database(url)) as database:
        _refuse_unfit(archive, database)
        _refuse_target(stores, url, database, now, force)
        parent = None if (file := HOST.file(url)) is None else file.parent
        with tempfile.TemporaryDirectory(prefix=".halo-host-restore-", dir=parent) as folder:
            files = archive.unpack(Path(folder))
            restored = Restored(manifest=archive.manifest)
            if database.is_sqlite:
                _put_files(stores, url, files, restored, now)
            else:
                rows = restore_dump(database, files[DUMP])
                _refuse_unless_whole(archive.manifest, DUMP, rows)
            if KEY in files:
                restored.key_added = _add_keys(files[KEY], key_file)
        if not restored.needs_upgrade:
            _note(database, archive.manifest, agent, now)
        return restored


def _refuse_unfit(archive: Archive, database: Database) -> None:
    manifest = archive.manifest
    if (manifest.kind == "sqlite") != database.is_sqlite:
        name = "SQLite" if manifest.kind == "sqlite" else "PostgreSQL"
        raise InvalidInput(
            f"{archive.path} is a back-up of {name}, and {database.label} is another kind of "
            "database; nothing was changed.",
            advice=f"Restore it into a database of {name}, then run `halo-host database copy`.",
        )
    if manifest.tables > HEAD:
        raise InvalidInput(
            f"{archive.path} was made by Halo Host {manifest.host}, which is newer than this one.",
            advice="Install that version, then restore it.",
        )


def _refuse_target(
    stores: Sequence[Store], url: str, database: Database, now: datetime, force: bool
) -> None:
    files = [file for store in stores if (file := store.file(url)) and file.exists()]
    for file in files:
        refuse_open_file(file)
    if not files and database.is_sqlite:
        return
    try:
        refuse_while_in_use(database, now)
        empty = age(database) is Age.EMPTY and len(files) < 2
    except InUse:
        raise
    except DatabaseError:
        if not (force and database.is_sqlite):
            raise
        empty = False  # a damaged file may be replaced, another program's tables may not
    finally:
        database.close()
    if not empty and not force:
        raise DatabaseError(
            f"The database {database.label} is not empty; nothing was changed.",
            advice="Add --force to put the back-up in its place, or name an empty one with --data "
            "or --database.",
        )


def _put_files(
    stores: Sequence[Store], url: str, files: dict[str, Path], restored: Restored, now: datetime
) -> None:
    """The host's file comes last: until it is there, nothing counts as restored."""
    for name in files:
        if name != KEY:
            _refuse_unless_whole(restored.manifest, name, check(files[name]))
    for store in reversed(stores):
        file = store.file(url)
        assert file is not None  # noqa: S101 - for the type checker
        if aside := put_aside(file, now):
            restored.aside.append(aside)
        if store.name in files:
            with unfinished(file) as draft:
                files[store.name].replace(draft)


def _refuse_unless_whole(manifest: Manifest, name: str, rows: dict[str, int]) -> None:
    if rows != manifest.rows.get(name):
        raise HostError(
            f"What was restored from {name} has not as many rows as the back-up says.",
            advice="Use another back-up, or another copy of this one.",
        )


def _add_keys(found: Path, key_file: Path) -> bool:
    """Put the keys of a back-up before those that are there; whether there was a new one."""
    keys = found.read_text("ascii").split()
    present = key_file.read_text("ascii").split() if key_file.exists() else []
    if set(keys) <= set(present):
        return False
    together = list(dict.fromkeys([*keys, *present]))
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with unfinished(key_file) as draft:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(together) + "\n")
    return True


def _note(database: Database, manifest: Manifest, agent: str, now: datetime) -> None:
    with database.write() as connection:
        connection.execute(
            insert(audit_log).values(
                at=now,
                agent=agent,
                action="database.restored",
                entity="database",
                entity_id="",
                after={"made_at": manifest.made_at, "host": manifest.host},
            )
        )
