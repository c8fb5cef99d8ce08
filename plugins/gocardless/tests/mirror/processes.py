"""`halo-host integrator` and `halo-host serve`, each in a process of its own.

It is stopped at the end of its block if it still runs; what it says goes to a file beside the data.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DEADLINE = 120  # seconds


class Process(subprocess.Popen[bytes]):
    """A running command of the host."""

    log: Path

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")


@contextmanager
def integrator(database_url: str, folder: Path) -> Iterator[Process]:
    options = ("integrator", "--threads", "1", "--sweep", "0.05")
    with _halo_host(database_url, folder, *options) as process:
        yield process


@contextmanager
def serving(database_url: str, folder: Path, *, workers: int) -> Iterator[tuple[str, int]]:
    """A web server without an integrator, on a free port; its address."""
    options = ("serve", "--no-integrator", "--listen", "127.0.0.1:0", "--workers", str(workers))
    with _halo_host(database_url, folder, *options) as process:
        wait_until(lambda: "Serving on" in process.said(), process)
        found = re.search(r"Serving on http://(.+):(\d+)", process.said())
        assert found is not None, process.said()
        yield found[1], int(found[2])


def wait_until(condition: Callable[[], bool], *processes: Process) -> None:
    """Wait for something that these processes, which must stay alive meanwhile, bring about."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        for process in processes:
            assert process.poll() is None, process.said()
        assert time.monotonic() < deadline, [process.said()[-2000:] for process in processes]
        time.sleep(0.05)


@contextmanager
def _halo_host(database_url: str, folder: Path, *arguments: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "halo_host", "--data", str(folder / "data"), *arguments]
    log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        environment = os.environ | {"HALO_HOST_DATABASE_URL": database_url}
        process = Process(command, env=environment, stdout=output, stderr=output)
    process.log = log
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
