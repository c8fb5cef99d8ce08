"""One run of the host's sync, as its worker does it: `mirror_host.py DATA_FOLDER URL MINUTES`.

The host's clock stands still, so many minutes after the end of the recorded business; so all rows
are the same in every run. Prints as JSON what the job counted and how many seconds it took
itself, start-up excluded.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from measured_database import AGENT, CONNECTION
from recorded import NOW

from halo_host.host import Host
from halo_host.settings import settings_from


def sync(folder: Path, url: str, minutes: int) -> dict[str, object]:
    """Bring the mirror up to date."""
    now = NOW + timedelta(minutes=minutes)
    with Host(settings_from(os.environ, data=folder, database=url), clock=lambda: now) as host:
        lease = host.jobs.begin("sync", CONNECTION, agent=AGENT)
        started, used = time.perf_counter(), time.process_time()
        result = host.sync.run(lease)
        took = {"wall": time.perf_counter() - started, "cpu": time.process_time() - used}
        host.jobs.finish(lease, result)
        job = host.jobs.get(lease.job_id)
    names = ("pages", "new", "changed", "unchanged", "failed", "requests", "result")
    return {name: getattr(job, name) for name in names} | took


if __name__ == "__main__":
    print(json.dumps(sync(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
