"""A private PostgreSQL server for one test session: started here, and gone when the session is.

Run as a program it supervises one server: it makes a folder, starts PostgreSQL in it on a Unix
socket, says where it is, and waits for the end of its standard input. That end comes however the
test process ends, also when it is killed, and then the server and its folder are removed.

`running_server` starts that program, for the fixture in `tests/conftest.py`. This module imports
the standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from support.postgresql_programs import Account, NoServer

SUPERUSER = "postgres"
START_SECONDS = 120
INITDB_OPTIONS = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

# A database is 300 files and more: made in 15 ms in memory, in 300 ms on some disks.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder inside gets a name of its own
ENOUGH_MEMORY = 2**30

# The data live as long as the tests, so nothing is gained by bringing them safely to a disk.
SETTINGS = {
    "dynamic_shared_memory_type": "mmap",  # files in the folder, which go with it
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "50",
    "max_wal_size": "128MB",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. It listens on a Unix socket in `folder` and trusts who reaches it."""

    folder: Path
    user: str = SUPERUSER


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for as long as the block runs, or the process that entered it.

    Raises `NoServer` without programs, or when the server does not start.
    """
    tests = Path(__file__).parents[1]
    supervisor = subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": str(tests)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C in the terminal must not reach it before its tests end
    )
    assert supervisor.stdin is not None
    assert supervisor.stdout is not None
    try:
        answer = json.loads(supervisor.stdout.readline() or "{}")
        if "folder" not in answer:
            raise NoServer(answer.get("error", "The supervisor of PostgreSQL stopped at once."))
        yield Server(folder=Path(answer["folder"]))
    finally:
        supervisor.stdin.close()
        supervisor.wait()
        supervisor.stdout.close()


def supervise() -> None:
    """Start a server, say in which folder, and remove both when standard input ends."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        account = Account.for_server()
        with (
            account.programs() as programs,
            account.folder(_place_for_data()) as folder,
            _server(programs, folder, account),
        ):
            _answer(folder=str(folder))
            sys.stdin.buffer.read()
    except (NoServer, OSError, subprocess.CalledProcessError) as error:
        output = getattr(error, "stderr", None) or ""
        with suppress(BrokenPipeError):  # the tests may be gone already
            _answer(error=f"{error}\n{output}".strip())


def _answer(**fields: str) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def _stop(signum: int, frame: object) -> NoReturn:
    sys.exit(0)


def _place_for_data() -> Path:
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_MEMORY:
        return MEMORY
    return Path(tempfile.gettempdir())


@contextmanager
def _server(programs: Path, folder: Path, account: Account) -> Iterator[None]:
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "--pgdata", data, "--username", SUPERUSER, *INITDB_OPTIONS],
        check=True,
        capture_output=True,
        text=True,
        **account.arguments(folder),
    )
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **account.arguments(folder),
        )
    try:
        _wait_until_ready(server, data / "postmaster.pid", log)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nobody needs the data
        server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], status: Path, log: Path) -> None:
    """The eighth line of postmaster.pid says `ready`: what `pg_ctl --wait` looks at, too."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    raise NoServer(f"PostgreSQL did not start. Its log says:\n{log.read_text(errors='replace')}")


if __name__ == "__main__":
    supervise()
