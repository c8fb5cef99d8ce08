"""The host's data as a whole: what is copied, backed up and restored together.

On PostgreSQL all of it is one database; on SQLite some of it has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, MetaData

from . import (  # noqa: F401 - they add their tables to the metadata
    agent_tables,
    api_tables,
    job_tables,
    mirror_tables,
)
from .database import Database
from .tables import metadata
from .upgrade import upgrade_in


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """Tables that lie in one database.

    `name` is that of its file in a back-up. `address` gives its URL, from that of the host's
    database. `make` makes its tables in a transaction of `Database.migration`; `make_current`
    brings older ones to this version wherever nobody need be asked.
    """

    name: str
    address: Callable[[str], str]
    metadata: MetaData
    make: Callable[[Connection], None]
    make_current: Callable[[Database], None] | None = None

    def file(self, url: str) -> Path | None:
        """Its file, if it is one.

        :raises InvalidInput: the address cannot be read.
        """
        with closing(Database(self.address(url))) as database:
            return Path(database.label).absolute() if database.is_sqlite else None


HOST = Store(name="halo-host.db", address=lambda url: url, metadata=metadata, make=upgrade_in)
