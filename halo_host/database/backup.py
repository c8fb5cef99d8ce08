"""Back-ups of everything, made while the host runs, and brought back while it does not.

The key that opens the secrets is left out unless it is asked for: a back-up that holds both lets
whoever finds it read every secret.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from ..errors import DatabaseError, InvalidInput
from .backup_archive import Manifest, archive_path, new_manifest, pack, remove_oldest
from .backup_postgresql import dump
from .backup_sqlite import snapshot
from .database import Database
from .store import HOST, Store
from .upgrade import Age, age

DUMP = "database.dump"
KEY = "secret.key"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A back-up that was made, read again and found to hold what the database held."""

    path: Path
    manifest: Manifest
    removed: Sequence[Path]

    @property
    def rows(self) -> int:
        return sum(count for table in self.manifest.rows.values() for count in table.values())


def back_up(
    stores: Sequence[Store],
    url: str,
    to: Path,
    *,
    now: datetime,
    key_file: Path | None = None,
    keep: int | None = None,
    make_folder: bool = False,
) -> Backup:
    """Write a back-up: into the file `to`, or into a file named by the time in the folder `to`.

    With `make_folder`, `to` is a folder, and is made where it is not there.

    `key_file` is put in where it is given. `keep` removes all but so many of the newest back-ups of
    the folder, once the new one is safe. On SQLite the inbox is copied before the host's database:
    a delivery that comes in between is then read again, and none is lost.

    :raises HostError: there is nothing to back up, or no sound back-up could be made.
    """
    is_folder = to.is_dir() or make_folder
    if keep is not None and not is_folder:
        raise InvalidInput(f"{to} is no folder.", advice="--keep needs a folder of back-ups.")
    path = archive_path(to, now, is_folder=is_folder)
    with closing(Database(url)) as database:
        tables = _tables(database, HOST.file(url))
        if make_folder:
            to.mkdir(mode=0o700, exist_ok=True)
        with _scratch(path.parent) as folder:
            if database.is_sqlite:
                rows = _snapshots(stores, url, folder)
            else:
                rows = {DUMP: dump(database, folder / DUMP)}
            files = {name: folder / name for name in rows}
            if key_file is not None:
                files[KEY] = _copied_key(key_file, folder)
            kind = "sqlite" if database.is_sqlite else "postgresql"
            manifest = new_manifest(kind, tables, rows, now)
            pack(path, manifest, files)
    removed = remove_oldest(to, keep) if keep is not None else []
    return Backup(path=path, manifest=manifest, removed=removed)


def _tables(database: Database, file: Path | None) -> str:
    """At which migration the tables are."""
    if (file and not file.exists()) or age(database) is Age.EMPTY:
        raise DatabaseError(
            f"There is nothing to back up: the database {database.label} is empty.",
            advice="Name the right one with --data or HALO_HOST_DATA, or with --database or "
            "HALO_HOST_DATABASE_URL.",
        )
    with database.read() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _snapshots(stores: Sequence[Store], url: str, folder: Path) -> dict[str, dict[str, int]]:
    rows = {}
    for store in reversed(stores):
        if (file := store.file(url)) and file.exists():
            rows[store.name] = snapshot(file, folder / store.name)
    return rows


def _copied_key(key_file: Path, folder: Path) -> Path:
    if not key_file.exists():
        raise InvalidInput(
            f"There is no key file {key_file} to put into the back-up.",
            advice="Leave --with-key out. A key in HALO_HOST_SECRET_KEY is kept where that is set.",
        )
    copy = folder / KEY
    shutil.copyfile(key_file, copy)
    return copy


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder for its owner alone, on the disk that the back-up goes to."""
    with tempfile.TemporaryDirectory(prefix=".halo-host-back-up-", dir=parent) as folder:
        yield Path(folder)
