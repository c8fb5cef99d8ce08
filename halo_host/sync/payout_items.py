"""Bring the lines of a payout into the mirror: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, or_, select, update

from ..database.among import among, many_texts
from ..database.bulk import execute_row, insert_rows
from ..database.columns import clean_text
from ..database.database import Database
from ..database.mirror_tables import payout_items, payouts
from ..errors import PluginError
from ..jobs.lease import Counts, Lease
from ..streams import Batch, PayoutItemRecord, StreamKind
from ..types import UnreadableRecord
from .mirror_writer import RawPage
from .proof import Difference, DifferenceKind
from .raw import encoded
from .reader import Reader
from .run import Run
from .shapes import LARGEST, text

_LINE = ("type", "tenths", "payment_id", "refund_id", "mandate_id")
_COLUMNS = ("connection_id", "payout_id", "position", *_LINE, "raw_page_id", "raw_position")
_never_read = payouts.c.items_digest.is_(None)


class PayoutItemWriter:
    """Writes payouts' lines of one connection."""

    def __init__(
        self,
        database: Database,
        lease: Lease,
        clock: Callable[[], datetime],
        usage: Callable[[], Counts],
    ) -> None:
        self._database = database
        self._lease = lease
        self._clock = clock
        self._usage = usage

    def take(self, reader: Reader, payout_id: str, digest: int) -> None:
        """Read all lines of a payout; those of the last reading make room for them.

        `digest` is the payout's as it was when this began: where it has changed since, the lines
        are read again by the next run.
        """
        batches = list(_all_lines(reader, payout_id))
        with self._database.write() as connection:
            key = (self._lease.connection_id, payout_id)
            execute_row(connection, _forget_lines, ("connection_id", "payout_id"), key)
            position = 0
            for batch in batches:
                position = self._write(connection, payout_id, position, batch)
            self._note_read(connection, payout_id, digest)
            self._lease.renew(
                connection,
                add=self._usage()._replace(pages=len(batches)),
                step=f"lines of payout {payout_id}",
            )

    def _write(self, connection: Connection, payout_id: str, position: int, batch: Batch) -> int:
        raw, rows = RawPage([encoded(it) for it in batch.raw]), []
        raw.store(connection, self._lease.connection_id, self._clock())
        for place, record in enumerate(batch.records):
            rows.append(
                (
                    self._lease.connection_id,
                    payout_id,
                    position + place,
                    *_line(record, payout_id),
                    raw.id,
                    place,
                )
            )
        insert_rows(connection, payout_items, _COLUMNS, rows)
        return position + len(rows)

    def _note_read(self, connection: Connection, payout_id: str, digest: int) -> None:
        row = (self._lease.connection_id, clean_text(payout_id), digest)
        execute_row(connection, _note_digest, ("connection_id", "payout_id", "digest"), row)


def read_payout_items(run: Run) -> None:
    """Read the lines of payouts that are new or have changed, as long as they are kept."""
    _read(run, _kept(run, or_(_never_read, payouts.c.items_digest != payouts.c.digest)))


def read_lines_again(run: Run, payout_ids: Sequence[str]) -> None:
    """Read the lines of these payouts, whatever the mirror has of them."""
    _read(run, _kept(run, among(payouts.c.external_id, many_texts("ids")), ids=payout_ids))


def differing_payouts(run: Run, payout_ids: Sequence[str] | None = None) -> Iterator[Difference]:
    """Compare the lines of payouts with the provider's, as long as it keeps them: of these ones, or
    of all whose lines were read."""
    if payout_ids is None:
        found = _kept(run, payouts.c.items_digest == payouts.c.digest)
    else:
        found = _kept(run, among(payouts.c.external_id, many_texts("ids")), ids=payout_ids)
    for payout in found:
        identity = payout.external_id
        if _mirrored_lines(run, identity) != list(_lines_at_provider(run, identity)):
            what = "lines"
            yield Difference(StreamKind.PAYOUT_ITEMS, identity, DifferenceKind.CONTENT, what, what)
        with run.database.write() as connection:
            run.lease.renew(connection, add=run.usage(), step=f"comparing payout {identity}")
        run.lease.checkpoint()


def _mirrored_lines(run: Run, payout_id: str) -> list[tuple[Any, ...]]:
    query = (
        select(*(payout_items.c[name] for name in _LINE))
        .filter_by(connection_id=run.connection_id, payout_id=payout_id)
        .order_by(payout_items.c.position)
    )
    with run.database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def _lines_at_provider(run: Run, payout_id: str) -> Iterator[tuple[Any, ...]]:
    for batch in _all_lines(run.reader, payout_id):
        yield from (_line(record, payout_id) for record in batch.records)


def _kept(run: Run, condition: ColumnElement[bool], **values: Any) -> Sequence[Row[Any, Any]]:
    """The payouts of which the condition holds and whose lines the provider still has."""
    stream = run.streams.get(StreamKind.PAYOUT_ITEMS)
    if stream is None:
        return ()
    query = select(payouts.c.external_id, payouts.c.digest).where(
        payouts.c.connection_id == run.connection_id, condition
    )
    if stream.keeps is not None:
        query = query.where(payouts.c.created_at >= run.clock() - stream.keeps)
    with run.database.read() as connection:
        return connection.execute(query.order_by(payouts.c.id), values).all()


def _read(run: Run, found: Sequence[Row[Any, Any]]) -> None:
    writer = PayoutItemWriter(run.database, run.lease, run.clock, run.usage)
    for payout in found:
        writer.take(run.reader, payout.external_id, payout.digest)


def _all_lines(reader: Reader, payout_id: str) -> Iterator[Batch]:
    cursor, visited = None, set()
    while True:
        page = reader.list_page(StreamKind.PAYOUT_ITEMS, cursor, None, payout_id)
        yield page.batch
        cursor = page.next_cursor
        if cursor is None:
            return
        if cursor in visited:
            raise PluginError(f"The lines of payout {payout_id} lead back to an earlier page.")
        visited.add(cursor)


def _line(record: Any, payout_id: str) -> tuple[Any, ...]:
    """The values of a line that `_LINE` names."""
    item = _readable(record, payout_id)
    return (
        text(item.type),
        item.tenths,
        text(item.payment_id),
        text(item.refund_id),
        text(item.mandate_id),
    )


def _readable(record: Any, payout_id: str) -> PayoutItemRecord:
    """The line itself; one that cannot be read stays as a line without an amount."""
    if (
        isinstance(record, UnreadableRecord)
        or type(record.tenths) is not int
        or abs(record.tenths) > LARGEST
    ):
        return PayoutItemRecord(payout_id=payout_id, type="unreadable", tenths=0)
    return record  # type: ignore[no-any-return]


_forget_lines = delete(payout_items).where(
    payout_items.c.connection_id == bindparam("connection_id"),
    payout_items.c.payout_id == bindparam("payout_id"),
)
_note_digest = (
    update(payouts)
    .where(
        payouts.c.connection_id == bindparam("connection_id"),
        payouts.c.external_id == bindparam("payout_id"),
    )
    .values(items_digest=bindparam("digest"))
)
