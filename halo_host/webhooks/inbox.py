"""What the inbox holds: deliveries as they arrived, and how many of each day ended how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    func,
    make_url,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.exc import ArgumentError

from ..database.database import Database
from ..errors import NotFound
from ..only_once import only_once
from .bodies import unpacked
from .tables import FAILED, NEW, PROCESSED, deliveries, make_current, tallies

_PRUNED_AT_ONCE = 500  # deliveries deleted in one transaction
_BYTES_AT_ONCE = 8 * 1024 * 1024  # of bodies, for the worker


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A delivery as faces show it. `state` is new, processed or failed; `reason` says why.

    `events` is how many it held, once it was processed; `attempts` how often it arrived; `replays`
    how often somebody had it processed again.
    """

    id: int
    connection: str
    key: str
    received_at: datetime
    last_received_at: datetime
    attempts: int
    is_test: bool
    state: str
    reason: str
    events: int | None
    processed_at: datetime | None
    replays: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryDetails:
    """One delivery with what it brought."""

    delivery: Delivery
    headers: Mapping[str, str]
    body: bytes


class Waiting(NamedTuple):
    """An unprocessed delivery, for the worker. `again`: somebody asked for it to be replayed."""

    id: int
    body: bytes
    again: bool


class Result(NamedTuple):
    """How the processing of one delivery ended; `failed` if none of it could be read."""

    id: int
    events: int
    failed: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a day ended so; `connection` is empty where none was meant."""

    connection: str
    day: str
    outcome: str
    reason: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which deliveries are meant; times are those of the first arrival, `until` excluded."""

    connection: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        table = deliveries.c
        found: list[ColumnElement[bool]] = []
        if self.connection is not None:
            found.append(table.connection == self.connection)
        if self.state is not None:
            found.append(table.state == self.state)
        if self.since is not None:
            found.append(table.received_at >= self.since)
        if self.until is not None:
            found.append(table.received_at < self.until)
        return found


