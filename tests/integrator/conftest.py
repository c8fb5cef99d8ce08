"""A host with the provider `Bank` and the integrator's parts, turned by hand on a clock that stands
still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.bank import Bank, BankPlugin
from support.clock import Clock

from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.sweep import Sweep
from halo_host.integrator.worker import Worker
from halo_host.jobs.job import Job
from halo_host.jobs.presence import Presence
from halo_host.plugins import Plugins
from halo_host.settings import Settings

AGENT = "Olive"
SLUG = "bank"


class Office:
    """One integrator without threads: `turn` sweeps and works until nothing is due."""

    def __init__(self, host: Host, bank: Bank) -> None:
        self.host = host
        self.bank = bank
        presence = Presence(host.database, host.clock, threads=1)
        self.sweep = Sweep(host, presence, watch_every=timedelta(0))
        self.worker = Worker(host.jobs, carriers(host), lambda: False)

    def turn(self) -> list[Job]:
        """What was carried out, in the order of its numbers."""
        newest = self.host.jobs.list(limit=1)
        self.sweep.once()
        self.worker.work()
        done = self.host.jobs.list(limit=1_000)
        return [job for job in reversed(done) if not newest or job.id > newest[0].id]

    def alerts(self) -> list[str]:
        self.sweep.once()
        return [alert.key for alert in reversed(self.host.alerts.list(SLUG))]


@pytest.fixture
def bank(clock: Clock) -> Bank:
    return Bank(clock)


@pytest.fixture
def office(database_url: str, tmp_path: Path, clock: Clock, bank: Bank) -> Iterator[Office]:
    plugins = Plugins(strict=True)
    plugins.add("bank", BankPlugin(bank))
    settings = Settings(
        data=tmp_path / "data", database_url=database_url, timezone="Europe/London", strict=True
    )
    with Host(settings, clock=clock, plugins=plugins) as host:
        host.connections.enable("bank", {}, slug=SLUG, agent=AGENT)
        yield Office(host, bank)
