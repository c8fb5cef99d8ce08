"""Store what arrives: deliveries that come together share one transaction and one wait for the
disk."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.dml import Insert

from ..database.database import Database
from .tables import NEW, deliveries, inbox_version, tallies

_AT_ONCE = 200  # deliveries of one transaction
_TALLY_SECONDS = 0.5  # how long counts may wait for a transaction
_REASONS = 50  # different counts that wait; more count as one
_log = logging.getLogger("halo_host.webhooks")


class Arrival(NamedTuple):
    """A delivery to store. `body` is packed."""

    connection: str
    key: str
    body: bytes
    headers: dict[str, str]
    is_test: bool
    at: datetime


class Counted(NamedTuple):
    """Something to count."""

    connection: str
    day: str
    outcome: str
    reason: str = ""


class _Store(NamedTuple):
    arrival: Arrival
    done: Future[bool]


class _Probe(NamedTuple):
    at: datetime
    done: Future[bool]


class Writer:
    """One thread of this process that writes to the inbox, for all threads that answer requests.

    `open_database` is called by that thread; `stored` is told each connection of which something
    new was committed, and must not block.
    """

    def __init__(
        self, open_database: Callable[[], Database], stored: Callable[[str], None]
    ) -> None:
        self._open_database = open_database
        self._stored = stored
        self._queue: queue.SimpleQueue[_Store | _Probe | Counted | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._counts: Counter[Counted] = Counter()
        self._counts_since = 0.0

    def store(self, arrival: Arrival) -> Future[bool]:
        """Done when the delivery is on disk: True if it is new, False if it was there already.

        Its exception is that of the database, and then the delivery is not stored.
        """
        done: Future[bool] = Future()
        self._put(_Store(arrival, done))
        return done

    def probe(self, at: datetime) -> Future[bool]:
        """Done when the inbox has proved to be writable."""
        done: Future[bool] = Future()
        self._put(_Probe(at, done))
        return done

    def count(self, counted: Counted) -> None:
        """Count something, within a second; a crash may lose it."""
        self._put(counted)

    def close(self) -> None:
        """Write what waits, and stop."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _put(self, item: _Store | _Probe | Counted) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="halo-host-inbox", daemon=True)
                    thread.start()
                    self._thread = thread
        self._queue.put(item)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            work: list[_Store | _Probe] = []
            for item in self._taken():
                if item is None:
                    stopping = True
                elif isinstance(item, Counted):
                    self._keep(item)
                else:
                    work.append(item)
            counts_are_due = bool(self._counts) and (
                stopping or time.monotonic() - self._counts_since >= _TALLY_SECONDS
            )
            if work or counts_are_due:
                self._write(work, counts_are_due)

    def _taken(self) -> list[_Store | _Probe | Counted | None]:
        """All that is waiting; waits for something, or until counts are due."""
        taken: list[_Store | _Probe | Counted | None] = []
        try:
            taken.append(self._queue.get(timeout=_TALLY_SECONDS if self._counts else None))
            while len(taken) < _AT_ONCE:
                taken.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return taken

    def _keep(self, counted: Counted) -> None:
        if not self._counts:
            self._counts_since = time.monotonic()
        if counted not in self._counts and len(self._counts) >= _REASONS:
            counted = counted._replace(reason="other")
        self._counts[counted] += 1

    def _write(self, work: Sequence[_Store | _Probe], counts_are_due: bool) -> None:
        arrivals = [it for it in work if isinstance(it, _Store)]
        probes = [it for it in work if isinstance(it, _Probe)]
        try:
            with self._open_database().write() as connection:
                new = store_all(connection, [it.arrival for it in arrivals])
                for probe in probes[:1]:
                    connection.execute(update(inbox_version).values(probed_at=probe.at))
                if counts_are_due:
                    _add_counts(connection, self._counts)
        except Exception as error:
            for item in work:
                item.done.set_exception(error)
            if counts_are_due:  # try again, though not at once
                self._counts_since = time.monotonic()
                _log.warning("Deliveries could not be counted: %s", error)
            return
        if counts_are_due:
            self._counts.clear()
        for store, is_new in zip(arrivals, new):
            store.done.set_result(is_new)
        for probe in probes:
            probe.done.set_result(True)
        for slug in {it.arrival.connection for it, is_new in zip(arrivals, new) if is_new}:
            self._stored(slug)


def store_all(connection: Connection, arrivals: Sequence[Arrival]) -> list[bool]:
    """Store deliveries; which of them are new.

    They are written in the order of their keys, so that two processes with the same ones do not
    wait for each other in a circle.
    """
    new = [False] * len(arrivals)
    order = sorted(range(len(arrivals)), key=lambda it: arrivals[it][:2])
    statement = _insert(connection.dialect.name)
    for place in order:
        arrival = arrivals[place]
        attempts = connection.scalar(
            statement,
            {
                "connection": arrival.connection,
                "delivery_key": arrival.key,
                "body": arrival.body,
                "headers": arrival.headers,
                "received_at": arrival.at,
                "last_received_at": arrival.at,
                "attempts": 1,
                "is_test": arrival.is_test,
                "state": NEW,
                "reason": "",
                "replays": 0,
            },
        )
        new[place] = attempts == 1
    return new


@cache
def _insert(dialect: str) -> Any:
    statement = _upsert(dialect, deliveries)
    return statement.on_conflict_do_update(
        index_elements=["connection", "delivery_key"],
        set_={
            "attempts": deliveries.c.attempts + 1,
            "last_received_at": statement.excluded.last_received_at,
        },
    ).returning(deliveries.c.attempts)


def _add_counts(connection: Connection, counts: Counter[Counted]) -> None:
    statement = _upsert(connection.dialect.name, tallies)
    statement = statement.on_conflict_do_update(
        index_elements=["connection", "day", "outcome", "reason"],
        set_={"count": tallies.c.count + statement.excluded.count},
    )
    for counted, count in sorted(counts.items()):
        connection.execute(statement, {**counted._asdict(), "count": count})


def _upsert(dialect: str, table: Any) -> Insert:
    """PostgreSQL's statement has the same methods."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # takes a while to load

        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)
