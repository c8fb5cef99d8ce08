"""Copies a database in a process of its own, which kills itself where it is told. Run by
test_copy.py: after so many tables, or when so many files have got their names."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from halo_host.database.copy import CopiedTable, copy_database
from halo_host.host import STORES


def main() -> None:
    source, target, kind, number = sys.argv[1:]
    left = int(number)

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def after_table(table: CopiedTable) -> None:
        if kind == "tables":
            step()

    if kind == "names":
        rename = Path.replace

        def replace(path: Path, to: Path) -> Path:
            done = rename(path, to)
            step()
            return done

        Path.replace = replace  # type: ignore[method-assign, assignment]
    copy_database(
        STORES, source, target, agent="killed", now=datetime.now(UTC), on_table=after_table
    )


if __name__ == "__main__":
    main()
