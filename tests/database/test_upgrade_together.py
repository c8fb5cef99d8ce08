"""Web servers and integrators that start at once on an empty database do not meet in its making."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

from halo_host.database.database import Database
from halo_host.database.upgrade import Age, age

PROGRAM = """
import sys
from pathlib import Path
from halo_host.host import Host
from halo_host.settings import Settings

sys.stdin.read(1)
with Host(Settings(data=Path("unused"), database_url=sys.argv[1])) as host:
    host.directory.customers()
"""


def test_many_processes_may_make_the_tables_at_once(database_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, database_url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.flush()
    said = [process.communicate(timeout=120)[1].decode() for process in processes]

    assert [process.returncode for process in processes] == [0] * 5, "\n".join(said)
    with closing(Database(database_url)) as database:
        assert age(database) is Age.CURRENT
