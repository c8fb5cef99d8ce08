"""An integrator for a moment, in this thread."""

from __future__ import annotations

from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker


def work(host: Host) -> int:
    """Carry out every job that is due; how many."""
    return Worker(host.jobs, carriers(host), lambda: False).work()
