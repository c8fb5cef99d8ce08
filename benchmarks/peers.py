"""What others have made for GoCardless, each in an environment of its own.

The two that read payments only print what they read; nothing of theirs stores it. Airbyte's
connector needs Python 3.10.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import BENCHMARKS, Measured


@dataclass(frozen=True)
class Peer:
    """A program of somebody else; `python` is the version that it needs, if not any."""

    package: str
    version: str
    script: str
    python: str = ""
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.package} {self.version}"


PEERS = (
    Peer("tap-gocardless", "0.1.3", "peer_tap.py"),
    Peer("airbyte-source-gocardless", "0.1.14", "peer_airbyte.py", "3.10"),
)


def installed(peer: Peer, folder: Path) -> Path | None:
    """The Python of the peer's environment, made when missing; None where it cannot be had."""
    environment = folder / peer.package
    python = environment / "bin" / "python"
    ready = environment / "ready"
    if not ready.exists():
        base = _interpreter(peer.python)
        if base is None:
            return None
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([base, "-m", "venv", environment], check=True)
        requirement = f"{peer.package}=={peer.version}"
        command = [str(python), "-m", "pip", "install", "--quiet", requirement, *peer.needs]
        subprocess.run(command, check=True)
        ready.touch()
    return python


def read(peer: Peer, python: Path, url: str) -> Measured:
    """Let it read all payments; the seconds are those of the reading alone."""
    found = subprocess.run(
        [python, BENCHMARKS / peer.script, url], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise SystemExit(f"{peer.name} failed:\n{found.stderr[-2000:]}")
    took = json.loads(found.stdout.splitlines()[-1])
    return Measured(took["wall"], took["cpu"], 0.0, 0.0, "")


def _interpreter(version: str) -> str | None:
    """A Python of that version that runs: of PATH, of pyenv, or of uv."""
    if not version:
        return sys.executable
    for candidate in _candidates(version):
        answer = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.stdout.strip() == version:
            return candidate
    return None


def _candidates(version: str) -> Iterator[str]:
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True))
    if uv := shutil.which("uv"):
        found = subprocess.run(
            [uv, "python", "find", version], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            yield found.stdout.strip()
