"""What carries out each kind of job. Each gets the lease and returns a sentence for the history,
or None where there was nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..host import Host
from ..jobs.lease import Lease

Carrier = Callable[[Lease], object]


def carriers(host: Host) -> Mapping[str, Carrier]:
    """By kind; the rooms behind them are opened when a job needs them."""

    def verify(lease: Lease) -> object:
        return host.sync.verify(lease, repair=bool(lease.arguments.get("repair")))

    return {
        "import": lambda lease: host.imports.carry_on(lease),
        "sync": lambda lease: host.sync.run(lease),
        "verify": verify,
        "reread": lambda lease: host.sync.reread(lease),
        "webhooks": lambda lease: host.webhooks.process(lease),
    }
