"""An integrator in a process of its own: with small batches, and killed at its Nth step if wanted.

A step is a statement sent to the database by a worker's thread, or a commit of one. Run by
test_processes.py; standard output says how many steps there were.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from sqlalchemy import event

from halo_host.host import Host
from halo_host.imports import apply, payers, undo
from halo_host.integrator.integrator import run
from halo_host.settings import Settings


def main() -> None:
    data, url, steps = sys.argv[1:]
    left = int(steps)
    payers.BATCH = apply.BATCH = undo.BATCH = 25  # many transactions to be killed in and between
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def step(*_: object) -> None:
        nonlocal left
        if not threading.current_thread().name.startswith("Worker"):
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Host(Settings(data=Path(data), database_url=url)) as host:
        engine = host.database._reader
        event.listen(engine, "before_cursor_execute", step)
        event.listen(engine, "commit", step)
        run(host, stop, threads=1, sweep_seconds=0.1)
    sys.stdout.write(str(int(steps) - left))


if __name__ == "__main__":
    main()
