"""Webhooks: receive, process, list, replay, prune. The web server, the integrator and the command
line call these methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from ..audit import record
from ..connections.connections import Connections
from ..database.database import Database
from ..errors import InvalidInput
from ..jobs.job import Why
from ..jobs.jobs import Jobs
from ..jobs.lease import Lease
from ..only_once import only_once
from ..plugins import Plugins
from ..settings import Settings
from ..sync.schedules import Schedules
from ..sync.sync import Sync
from .accounts import Accounts
from .inbox import Delivery, DeliveryDetails, Inbox, Selection, Tally
from .intake import Answer, Intake
from .processing import Processing
from .tables import NEW, deliveries
from .waker import Waker
from .writer import Writer

AGENT = "webhook"
PREPARE_SECONDS = 10.0


class Webhooks:
    """The host's rooms are fetched when they are needed: the inbox must open, and deliveries be
    answered, also while the host's database is away."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        database: Callable[[], Database],
        plugins: Callable[[], Plugins],
        connections: Callable[[], Connections],
        jobs: Callable[[], Jobs],
        sync: Callable[[], Sync],
        schedules: Callable[[], Schedules],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._jobs = jobs
        self._sync = sync
        self._schedules = schedules
        self._waker = Waker(self._queue_work)

    @only_once
    def inbox(self) -> Inbox:
        return Inbox(self._settings.database_url, self._clock)

    @only_once
    def _writer(self) -> Writer:
        return Writer(lambda: self.inbox.database, self._waker.tell)

    @only_once
    def _accounts(self) -> Accounts:
        return Accounts(self._connections)

    @only_once
    def _intake(self) -> Intake:
        return Intake(self._accounts, self._plugins, self._writer, self._clock)

    def open(self) -> None:
        """Make the inbox, or bring it to this version; otherwise its first use does.

        :raises DatabaseError: it cannot be opened, or belongs to a newer version.
        """
        _ = self.inbox.database

    def prepare(self) -> None:
        """Before the first request: make what many threads will use, and load what takes a while.

        :raises Exception: something does not work; later requests may find that it does.
        """
        self._intake.prepare()
        self.prove_writable(PREPARE_SECONDS)

    def close(self) -> None:
        """Write what waits, and stop the threads of this process."""
        if "_writer" in self.__dict__:
            self._writer.close()
        self._waker.close()
        if "_accounts" in self.__dict__:
            self._accounts.close()
        if "inbox" in self.__dict__:
            self.inbox.close()

    # --- for the web server --------------------------------------------------------------------

    def receive(
        self, slug: str, headers: Mapping[str, str], read_body: Callable[[int], bytes]
    ) -> Answer:
        """Answer a POST to the address of a connection (see `Intake.receive`)."""
        return self._intake.receive(slug, headers, read_body)

    def refuse(self, slug: str, status: int, reason: str) -> Answer:
        """Count a request to the address of a connection that is none for the inbox."""
        return self._intake.refuse(slug, status, reason)

    def prove_writable(self, seconds: float) -> None:
        """Write something into the inbox.

        :raises Exception: it failed, or took longer.
        """
        self._writer.probe(self._clock()).result(timeout=seconds)

    # --- for the integrator --------------------------------------------------------------------

    def process(self, lease: Lease) -> str | None:
        """Carry out a job of kind webhooks; says what was done, None where no delivery waited."""
        processing = Processing(
            self.inbox, self._database(), self._plugins(), self._connections(), self._sync()
        )
        return processing.process(lease)

    def connections_with_work(self) -> list[str]:
        """The enabled connections with unprocessed deliveries. The sweep queues a job for each:
        whoever stored them may have died before it could."""
        waiting = self.inbox.waiting()
        return [it.slug for it in self._connections().all() if it.enabled and it.slug in waiting]

    def prune(self) -> int:
        """Delete processed and failed deliveries that are older than the set age; how many."""
        return self.inbox.prune(self._clock() - timedelta(days=self._settings.webhook_days))

    # --- for faces -----------------------------------------------------------------------------

    def address(self, slug: str) -> str:
        """What an operator registers at the provider.

        :raises NotFound: there is no such connection.
        """
        self._connections().get(slug)
        base = self._settings.public_url or f"http://{self._settings.listen}"
        return f"{base}/webhooks/{slug}"

    def find(
        self,
        selection: Selection,
        *,
        limit: int = 50,
        before: tuple[datetime, int] | None = None,
    ) -> list[Delivery]:
        """Deliveries, the newest first; go on with `received_at` and `id` of the last one."""
        if selection.connection is not None:
            self._connections().get(selection.connection)
        return self.inbox.find(selection, limit=limit, before=before)

    def get(self, number: int) -> DeliveryDetails:
        return self.inbox.get(number)

    def count_waiting(self, selection: Selection) -> int:
        """How many deliveries of a selection wait to be processed, whatever state it names."""
        return self.inbox.count(replace(selection, state=NEW))

    def tallies(self, slug: str | None = None) -> list[Tally]:
        """How many deliveries of each day ended how, of one connection or of all.

        :raises NotFound: there is no such connection.
        """
        if slug is not None:
            self._connections().get(slug)
        return self.inbox.tallies(connection=slug)

    def replay(self, numbers: Sequence[int], *, agent: str) -> int:
        """Have these deliveries processed again; how many.

        :raises NotFound: one of them is not there. None is replayed then.
        """
        for number in numbers:
            self.inbox.get(number)
        return self._replay(
            [deliveries.c.id.in_(list(numbers))], {"deliveries": list(numbers)}, agent
        )

    def replay_all(self, selection: Selection, *, agent: str) -> int:
        """Have every delivery of a selection processed again; how many.

        :raises InvalidInput: the selection names no connection and no time.
        """
        if selection == Selection():
            raise InvalidInput("Say which deliveries are to be replayed.")
        if selection.connection is not None:
            self._connections().get(selection.connection)
        said = {
            name: str(value)
            for name in Selection.__dataclass_fields__
            if (value := getattr(selection, name)) is not None
        }
        return self._replay(selection.conditions(), said, agent)

    def _replay(
        self,
        conditions: Sequence[ColumnElement[bool]],
        said: Mapping[str, object],
        agent: str,
    ) -> int:
        renewed = self.inbox.renew(conditions)
        with self._database().write() as connection:
            for slug, count in renewed.items():
                record(
                    connection,
                    at=self._clock(),
                    agent=agent,
                    action="webhooks.replayed",
                    entity="connection",
                    entity_id=slug,
                    after={**said, "count": count},
                )
        for slug in renewed:
            self._jobs().enqueue("webhooks", slug, why=Why.HAND, agent=agent)
        return sum(renewed.values())

    def _queue_work(self, slug: str) -> None:
        """While the processing fails, deliveries wait for its next try and do not hasten it."""
        due = self._clock() + self._schedules().webhook_pause(slug)
        self._jobs().enqueue("webhooks", slug, why=Why.WEBHOOK, agent=AGENT, not_before=due)
