"""Another program that writes beside an import or a fill: how long does it wait?

`writers.py DATABASE_URL` writes one row every 20 ms through the host's own database room, as a page
or another command would, until its standard input ends, and prints every wait in milliseconds. A
wait is the whole transaction: getting the write lock, the statement, and the commit. It also prints
the greatest size of SQLite's write-ahead log.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from measure import script

EVERY = 0.020  # seconds
TABLE = "benchmark_writes"


@dataclass
class Waits:
    """The waits of one writer in milliseconds, and the log's greatest size in bytes."""

    milliseconds: list[float] = field(default_factory=list)
    log_size: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def longest(self) -> float:
        return max(self.milliseconds)

    def above(self, limit: float) -> int:
        """How many waited longer than this."""
        return sum(wait > limit for wait in self.milliseconds)

    def __str__(self) -> str:
        return (
            f"{len(self.milliseconds):,} writes: min {min(self.milliseconds):.1f}, "
            f"median {self.median:.1f}, max {self.longest:.0f} ms, "
            f"{self.above(250)} above 250"
            + (f"; log up to {self.log_size >> 20} MiB" if self.log_size else "")
        )


@contextmanager
def writing_beside(database_url: str) -> Iterator[Waits]:
    """Run a writer for as long as the block; its waits are known when the block has ended."""
    waits = Waits()
    writer = subprocess.Popen(
        script("writers.py", database_url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    try:
        writer.stdout.readline()  # it has begun
        yield waits
    finally:
        writer.stdin.close()
        found = json.loads(writer.stdout.read())
        waits.milliseconds, waits.log_size = found["milliseconds"], found["log_size"]
        writer.wait(timeout=60)


def _write_until_end_of_input(database_url: str) -> Waits:
    from halo_host.database.database import Database

    ended = threading.Event()

    def wait_for_end_of_input() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    database = Database(database_url)
    with database.write() as connection:
        connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {TABLE} (written FLOAT)")
    print("begun", flush=True)
    waits = Waits()
    log = Path(f"{database.url.database}-wal") if database.is_sqlite else None
    while not ended.is_set():
        started = time.perf_counter()
        with database.write() as connection:
            connection.exec_driver_sql(f"INSERT INTO {TABLE} VALUES ({started})")
        waits.milliseconds.append((time.perf_counter() - started) * 1000)
        if log is not None:
            waits.log_size = max(waits.log_size, log.stat().st_size)
        ended.wait(max(0.0, EVERY - (time.perf_counter() - started)))
    database.close()
    return waits


if __name__ == "__main__":
    print(json.dumps(asdict(_write_until_end_of_input(sys.argv[1]))))
