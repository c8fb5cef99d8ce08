"""A host whose connection `bank` keeps a mirror, and an integrator that works when told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from halo_host import StreamKind
from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker

from .bank import Bank, BankPlugin

BY = "tester"


class Banked:
    """The provider in memory beside a host, with two payers and their payments."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.bank = Bank(host.clock)
        host.plugins.add("bank", BankPlugin(self.bank))
        host.connections.enable("bank", {}, agent=BY, name="Bank of the North")
        for payer in ("CU1", "CU2"):
            self.bank.payer(payer)
            self.bank.mandate(f"MD-{payer}", payer)
            for number in range(3):
                self.bank.payment(f"PM-{payer}-{number}", f"MD-{payer}", "paid_out")

    def work(self) -> None:
        """Carry out what is queued, as an integrator does."""
        Worker(self.host.jobs, carriers(self.host), lambda: False).work()

    def sync(self) -> None:
        self.host.schedules.sync_now("bank", agent=BY)
        self.work()

    @contextmanager
    def working_slowly(self) -> Iterator[Event]:
        """An integrator at work, which stops before its first request until the event is set."""
        go_on = Event()

        def wait(method: str, kind: StreamKind) -> None:
            go_on.wait(60)

        self.bank.before_page = wait
        thread = Thread(target=self.work, name="integrator")
        thread.start()
        try:
            yield go_on
        finally:
            go_on.set()
            thread.join()
            self.bank.before_page = lambda method, kind: None
