"""First fill: whole lists, newest first, of the records made until it began."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, select

from ..database.mirror_tables import timeline
from ..streams import Stream, StreamKind, StreamPage
from . import stream_states
from .passes import Progress, Task, times_of
from .run import LONG_OVERLAP, NEVER, Run
from .shapes import SHAPES
from .stream_states import StreamState

# Before the provider forgets events, there is still time to read them.
SAFETY = timedelta(days=3)


def has_gap(run: Run, states: dict[StreamKind, StreamState]) -> bool:
    """Whether events may have been forgotten by the provider before the host read them."""
    events = run.streams.get(StreamKind.EVENTS)
    known = [states.get(stream.kind, NEVER) for stream in run.changing_streams()]
    heard = [at for state in known if (at := state.changes_at or state.watermark)]
    if events is None or events.keeps is None or not heard:
        return False
    return run.clock() - min(heard) > events.keeps - SAFETY


def fill(run: Run, kinds: Iterable[StreamKind]) -> None:
    """Read whole lists, newest first, of records made until now."""
    states = run.stream_states()
    for stream in run.changing_streams():
        if states.get(stream.kind, NEVER).watermark is None:
            _begin_watermark(run, stream)
    watermarks = [at for it in run.stream_states().values() if (at := it.watermark)]
    for kind in kinds:
        begun = run.begun(Task.FILL).get(kind) or run.new_pass(
            kind, Task.FILL, max([run.clock(), *watermarks])
        )

        def page(cursor: str | None, begun: Progress = begun) -> StreamPage:
            return run.reader.list_page(begun.kind, cursor, begun.since)

        run.pages.take_pass(
            begun,
            page,
            is_news=False,
            all_new=begun.cursor is None and _is_empty(run, kind),
            thorough=True,  # whoever begins anew does not trust what is there
            at_end=partial(_filled, run),
        )


def _is_empty(run: Run, kind: StreamKind) -> bool:
    table = timeline if kind is StreamKind.EVENTS else SHAPES[kind].table
    query = select(table.c.id).filter_by(connection_id=run.connection_id).limit(1)
    with run.database.read() as connection:
        return connection.execute(query).first() is None


def _begin_watermark(run: Run, stream: Stream) -> None:
    """Note the newest event before anything is filled: what happens meanwhile comes after it.

    It is in the provider's time, so the host's clock may be wrong by hours.
    """
    since = run.clock() - LONG_OVERLAP
    page = run.reader.changes_page(stream.kind, None, since)
    with run.database.write() as connection:
        stream_states.note(
            connection, run.connection_id, stream.kind, watermark=max([*times_of(page), since])
        )
        run.lease.renew(connection, add=run.usage())


def _filled(run: Run, connection: Connection, ended: Progress) -> None:
    now = run.clock()
    stream_states.note(connection, run.connection_id, ended.kind, filled_at=now, rechecked_at=now)
