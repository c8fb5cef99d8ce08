"""The host: one object that owns plugins, database and clock, and hands out the rooms.

Faces (command line, later pages and API) and tests make one `Host` and close it. Nothing in the
package keeps state at module level.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Self

from .connections.connections import Connections
from .connections.keyring import Keyring
from .database.database import Database
from .database.upgrade import Age, age, upgrade
from .directory.directory import Directory
from .errors import DatabaseError
from .imports.imports import Imports
from .plugins import Plugins
from .settings import Settings, embedded_database, make_folder
from .tabs.tabs import Tabs

Clock = Callable[[], datetime]


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

    @cached_property
    def plugins(self) -> Plugins:
        return self._plugins or Plugins.installed(strict=self.settings.strict)

    @cached_property
    def database(self) -> Database:
        """The database, created with its tables on first use.

        :raises DatabaseError: it cannot be opened, is older than this version, or newer.
        """
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
    def imports(self) -> Imports:
        return Imports(self.database, self.plugins, self.connections, self.clock)

    @cached_property
    def tabs(self) -> Tabs:
        return Tabs(self.database, self.plugins, self.connections, self.settings, self.clock)

    def close(self) -> None:
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
