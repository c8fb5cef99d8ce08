"""Once a day: whatever may still change is read again, in case that no event told of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, select, update

from ..database.mirror_tables import payers
from ..streams import StreamKind, StreamPage
from . import stream_states
from .passes import Progress, Task
from .present import Present
from .run import NEVER, Run
from .stream_states import StreamState

DAILY = timedelta(hours=24)


def recheck_is_due(run: Run, states: dict[StreamKind, StreamState]) -> bool:
    if run.begun(Task.RECHECK):
        return True
    rechecked = [
        states.get(kind, NEVER).rechecked_at
        for kind, stream in run.streams.items()
        if stream.rechecked or kind is StreamKind.CUSTOMERS
    ]
    now = run.clock()
    return any(at is None or now - at >= DAILY for at in rechecked)


def recheck(run: Run) -> None:
    """Read again what may still change, in case that no event told of it."""
    begun_already, states, now = run.begun(Task.RECHECK), run.stream_states(), run.clock()
    for kind in run.kinds():
        at = states.get(kind, NEVER).rechecked_at
        due = kind in begun_already or at is None or now - at >= DAILY
        if run.streams[kind].rechecked and due:
            _recheck_kind(run, kind, begun_already.get(kind))
    relist_payers(run)


def recheck_silent(run: Run) -> None:
    """Read again, whenever that was done last, what changes without any event."""
    for kind in run.kinds():
        stream = run.streams[kind]
        if stream.changes_silently and stream.rechecked:
            _recheck_kind(run, kind, run.begun(Task.RECHECK).get(kind))
    relist_payers(run)


def _recheck_kind(run: Run, kind: StreamKind, begun: Progress | None) -> None:
    begun = begun or run.new_pass(kind, Task.RECHECK, None)
    began_at = begun.began_at

    def page(cursor: str | None) -> StreamPage:
        return run.reader.recheck_page(kind, cursor, began_at)

    run.pages.take_pass(begun, page, is_news=True, at_end=partial(_rechecked, run))


def _rechecked(run: Run, connection: Connection, ended: Progress) -> None:
    stream_states.note(connection, run.connection_id, ended.kind, rechecked_at=run.clock())


def relist_payers(run: Run) -> None:
    """Read all payers, since edits of theirs make no events; note those that are gone.

    A payer is gone when a whole list, read in one go, does not name it.
    """
    if StreamKind.CUSTOMERS not in run.streams:
        return
    resumed = run.begun(Task.RELIST).get(StreamKind.CUSTOMERS)
    begun = resumed or run.new_pass(StreamKind.CUSTOMERS, Task.RELIST, None)
    present = Present()

    def page(cursor: str | None) -> StreamPage:
        return run.reader.list_page(StreamKind.CUSTOMERS, cursor, None)

    def at_end(connection: Connection, ended: Progress) -> None:
        if resumed is None and not present.unknown:
            _note_removed(run, connection, present)
        stream_states.note(connection, run.connection_id, ended.kind, rechecked_at=run.clock())

    run.pages.take_pass(begun, page, is_news=True, at_end=at_end, seen=present.see)


def _note_removed(run: Run, connection: Connection, present: Present) -> None:
    query = select(payers.c.id, payers.c.external_id).where(
        payers.c.connection_id == run.connection_id, payers.c.removed_at.is_(None)
    )
    gone = [row.id for row in connection.execute(query) if row.external_id not in present]
    for identity in gone:
        connection.execute(
            update(payers).where(payers.c.id == identity).values(removed_at=run.clock())
        )
