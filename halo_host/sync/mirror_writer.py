"""Bring a page of records into the mirror: new ones in, changed ones over, equal ones left alone.

Every method works inside the caller's transaction and takes a fixed number of statements, however
many records the page has. Nothing here knows in which order pages arrive: a record is written as
the provider gave it last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..alerts.raising import NewAlert, raise_alerts
from ..database.bulk import execute_row, execute_rows, insert_rows
from ..database.columns import clean_text, stored_time
from ..streams import Batch, StreamKind
from .failed_records import FailedRecords
from .incoming import Failure, Incoming, readable
from .late import late_news
from .mirror_statements import (
    PAGE,
    forget_dirty,
    known_rows,
    mandate_payers,
    store_page,
    update_rows,
    whole_rows,
)
from .raw import pack
from .reader import Streams
from .shapes import COMMON, SHAPES, Shape, States, states_of

PAYER_THROUGH_MANDATE = {StreamKind.PAYMENTS, StreamKind.SUBSCRIPTIONS}


class Applied(NamedTuple):
    """What became of a page's records."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0

    def plus(self, other: Applied) -> Applied:
        return Applied(*(mine + its for mine, its in zip(self, other, strict=True)))


class Compared(NamedTuple):
    """A record beside its row in the mirror, None where there is none, and the columns of the row
    that are not what the record says."""

    item: Incoming
    row: Any | None
    differing: tuple[str, ...]


@dataclass(slots=True)
class RawPage:
    """The raw records of one page, of whatever kind, until they are stored together."""

    parts: list[bytes] = field(default_factory=list)
    id: int = 0

    def store(self, connection: Connection, connection_id: int, at: datetime) -> None:
        if self.parts:
            row = (connection_id, stored_time(at), pack(self.parts))
            self.id = execute_row(connection, store_page, PAGE, row).scalar_one()


class MirrorWriter:
    """Writes the mirror of one connection."""

    def __init__(self, connection_id: int, streams: Streams, clock: Callable[[], datetime]) -> None:
        self.connection_id = connection_id
        self.clock = clock
        self._states: Mapping[StreamKind, States] = {
            kind: states_of(streams.get(kind)) for kind in SHAPES
        }
        self.failed = FailedRecords(connection_id, clock)

    def apply(
        self,
        connection: Connection,
        batch: Batch,
        page: RawPage,
        *,
        is_news: bool,
        all_new: bool,
        thorough: bool = False,
    ) -> PendingBatch:
        """Compare a batch with the mirror; `PendingBatch.write` brings it in.

        In between the caller stores `page`, whose id the rows need. `is_news` tells that a change
        for the worse should be told to somebody, which history of a first fill should not. With
        `all_new` nothing is compared: should a record be there all the same, writing it fails.
        Equal digests say that the provider has changed nothing; a `thorough` look also finds what
        was changed in the mirror itself, or would be translated otherwise today.
        """
        shape = SHAPES[batch.kind]
        incoming, failures = readable(batch)
        ids = [] if all_new else [it.id for it in incoming]
        known = self._known(connection, shape, ids, thorough) if ids else {}
        pending = PendingBatch(self, batch.kind, shape, failures, is_news)
        through_mandate = batch.kind in PAYER_THROUGH_MANDATE
        if through_mandate and thorough:
            pending.payers = self._payers_of_mandates(connection, incoming)
        for item in incoming:
            before = known.get(item.id)
            same = before is not None and before.digest == item.digest and not _was_removed(before)
            if same and not (thorough and pending.differing(item, before)):
                pending.unchanged += 1
                continue
            pending.place(item, before, page)
        if through_mandate and not thorough:
            pending.payers = self._payers_of_mandates(connection, pending.items())
        return pending

    def compare(self, connection: Connection, batch: Batch) -> Iterator[Compared]:
        """Look thoroughly at each readable record of a batch, and change nothing."""
        shape = SHAPES[batch.kind]
        incoming, _ = readable(batch)
        known = self._known(connection, shape, [it.id for it in incoming], thorough=True)
        pending = PendingBatch(self, batch.kind, shape, (), is_news=False)
        if batch.kind in PAYER_THROUGH_MANDATE:
            pending.payers = self._payers_of_mandates(connection, incoming)
        for item in incoming:
            before = known.get(item.id)
            if before is not None and _was_removed(before):
                before = None
            differing = () if before is None else pending.differing(item, before)
            yield Compared(item, before, differing)

    def _known(
        self, connection: Connection, shape: Shape, ids: Sequence[str], thorough: bool
    ) -> dict[str, Any]:
        query = whole_rows(shape) if thorough else known_rows(shape.table)
        rows = connection.execute(query, {"connection_id": self.connection_id, "ids": ids})
        return {row.external_id: row for row in rows}

    def _payers_of_mandates(
        self, connection: Connection, items: Iterable[Incoming]
    ) -> dict[str, str]:
        wanted = {
            it.record.mandate_id
            for it in items
            if it.record.mandate_id and not it.record.external_user_id
        }
        if not wanted:
            return {}
        rows = connection.execute(
            mandate_payers, {"connection_id": self.connection_id, "ids": list(wanted)}
        )
        return {row.external_id: row.external_user_id for row in rows}

    def states(self, kind: StreamKind) -> States:
        return self._states[kind]

    def clean(self, connection: Connection, kind: StreamKind, ids: Sequence[str]) -> None:
        """These records have been read: they are dirty no longer."""
        if ids:
            connection.execute(
                forget_dirty,
                {"connection_id": self.connection_id, "record_kind": kind.value, "ids": ids},
            )


