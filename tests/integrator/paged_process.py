"""An integrator in a process of its own, whose syncs are small: pages with their numbers.

Each page is fetched, which leaves a line in a file, and written in one transaction with the lease:
an audit row that names it. The next page is the one after the last that was written. While a page
is fetched its lane is locked with a file, which two syncs at once could not both have. Run by
test_pages.py.
"""

from __future__ import annotations

import fcntl
import signal
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import func, select

from halo_host.audit import record
from halo_host.database.tables import audit_log
from halo_host.host import Host
from halo_host.integrator.integrator import run
from halo_host.jobs.lease import Counts, Lease
from halo_host.settings import Settings

PAGES = 30


def main() -> None:
    data, url, folder = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Host(Settings(data=Path(data), database_url=url)) as host:
        syncs = Syncs(host, Path(folder))
        run(host, stop, threads=3, sweep_seconds=0.1, carry={"sync": syncs.sync})


class Syncs:
    def __init__(self, host: Host, folder: Path) -> None:
        self._host = host
        self._folder = folder

    def sync(self, lease: Lease) -> str:
        while (page := self._written(lease.slug)) < PAGES:
            lease.checkpoint()
            self._fetch(lease.slug, page)
            with self._host.database.write() as connection:
                lease.renew(connection, add=Counts(pages=1), step=f"page {page}")
                record(
                    connection,
                    at=lease.clock(),
                    agent="integrator",
                    action="page",
                    entity=lease.slug,
                    entity_id=page,
                )
        return f"{PAGES} pages."

    def _written(self, slug: str) -> int:
        query = select(func.count()).select_from(audit_log).filter_by(entity=slug, action="page")
        with self._host.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def _fetch(self, slug: str, page: int) -> None:
        with (self._folder / f"{slug}.lock").open("w") as lane:
            try:
                fcntl.flock(lane, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._note("overlaps", slug, page)
            self._note("fetched", slug, page)
            time.sleep(0.01)  # the provider takes its time

    def _note(self, what: str, slug: str, page: int) -> None:
        with (self._folder / what).open("a") as file:
            file.write(f"{slug} {page}\n")


if __name__ == "__main__":
    main()