class Inbox:
    """Reads and changes what is stored; `writer.Writer` stores what arrives.

    `url` is that of the host's database; on SQLite the inbox is a file of its own beside it.
    """

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self.url = inbox_url(url)
        self.clock = clock

    @only_once
    def database(self) -> Database:
        """Opened, and made or upgraded, on first use."""
        database = Database(self.url, durable=True)
        try:
            make_current(database)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()

    # --- for faces -----------------------------------------------------------------------------

    def find(
        self, selection: Selection, *, limit: int, before: tuple[datetime, int] | None = None
    ) -> list[Delivery]:
        """The newest first, from the one on that comes after `before`: its arrival and number."""
        conditions = selection.conditions()
        if before is not None:
            at, number = before
            earlier, equal = deliveries.c.received_at < at, deliveries.c.received_at == at
            conditions.append(or_(earlier, and_(equal, deliveries.c.id < number)))
        query = (
            _listed()
            .where(*conditions)
            .order_by(deliveries.c.received_at.desc(), deliveries.c.id.desc())
            .limit(limit)
        )
        with self.database.read() as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def count(self, selection: Selection) -> int:
        query = select(func.count()).select_from(deliveries).where(*selection.conditions())
        with self.database.read() as connection:
            return connection.scalar(query) or 0

    def get(self, number: int) -> DeliveryDetails:
        """:raises NotFound: it never was, or was pruned."""
        query = _listed().add_columns(deliveries.c.body, deliveries.c.headers)
        with self.database.read() as connection:
            row = connection.execute(query.where(deliveries.c.id == number)).one_or_none()
        if row is None:
            raise NotFound(
                f"There is no delivery {number}; deliveries are kept for a set time.",
                advice="See `halo-host webhooks list`.",
            )
        return DeliveryDetails(
            delivery=_delivery(row), headers=row.headers, body=unpacked(row.body)
        )

    def tallies(self, *, connection: str | None = None) -> list[Tally]:
        """The newest day first."""
        query = select(tallies).order_by(
            tallies.c.day.desc(), tallies.c.connection, tallies.c.outcome, tallies.c.reason
        )
        if connection is not None:
            query = query.where(tallies.c.connection == connection)
        with self.database.read() as open_database:
            return [Tally(*row) for row in open_database.execute(query)]

    def totals(self) -> list[tuple[str, str, int]]:
        """Connection, outcome, count of all days."""
        query = select(tallies.c.connection, tallies.c.outcome, func.sum(tallies.c.count)).group_by(
            tallies.c.connection, tallies.c.outcome
        )
        with self.database.read() as connection:
            return [(row[0], row[1], int(row[2])) for row in connection.execute(query)]

    def waiting(self) -> dict[str, tuple[int, datetime]]:
        """By connection: how many deliveries are unprocessed, and when the oldest arrived."""
        table = deliveries.c
        query = (
            select(table.connection, func.count(), func.min(table.received_at))
            .where(table.state == NEW)
            .group_by(table.connection)
        )
        with self.database.read() as connection:
            return {name: (count, since) for name, count, since in connection.execute(query)}

    # --- for the worker ------------------------------------------------------------------------

    def next_new(self, connection: str, *, limit: int) -> list[Waiting]:
        """Unprocessed deliveries, the oldest first; fewer than `limit` where they are large."""
        query = (
            select(deliveries.c.id, deliveries.c.body, deliveries.c.replays)
            .where(deliveries.c.connection == connection, deliveries.c.state == NEW)
            .order_by(deliveries.c.id)
            .limit(limit)
        )
        found: list[Waiting] = []
        size = 0
        with self.database.read() as open_database:
            for row in open_database.execute(query):
                found.append(Waiting(row.id, unpacked(row.body), row.replays > 0))
                size += len(found[-1].body)
                if size > _BYTES_AT_ONCE:
                    break
        return found

    def note(self, results: Sequence[Result]) -> None:
        """Say of deliveries how their processing ended."""
        now = self.clock()
        with self.database.write() as connection:
            _lock_in_order(connection, [deliveries.c.id.in_([it.id for it in results])])
            for result in results:
                connection.execute(
                    update(deliveries)
                    .where(deliveries.c.id == result.id, deliveries.c.state == NEW)
                    .values(
                        state=FAILED if result.failed else PROCESSED,
                        reason=result.reason,
                        events=result.events,
                        processed_at=now,
                    )
                )

    def renew(self, conditions: Sequence[ColumnElement[bool]]) -> dict[str, int]:
        """Make deliveries unprocessed again; how many of each connection."""
        done = (deliveries.c.state != NEW, *conditions)
        with self.database.write() as connection:
            _lock_in_order(connection, done)
            counted = connection.execute(
                select(deliveries.c.connection, func.count())
                .where(*done)
                .group_by(deliveries.c.connection)
            ).all()
            connection.execute(
                update(deliveries)
                .where(*done)
                .values(state=NEW, reason="", processed_at=None, replays=deliveries.c.replays + 1)
            )
        return {name: int(count) for name, count in counted}

    def prune(self, before: datetime) -> int:
        """Delete what was received before and is processed or failed; how many."""
        done = (deliveries.c.received_at < before, deliveries.c.state != NEW)
        some = select(deliveries.c.id).where(*done).limit(_PRUNED_AT_ONCE)
        total = 0
        while True:
            with self.database.write() as connection:
                old = deliveries.c.id.in_(connection.scalars(some).all())
                _lock_in_order(connection, [old])
                count = connection.execute(delete(deliveries).where(old, *done)).rowcount
            total += count
            if count < _PRUNED_AT_ONCE:
                return total


def _lock_in_order(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> None:
    """Lock these rows in the order in which the writer stores deliveries, that of their keys: on
    PostgreSQL, two that take the same rows in different orders would wait for each other."""
    if connection.dialect.name == "sqlite":
        return  # has one lock for all
    order = (deliveries.c.connection.collate("C"), deliveries.c.delivery_key.collate("C"))
    query = select(deliveries.c.id).where(*conditions).order_by(*order).with_for_update()
    connection.execute(query).all()


def inbox_url(url: str) -> str:
    """Where the inbox of a host's database is: `halo-host-inbox.db` beside `halo-host.db`."""
    try:
        host = make_url(url)
    except (ArgumentError, ValueError):
        return url  # whoever opens it says what is wrong with it
    if host.get_backend_name() != "sqlite" or not host.database:
        return url
    file = Path(host.database)
    mode = host.query.get("mode")
    beside = file.with_name(f"{file.stem}-inbox{file.suffix}")
    return f"sqlite:///{quote(str(beside))}" + (f"?mode={mode}" if mode else "")


def _listed() -> Select[Any]:
    columns = [it for it in deliveries.c if it.name not in {"body", "headers"}]
    return select(*columns)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        connection=row.connection,
        key=row.delivery_key,
        received_at=row.received_at,
        last_received_at=row.last_received_at,
        attempts=row.attempts,
        is_test=row.is_test,
        state=row.state,
        reason=row.reason,
        events=row.events,
        processed_at=row.processed_at,
        replays=row.replays,
    )
