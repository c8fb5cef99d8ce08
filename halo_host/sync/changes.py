"""What happened since the last run, and what that left dirty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select

from ..database.mirror_tables import dirty_records
from ..streams import EventRecord, Stream, StreamKind, StreamPage
from . import stream_states
from .passes import Progress, Task
from .run import LONG_OVERLAP, NEVER, ORDER, READ_AT_ONCE, Run
from .stream_states import StreamState

# From this many dirty records on, reading the recent changes takes fewer requests.
MANY_DIRTY = 20


def read_changes(
    run: Run, *, long: bool = False, kinds: Iterable[StreamKind] | None = None
) -> None:
    wanted = None if kinds is None else set(kinds)
    states = run.stream_states()
    for stream in run.changing_streams():
        if wanted is None or stream.kind in wanted:
            _changes_of(run, stream, states.get(stream.kind, NEVER), long=long)


def _changes_of(run: Run, stream: Stream, state: StreamState, *, long: bool) -> None:
    """Read the events since the watermark, and the records that they are about.

    The watermark moves when every page is in: the list is newest first, so moving it earlier
    would lose what the older pages hold.
    """
    watermark = state.watermark or run.clock()
    since = watermark - (max(stream.overlap, LONG_OVERLAP) if long else stream.overlap)
    begun = run.begun(Task.CHANGES).get(stream.kind) or run.new_pass(
        stream.kind, Task.CHANGES, since, watermark
    )

    def page(cursor: str | None) -> StreamPage:
        return run.reader.changes_page(stream.kind, cursor, begun.since or since)

    run.pages.take_pass(begun, page, is_news=True, at_end=partial(_heard, run))


def _heard(run: Run, connection: Connection, ended: Progress) -> None:
    stream_states.note(
        connection,
        run.connection_id,
        ended.kind,
        watermark=ended.newest,
        changes_at=run.clock(),
    )


def news_since(run: Run, kind: StreamKind, since: datetime) -> set[str]:
    """Take in what happened to records of this kind since then; the ids of those records."""
    cursor, ids = None, set()
    while True:
        page = run.reader.changes_page(kind, cursor, since)
        run.pages.take(page, is_news=True)
        ids |= {it.resource_id for it in page.batch.records if isinstance(it, EventRecord)}
        if page.next_cursor in (None, cursor):
            return ids
        cursor = page.next_cursor


def reread_dirty(run: Run) -> None:
    """Read every record again that something said has changed."""
    for kind in ORDER:
        stream = run.streams.get(kind)
        ids = _dirty_ids(run, kind)
        if not ids:
            continue
        if stream is None:
            _drop_dirty(run, kind, ids)
            continue
        if len(ids) > MANY_DIRTY and stream.has_changes:
            read_changes(run, kinds=[kind])
            ids = _dirty_ids(run, kind)
        for start in range(0, len(ids), READ_AT_ONCE):
            run.read(kind, ids[start : start + READ_AT_ONCE])


def _dirty_ids(run: Run, kind: StreamKind) -> list[str]:
    query = select(dirty_records.c.external_id).filter_by(
        connection_id=run.connection_id, kind=kind.value
    )
    with run.database.read() as connection:
        return list(connection.scalars(query.order_by(dirty_records.c.external_id)))


def _drop_dirty(run: Run, kind: StreamKind, ids: list[str]) -> None:
    with run.database.write() as connection:
        run.mirror.clean(connection, kind, ids)
        run.lease.renew(connection)
