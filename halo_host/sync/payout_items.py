"""Bring the lines of a payout into the mirror: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from ..database.bulk import execute_row, insert_rows
from ..database.columns import clean_text
from ..database.database import Database
from ..database.mirror_tables import payout_items, payouts
from ..errors import PluginError
from ..jobs.lease import Counts, Lease
from ..streams import Batch, PayoutItemRecord, StreamKind
from ..types import UnreadableRecord
from .mirror_writer import RawPage
from .raw import encoded
from .reader import Reader
from .run import Run
from .shapes import LARGEST, text

_COLUMNS = (
    "connection_id",
    "payout_id",
    "position",
    "type",
    "tenths",
    "payment_id",
    "refund_id",
    "mandate_id",
    "raw_page_id",
    "raw_position",
)


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
            item = _readable(record, payout_id)
            rows.append(
                (
                    self._lease.connection_id,
                    payout_id,
                    position + place,
                    text(item.type),
                    item.tenths,
                    text(item.payment_id),
                    text(item.refund_id),
                    text(item.mandate_id),
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
    stream = run.streams.get(StreamKind.PAYOUT_ITEMS)
    if stream is None:
        return
    query = select(payouts.c.external_id, payouts.c.digest).where(
        payouts.c.connection_id == run.connection_id,
        or_(payouts.c.items_digest.is_(None), payouts.c.items_digest != payouts.c.digest),
    )
    if stream.keeps is not None:
        query = query.where(payouts.c.created_at >= run.clock() - stream.keeps)
    with run.database.read() as connection:
        found = connection.execute(query.order_by(payouts.c.id)).all()
    for payout_id, digest in found:
        PayoutItemWriter(run.database, run.lease, run.clock, run.usage).take(
            run.reader, payout_id, digest
        )


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
