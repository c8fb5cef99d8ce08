"""A host with the provider `Bank`, and its mirror as tests look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support.bank import Bank, BankPlugin
from support.clock import Clock

from halo_host import StreamKind
from halo_host.database.mirror_tables import timeline
from halo_host.host import Host
from halo_host.jobs.job import Job
from halo_host.plugins import Plugins
from halo_host.settings import Settings
from halo_host.sync.proof import Proof
from halo_host.sync.shapes import SHAPES

AGENT = "tester"


class Mirrored:
    """The bank, a host beside it, and what the host's mirror holds."""

    def __init__(self, host: Host, bank: Bank) -> None:
        self.host = host
        self.bank = bank

    def sync(self) -> Job:
        """One run, as the integrator does it."""
        return self.host.jobs.get(self._run("sync", lambda lease: self.host.sync.run(lease)))

    def verify(self, *, repair: bool = False) -> Proof:
        found: list[Proof] = []
        self._run("verify", lambda lease: found.append(self.host.sync.verify(lease, repair=repair)))
        return found[0]

    def deliver(self, *events: dict[str, Any]) -> None:
        """A webhook with these events, taken in at once."""
        from support.bank import batch

        def process(lease: Any) -> None:
            self.host.sync.take_events(lease, batch(StreamKind.EVENTS, events))
            self.host.sync.reread_dirty(lease)

        self._run("webhooks", process)

    def _run(self, kind: str, work: Any) -> int:
        lease = self.host.jobs.begin(kind, "bank", agent=AGENT)
        try:
            result = work(lease)
        except BaseException:
            self.host.jobs.drop(lease)
            raise
        self.host.jobs.finish(lease, str(result))
        number: int = lease.job_id
        return number

    def rows(self, kind: StreamKind) -> dict[str, Any]:
        """The mirror's records of a kind, by their ids."""
        with self.host.database.read() as connection:
            rows = connection.execute(select(SHAPES[kind].table))
            return {row.external_id: row for row in rows}

    def statuses(self, kind: StreamKind = StreamKind.PAYMENTS) -> dict[str, str]:
        return {key: row.status for key, row in self.rows(kind).items()}

    def story(self, identity: str) -> list[str]:
        """The ids of the events about a record."""
        query = select(timeline.c.event_id).filter_by(resource_id=identity)
        with self.host.database.read() as connection:
            return list(connection.scalars(query.order_by(timeline.c.at, timeline.c.event_id)))


@pytest.fixture
def bank(clock: Clock) -> Bank:
    return Bank(clock)


@pytest.fixture
def mirrored(database_url: str, tmp_path: Path, clock: Clock, bank: Bank) -> Iterator[Mirrored]:
    """A connection to an empty bank, never synced."""
    plugins = Plugins(strict=True)
    plugins.add("bank", BankPlugin(bank))
    settings = Settings(data=tmp_path / "data", database_url=database_url, strict=True)
    with Host(settings, clock=clock, plugins=plugins) as host:
        host.connections.enable("bank", {}, slug="bank", agent=AGENT)
        yield Mirrored(host, bank)
