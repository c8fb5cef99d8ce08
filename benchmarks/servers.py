"""Servers that a benchmark starts and asks: the host's own, and others beside it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from halo_host.settings import Settings

Address = tuple[str, int]
_START_SECONDS = 60


@contextmanager
def serving(settings: Settings, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], Address]]:
    """`halo-host serve` without an integrator, on a free port."""
    log = settings.data / "serve.log"
    environment = os.environ | {
        "HALO_HOST_DATA": str(settings.data),
        "HALO_HOST_DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-m", "halo_host", "serve", "--no-integrator", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while not (found := re.search(r"Serving on http://(.+):(\d+)", log.read_text())):
            if process.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.05)
        yield process, (found[1], int(found[2]))
    finally:
        process.terminate()
        process.wait()


@contextmanager
def started(
    command: Sequence[str | Path], port: int, name: str, folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Address]]:
    """Another server, which listens on that port once it has begun."""
    address = ("127.0.0.1", port)
    with (folder / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        wait_for(address, process, name)
        yield process, address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(address: Address, process: subprocess.Popen[bytes], name: str) -> None:
    """Until it takes connections; the benchmark ends where it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(address, timeout=5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} did not start.")
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time of a process and its children until now."""
    ticks = 0
    for number in family(process.pid):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def family(parent: int) -> list[int]:
    """A process, and all that it and its children have started."""
    found = [parent]
    for process_id in found:
        for tasks in Path(f"/proc/{process_id}/task").glob("*/children"):
            found += map(int, tasks.read_text().split())
    return found
