"""The host: one object that owns plugins, database and clock, and hands out the rooms.

Faces (command line, later pages and API) and tests make one `Host` and close it. Nothing in the
package keeps state at module level.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from .agents.agents import Agents
from .alerts.alerts import Alerts
from .alerts.sending import Sender
from .connections.connections import Connections
from .connections.keyring import Keyring
from .database.begun import refuse_unless_begun
from .database.database import Database
from .database.store import HOST
from .database.upgrade import Age, age, upgrade
from .directory.directory import Directory
from .errors import DatabaseError
from .imports.imports import Imports
from .imports.payer_links import PayerLinks
from .imports.reviews import Reviews
from .jobs.jobs import Jobs
from .only_once import only_once
from .payments.health import Health
from .payments.payments import Payments
from .plugins import Plugins
from .settings import Settings, embedded_database, make_folder
from .sync.schedules import Schedules
from .sync.sync import Sync
from .sync.watch import Watch
from .tabs.tabs import Tabs
from .webhooks.store import INBOX
from .webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from .jobs.queue import Queue

_log = logging.getLogger("halo_host")
Clock = Callable[[], datetime]

# All data of a host, by the database that it lies in: the host's own first.
STORES = (HOST, INBOX)


def _now() -> datetime:
    return datetime.now(UTC)


class Host:
    """Everything is made when first used: a command that needs no plugin loads none.

    `clock` gives the present time in UTC; `plugins` defaults to those installed. Without `begin`
    there must be a database already: one that only reads makes none where a name was mistyped.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = _now,
        plugins: Plugins | None = None,
        begin: bool = True,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._plugins = plugins
        self._begin = begin

    @only_once
    def plugins(self) -> Plugins:
        return self._plugins or Plugins.installed(strict=self.settings.strict)

    @only_once
    def database(self) -> Database:
        """The database, created with its tables on first use where this host may `begin` one.

        :raises DatabaseError: it cannot be opened, is older than this version, or newer, or there
            is none.
        """
        if not self._begin:
            refuse_unless_begun(self.settings)
        elif self.settings.database_url == embedded_database(self.settings.data):
            make_folder(self.settings)
        database = Database(self.settings.database_url)
        try:
            _make_current(database)
        except BaseException:
            database.close()
            raise
        return database

    @only_once
    def keyring(self) -> Keyring:
        return Keyring(self.settings.key_file, os.environ.get("HALO_HOST_SECRET_KEY"))

    @only_once
    def directory(self) -> Directory:
        return Directory(self.database, self.clock)

    @only_once
    def connections(self) -> Connections:
        return Connections(self.database, self.plugins, self.keyring, self.clock)

    @only_once
    def jobs(self) -> Jobs:
        return Jobs(self.database, self.clock, self._wake)

    @only_once
    def payer_links(self) -> PayerLinks:
        return PayerLinks(self.database, self.connections, self.jobs, self.clock)

    @only_once
    def imports(self) -> Imports:
        return Imports(self.database, self.plugins, self.connections, self.jobs, self.clock)

    @only_once
    def reviews(self) -> Reviews:
        return Reviews(self.database, self.connections, self.jobs, self.imports, self.clock)

    @only_once
    def sync(self) -> Sync:
        return Sync(self.database, self.plugins, self.connections, self.jobs, self.clock)

    @only_once
    def payments(self) -> Payments:
        return Payments(self.database, self.plugins, self.connections, self.sync)

    @only_once
    def schedules(self) -> Schedules:
        return Schedules(
            self.database,
            self.connections,
            self.plugins,
            self.jobs,
            self.imports,
            self.settings.timezone,
            self.clock,
        )

    @only_once
    def watch(self) -> Watch:
        return Watch(self.database, self.connections, self.schedules, self.clock)

    @only_once
    def alerts(self) -> Alerts:
        return Alerts(self.database, self.clock)

    @only_once
    def agents(self) -> Agents:
        return Agents(self.database, self.settings, self.clock)

    @only_once
    def health(self) -> Health:
        return Health(
            self.database,
            self.connections,
            self.payments,
            self.sync,
            self.schedules,
            self.jobs,
            self.alerts,
            self.clock,
        )

    @only_once
    def alert_sender(self) -> Sender:
        return Sender(self.database, self.alerts, self.settings, self.clock)

    @only_once
    def bell(self) -> Queue:
        """What wakes an integrator; the integrator itself opens it before it has threads."""
        from .jobs.queue import Queue, queue_address  # takes a while to load

        return Queue(queue_address(self.settings))

    def _wake(self, number: int) -> None:
        """Tell an integrator of a job; without one, its sweep finds the job when it runs."""
        try:
            self.bell.ring(number)
        except Exception as error:  # a wrong address or a server that is away
            _log.info("The queue cannot be opened (%s).", type(error).__name__)

    @only_once
    def tabs(self) -> Tabs:
        return Tabs(
            self.database,
            self.plugins,
            self.connections,
            self.payments,
            self.sync,
            self.settings,
            self.clock,
        )

    @only_once
    def webhooks(self) -> Webhooks:
        if not self._begin:
            refuse_unless_begun(self.settings)  # the inbox opens without the host's database
        return Webhooks(
            self.settings,
            self.clock,
            database=lambda: self.database,
            plugins=lambda: self.plugins,
            connections=lambda: self.connections,
            jobs=lambda: self.jobs,
            sync=lambda: self.sync,
            schedules=lambda: self.schedules,
        )

    def close(self) -> None:
        if "webhooks" in self.__dict__:
            self.webhooks.close()
        if "bell" in self.__dict__:
            self.bell.close()
        if "database" in self.__dict__:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def _make_current(database: Database) -> None:
    """Make the tables of an empty database.

    :raises DatabaseError: the tables are those of another version.
    """
    match age(database):
        case Age.OLDER:
            raise DatabaseError(
                f"The database {database.label} was made by an older version of Halo Host.",
                advice="Make a back-up, then run `halo-host database upgrade`.",
            )
        case Age.EMPTY:
            upgrade(database)
