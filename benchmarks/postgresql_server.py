"""A private PostgreSQL server with its own settings of the factory, for as long as a block runs.

The tests' server is made to be quick and forgetful; this one keeps what it promises: every commit
is on the disk.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from measure import BENCHMARKS

sys.path.insert(0, str(BENCHMARKS.parent / "tests"))
from support.postgresql_programs import Account

_START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class PostgreSQL:
    """A running server, reached through a socket in `folder`."""

    folder: Path
    process_id: int

    def url(self, database: str) -> str:
        """The address as the host takes it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def connection_text(self, database: str) -> str:
        """The address as psycopg takes it."""
        return f"host={self.folder} user=postgres dbname={database}"

    def copy(self, template: str, database: str) -> str:
        """A fresh copy of a database; its address."""
        self.drop(database)
        self._execute(f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def settle(self) -> None:
        """Bring to the disk what earlier steps have left, so that no later one pays for it."""
        self._execute("CHECKPOINT")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.connection_text("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def cpu(self) -> float:
        """Seconds that the server's processes have used, those that have ended among them."""
        ticks = sum(_ticks(self.process_id, own_and_ended=True))
        for child in (
            Path(f"/proc/{self.process_id}/task/{self.process_id}/children").read_text().split()
        ):
            ticks += sum(_ticks(int(child), own_and_ended=False))
        return ticks / _TICKS


def _ticks(process_id: int, *, own_and_ended: bool) -> tuple[int, ...]:
    try:
        text = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return ()
    fields = text.rpartition(")")[2].split()
    return tuple(int(it) for it in fields[11 : 15 if own_and_ended else 13])


@contextmanager
def running_postgresql(parent: Path) -> Iterator[PostgreSQL]:
    """A new server whose data lie in a folder below `parent`, which goes with it."""
    account = Account.for_server()
    with account.programs() as programs, account.folder(parent) as folder:
        data = folder / "data"
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "--auth=trust",
                "--locale=C",
                "-E",
                "UTF8",
            ],
            check=True,
            capture_output=True,
            **account.arguments(folder),
        )
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, "--listen_addresses="],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **account.arguments(folder),
            )
        try:
            found = PostgreSQL(folder, server.pid)
            _wait_until_ready(found, server)
            yield found
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait()


def _wait_until_ready(found: PostgreSQL, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(found.connection_text("postgres")).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(
                    f"PostgreSQL did not start:\n{(found.folder / 'log').read_text()}"
                ) from None
            time.sleep(0.05)
        else:
            return
