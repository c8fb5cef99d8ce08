"""A released version of the host, unpacked from its wheel, to be run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
RELEASES = PROJECT / "releases"
TOOLS = PROJECT / "tools"


_PROGRAM = """
import json, sys
from click.testing import CliRunner
from halo_host.cli import main

said = []
for words in json.load(sys.stdin):
    result = CliRunner().invoke(main, words)
    if result.exit_code:
        sys.exit(f"{words}: {result.output}")
    said.append(result.output)
json.dump(said, sys.stdout)
"""

_CONTRACTS = """
import json, sys
import publish_schemas

json.dump(publish_schemas.contracts(), sys.stdout)
"""


class ReleasedHost:
    """Runs commands of a released host, which finds this environment's libraries."""

    def __init__(self, version: str, folder: Path, *plugins: Path) -> None:
        (wheel,) = RELEASES.glob(f"halo_host-{version}-*.whl")
        self._code = folder / f"halo-host-{version}"
        with zipfile.ZipFile(wheel) as files:  # a wheel without compiled parts is what it installs
            files.extractall(self._code)
        self._path = os.pathsep.join(map(str, (self._code, TOOLS, *plugins)))

    def run(self, data: Path, url: str, *commands: Sequence[str]) -> list[str]:
        """What each of the commands says; one process runs them all.

        :raises AssertionError: one failed.
        """
        given = ["--data", str(data), "--database", url]
        said: list[str] = self._python(_PROGRAM, [[*given, *command] for command in commands])
        return said

    def contracts(self) -> dict[str, dict[str, Any]]:
        """What it promises to plugins, as today's tools/publish_schemas.py reads it."""
        said: dict[str, dict[str, Any]] = self._python(_CONTRACTS)
        return said

    def _python(self, program: str, given: object = None) -> Any:
        """What a program that imports the released host answers."""
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(given),
            env={**os.environ, "PYTHONPATH": self._path},
            cwd=self._code,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
