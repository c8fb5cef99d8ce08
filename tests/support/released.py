"""A released version of the host, unpacked from its wheel, to be run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

RELEASES = Path(__file__).parents[2] / "releases"


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


class ReleasedHost:
    """Runs commands of a released host, which finds this environment's libraries."""

    def __init__(self, version: str, folder: Path, *plugins: Path) -> None:
        (wheel,) = RELEASES.glob(f"halo_host-{version}-*.whl")
        self._code = folder / f"halo-host-{version}"
        with zipfile.ZipFile(wheel) as files:  # a wheel without compiled parts is what it installs
            files.extractall(self._code)
        self._path = os.pathsep.join(map(str, (self._code, *plugins)))

    def run(self, data: Path, url: str, *commands: Sequence[str]) -> list[str]:
        """What each of the commands says; one process runs them all.

        :raises AssertionError: one failed.
        """
        given = ["--data", str(data), "--database", url]
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=json.dumps([[*given, *command] for command in commands]),
            env={**os.environ, "PYTHONPATH": self._path},
            cwd=self._code,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said: list[str] = json.loads(done.stdout)
        return said
