"""The host: one object that owns plugins, database and clock, and hands out the rooms.

Faces (command line, later pages and API) and tests make one `Host` and close it. Nothing in the
package keeps state at module level.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

from .alerts.alerts import Alerts
from .alerts.sending import Sender
from .connections.connections import Connections
from .connections.keyring import Keyring
from .database.database import Database
from .database.store import HOST
from .database.upgrade import Age, age, upgrade
from .directory.directory import Directory
from .errors import DatabaseError
from .imports.imports import Imports
from .jobs.jobs import Jobs
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

    `clock` gives the present time in UTC; `plugins` defaults to those installed.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock = _now, plugins: Plugins | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._plugins = plugins
        self._opening = threading.Lock()

    @cached_property
    def plugins(self) -> Plugins:
        return self._plugins or Plugins.installed(strict=self.settings.strict)

    @cached_property
    def database(self) -> Database:
        """The database, created with its tables on first use.

        :raises DatabaseError: it cannot be opened, is older than this version, or newer.
        """
        with self._opening:
            if "database" not in self.__dict__:  # else another thread was first
                self.__dict__["database"] = self._open_database()
            opened: Database = self.__dict__["database"]
            return opened

    def _open_database(self) -> Database:
        if self.settings.database_url == embedded_database(self.settings.data):
            make_folder(self.settings)
        database = Database(self.settings.database_url)
        try:
            _check_age(database)
        except BaseException:
            database.close()
            raise
        return database

    @cached_property
    def keyring(self) -> Keyring:
        return Keyring(self.settings.key_file, os.environ.get("HALO_HOST_SECRET_KEY"))

    @cached_property
    def directory(self) -> Directory:
        return Directory(self.database, self.clock)

    @cached_property
    def connections(self) -> Connections:
        return Connections(self.database, self.plugins, self.keyring, self.clock)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.database, self.clock, self._wake)

    @cached_property
    def imports(self) -> Imports:
        return Imports(self.database, self.plugins, self.connections, self.jobs, self.clock)

    @cached_property
    def sync(self) -> Sync:
        return Sync(self.database, self.plugins, self.connections, self.jobs, self.clock)

    @cached_property
    def payments(self) -> Payments:
        return Payments(self.database, self.plugins, self.connections, self.sync)

    @cached_property
    def schedules(self) -> Schedules:
        return Schedules(
            self.database,
            self.connections,
            self.plugins,
            self.jobs,
            self.settings.timezone,
            self.clock,
        )

    @cached_property
    def watch(self) -> Watch:
        return Watch(self.database, self.connections, self.schedules, self.clock)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self.database, self.clock)

    @cached_property
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

    @cached_property
    def alert_sender(self) -> Sender:
        return Sender(self.database, self.alerts, self.settings, self.clock)

    @cached_property
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

    @cached_property
    def tabs(self) -> Tabs:
        return Tabs(
            self.database, self.plugins, self.connections, self.payments, self.settings, self.clock
        )

    @cached_property
    def webhooks(self) -> Webhooks:
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


def _check_age(database: Database) -> None:
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