@dataclass(slots=True)
class PendingBatch:
    """A batch that was compared with the mirror and is not written yet."""

    writer: MirrorWriter
    kind: StreamKind
    shape: Shape
    failures: Sequence[Failure]
    is_news: bool
    unchanged: int = 0
    payers: Mapping[str, str] = field(default_factory=dict)
    _new: list[tuple[Incoming, int]] = field(default_factory=list)
    _changed: list[tuple[Incoming, int, Any]] = field(default_factory=list)

    def place(self, item: Incoming, before: Any | None, page: RawPage) -> None:
        position = len(page.parts)
        page.parts.append(item.raw)
        if before is None:
            self._new.append((item, position))
        else:
            self._changed.append((item, position, before))

    def differing(self, item: Incoming, before: Any) -> tuple[str, ...]:
        """The columns in which a whole row is not what the record says; `before` is of
        `whole_rows`."""
        states = self.writer.states(self.kind)
        said = self.shape.fill(item.record, states, self._payer(item, before))
        names = [
            name for name, value in zip(self.shape.columns, said) if getattr(before, name) != value
        ]
        if before.page_there is None:
            names.append("raw record")
        if before.digest != item.digest and not names:
            names.append("details")
        return tuple(names)

    def items(self) -> Iterable[Incoming]:
        yield from (item for item, _ in self._new)
        yield from (item for item, _, _ in self._changed)

    def write(self, connection: Connection, page_id: int) -> Applied:
        """Write what is new or has changed."""
        writer, shape = self.writer, self.shape
        states = writer.states(self.kind)
        new = [
            (
                *(writer.connection_id, item.id, item.digest, page_id, position),
                *shape.fill(item.record, states, self._payer(item)),
            )
            for item, position in self._new
        ]
        changed = [
            (
                *(item.digest, page_id, position),
                *shape.fill(item.record, states, self._payer(item, before)),
                *(writer.connection_id, item.id),
            )
            for item, position, before in self._changed
        ]
        insert_rows(connection, shape.table, COMMON + shape.columns, new)
        execute_rows(connection, *update_rows(shape), changed)
        if self.kind is StreamKind.PAYMENTS:
            self._tell(connection)
        writer.failed.note(connection, self.failures)
        return Applied(len(new), len(changed), self.unchanged, len(self.failures))

    def _payer(self, item: Incoming, before: Any | None = None) -> str:
        """The payer that the record or its mandate names, else the one known before; "" when the
        mandate is yet to come."""
        record = item.record
        payer: str | None = getattr(record, "external_user_id", None)
        if payer is None and self.kind in PAYER_THROUGH_MANDATE:
            payer = self.payers.get(record.mandate_id)
        if payer is None and before is not None and self.kind in PAYER_THROUGH_MANDATE:
            payer = before.external_user_id if before.mandate_id == record.mandate_id else None
        return clean_text(payer or "")

    def dirty(self) -> set[tuple[StreamKind, str]]:
        """What these records change in others: a refund, how much of its payment is refunded."""
        if self.kind is not StreamKind.REFUNDS or not self.is_news:
            return set()
        paid = (item.record.payment_id for item in self.items())
        return {(StreamKind.PAYMENTS, clean_text(identity)) for identity in paid if identity}

    def _tell(self, connection: Connection) -> None:
        """Also where a list is filled again: what was in the mirror before has news since then."""
        first_seen = self._new if self.is_news else ()
        news: list[NewAlert] = []
        for item, before in (
            *((item, None) for item, _ in first_seen),
            *((item, before) for item, _, before in self._changed),
        ):
            payout = clean_text(item.record.payout_id or "")
            news += late_news(
                self.writer.connection_id,
                item.record,
                self.writer.states(self.kind).get(item.record.status, ""),
                before.state if before is not None else None,
                bool(payout) and (before is None or before.payout_id != payout),
                self._payer(item, before),
                self.writer.clock(),
            )
        if news:
            raise_alerts(connection, news)


def _was_removed(row: Any) -> bool:
    return getattr(row, "removed_at", None) is not None
