"""Imports Acme Pay in a process of its own and kills that process at its Nth step.

A step is a statement sent to the database, or a payer that the plugin streams; the count is the
only thing that the kill depends on, so a run can be repeated. Run by test_killed.py.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from halo_host.host import Host
from halo_host.imports import apply, payers, undo
from halo_host.settings import Settings


def main() -> None:
    data, url, steps, number = sys.argv[1:]
    left = int(steps)
    payers.BATCH = apply.BATCH = undo.BATCH = 25  # many transactions to be killed in and between

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Host(Settings(data=Path(data), database_url=url)) as host:
        engine = host.database._reader
        event.listen(engine, "before_cursor_execute", step)
        event.listen(engine, "commit", step)
        if number:
            host.imports.undo(int(number), agent="killed")
        else:
            host.imports.run("acme-pay", agent="killed")
    sys.stdout.write(str(int(steps) - left))


if __name__ == "__main__":
    main()
