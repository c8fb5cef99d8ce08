"""The file that a back-up is: a compressed tar archive, which begins with a description of itself.

It holds `manifest.json`, then the files that the manifest names, each with its checksum.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError  # noqa: N812 - it is a class

import orjson

from ..errors import HostError, InvalidInput
from .columns import stored_time

FORMAT = 1
_MANIFEST = "manifest.json"
_NAME = "halo-host-{:%Y%m%dT%H%M%SZ}.tar.gz"
_NAMES = "halo-host-????????T??????Z.tar.gz"
_MAX_MANIFEST = 2**20
_CHUNK = 2**20
_UNREADABLE = (tarfile.TarError, EOFError, ZlibError, OSError)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an archive says of itself.

    `kind` is sqlite or postgresql, `tables` the migration of the tables, `rows` how many each table
    has, by file; `checksums` are SHA-256, by file.
    """

    kind: str
    made_at: str
    host: str
    tables: str
    rows: dict[str, dict[str, int]]
    checksums: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


def archive_path(given: Path, now: datetime, *, is_folder: bool) -> Path:
    """The file to make: `given` itself, or a file with the time in its name in that folder.

    :raises InvalidInput: the file exists already, or the folder that `given` is in does not.
    """
    path = given / _NAME.format(now) if is_folder else given
    if path.exists():
        raise InvalidInput(f"{path} exists already.", advice="Name another file, or a folder.")
    if not given.parent.is_dir():
        raise InvalidInput(
            f"There is no folder {given.parent}, so no back-up was made.",
            advice="Make the folder first, or name one that is there.",
        )
    if is_folder and given.exists() and not given.is_dir():
        raise InvalidInput(f"{given} is a file, no folder.", advice="Name a folder, or a new file.")
    return path


def remove_oldest(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest back-ups of a folder, by the times in their names."""
    removed = sorted(folder.glob(_NAMES))[:-keep]
    for path in removed:
        path.unlink()
    return removed


def pack(path: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Write the archive, read it again whole, and give it its name when it is right.

    It is readable by its owner alone.
    """
    whole = Manifest(**asdict(manifest) | {"checksums": _checksums(files)})
    draft = path.with_name(f"{path.name}.unfinished")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as output:
            with tarfile.open(fileobj=output, mode="w:gz", compresslevel=1) as tar:
                text = orjson.dumps(asdict(whole), option=orjson.OPT_INDENT_2)
                entry = tarfile.TarInfo(_MANIFEST)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
                for name, file in files.items():
                    tar.add(file, arcname=name, filter=_anonymous)
            output.flush()
            os.fsync(output.fileno())
        with opened(draft) as archive:
            archive.check()
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


@dataclass
class Archive:
    """A back-up that is being read: its files come in the order in which they lie in it."""

    path: Path
    manifest: Manifest
    tar: tarfile.TarFile

    def check(self) -> None:
        """Read everything.

        :raises HostError: it is damaged.
        """
        self._read({})

    def unpack(self, folder: Path) -> dict[str, Path]:
        """Write its files into a folder, by name.

        :raises HostError: it is damaged.
        """
        files = {name: folder / name for name in self.manifest.checksums}
        self._read(files)
        return files

    def _read(self, files: Mapping[str, Path]) -> None:
        missing = dict(self.manifest.checksums)
        with _damage(self.path):
            for entry in self.tar:
                content = self.tar.extractfile(entry)
                if entry.name not in missing or content is None:
                    continue
                if _taken(content, files.get(entry.name)) != missing.pop(entry.name):
                    raise tarfile.TarError
            if missing:
                raise tarfile.TarError


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a back-up.

    :raises InvalidInput: it cannot be read, is none, or of a later version.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read: {error.strerror}.",
            advice="Name a file that `halo-host database backup` made, and that this account may "
            "read.",
        ) from None
    with file:
        try:
            tar = tarfile.open(fileobj=file, mode="r|gz")  # noqa: SIM115 - closed below
            first = tar.next()
            content = tar.extractfile(first) if first and first.name == _MANIFEST else None
            values = orjson.loads(content.read(_MAX_MANIFEST)) if content else None
        except (*_UNREADABLE, orjson.JSONDecodeError):
            values = None
        if not isinstance(values, dict):
            raise InvalidInput(
                f"{path} is no back-up of Halo Host, or it is damaged; nothing was changed.",
                advice="Name a file that `halo-host database backup` made, or another copy of it.",
            )
        with tar:
            yield Archive(path, _manifest(path, values), tar)


def _manifest(path: Path, values: dict[str, Any]) -> Manifest:
    try:
        manifest = Manifest(**values)
    except TypeError:
        manifest = None
    if manifest is None or manifest.format != FORMAT:
        raise InvalidInput(
            f"{path} was made by another version of Halo Host ({values.get('host')}).",
            advice="Restore it with that version.",
        )
    return manifest


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not the archive: no space for its files, say
        raise HostError(
            f"The back-up {path} is damaged; nothing was changed.",
            advice="Use another back-up, or another copy of this one.",
        ) from None


def new_manifest(
    kind: str, tables: str, rows: dict[str, dict[str, int]], now: datetime
) -> Manifest:
    from .. import __version__

    return Manifest(kind=kind, made_at=stored_time(now), host=__version__, tables=tables, rows=rows)


def _checksums(files: Mapping[str, Path]) -> dict[str, str]:
    found = {}
    for name, file in files.items():
        with file.open("rb") as content:
            found[name] = _taken(content, None)
    return found


def _taken(content: IO[bytes], to: Path | None) -> str:
    """Read a file to its end, write it where that is wanted, and give its checksum."""
    digest = hashlib.sha256()
    if to is None:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            output.write(chunk)
        output.flush()
        os.fsync(output.fileno())
    return digest.hexdigest()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """No account of this machine is named in the archive."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry
