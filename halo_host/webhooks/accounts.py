"""The connections and their secrets as the inbox knows them: read seldom, never waited for long.

A delivery must be answered at once, also while the host's database is slow or away. So this keeps
what it read, reads it again in the background, and goes on with what it has while that takes long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..connections.connections import Connections
from ..errors import HostError
from ..types import Connection

FRESH_SECONDS = 3.0  # a change of a connection is noticed after this
UNKNOWN_SECONDS = 1.0  # the same, when somebody calls the address of one that is not known
_PATIENCE = 0.05  # seconds that an answer waits for the database, when there is something older
_FIRST_PATIENCE = 5.0
_log = logging.getLogger("halo_host.webhooks")


@dataclass(frozen=True, slots=True)
class Account:
    """A connection. None with the reason why: it takes no deliveries now."""

    connection: Connection | None
    reason: str = ""
    is_disabled: bool = False


class Unknown(Exception):
    """The connections could not be read, not even once."""


class Accounts:
    def __init__(self, connections: Callable[[], Connections]) -> None:
        self._connections = connections
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] | None = None
        self._read_at = 0.0
        self._reading: threading.Event | None = None

    def find(self, slug: str) -> Account | None:
        """:raises Unknown: nothing is known of any connection, since the database is away."""
        reading = self._reading_if_wanted(slug)
        if reading is not None:
            reading.wait(_FIRST_PATIENCE if self._accounts is None else _PATIENCE)
        accounts = self._accounts
        if accounts is None:
            raise Unknown
        return accounts.get(slug)

    def close(self) -> None:
        """Wait for a reading that is under way: the database is closed next."""
        with self._lock:
            reading = self._reading
        if reading is not None:
            reading.wait(_FIRST_PATIENCE)

    def _reading_if_wanted(self, slug: str) -> threading.Event | None:
        with self._lock:
            age = time.monotonic() - self._read_at
            known = self._accounts
            if known is not None and age < (FRESH_SECONDS if slug in known else UNKNOWN_SECONDS):
                return None
            if self._reading is None:
                self._reading = threading.Event()
                threading.Thread(target=self._read, name="halo-host-accounts", daemon=True).start()
            return self._reading

    def _read(self) -> None:
        accounts = self._accounts
        try:
            accounts = self._all()
        except Exception as error:
            _log.warning("The connections could not be read: %s", error)
        with self._lock:
            self._accounts = accounts
            self._read_at = time.monotonic()
            reading, self._reading = self._reading, None
        if reading is not None:
            reading.set()

    def _all(self) -> dict[str, Account]:
        found = {}
        connections = self._connections()
        for details in connections.all():
            if not details.enabled:
                found[details.slug] = Account(None, "The connection is disabled.", True)
                continue
            try:
                found[details.slug] = Account(connections.for_plugin(details.slug))
            except HostError as error:
                _log.warning("%s", error.message)
                found[details.slug] = Account(None, "The connection's secrets cannot be read.")
        return found
