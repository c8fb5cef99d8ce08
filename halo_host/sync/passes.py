"""Passes over a stream: page by page, the page and where it goes on in one transaction.

A pass that was begun and not ended goes on from its cursor, whoever carries it on. Only a page that
says that it is the last ends a pass; what ending it means is up to the task.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from ..database.bulk import execute_row, insert_rows
from ..database.columns import clean_text, stored_time
from ..database.database import Database
from ..database.mirror_tables import stream_passes
from ..errors import PluginError
from ..jobs.lease import Counts, Lease
from ..streams import Batch, StreamKind, StreamPage
from .mirror_writer import Applied, MirrorWriter, RawPage
from .timeline_writer import TimelineWriter

_KEY = ("connection_id", "kind", "task")
_KEPT = ("cursor", "began_at", "since", "newest", "records")
CURSORS_LAST = timedelta(hours=24)
TIDY_EVERY = 8  # pages; about 20 MB in SQLite's write-ahead log


class Task(enum.StrEnum):
    """What a pass is for."""

    FILL = "fill"
    CHANGES = "changes"
    RECHECK = "recheck"
    RELIST = "relist"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pass stands.

    `since` is how far back it reads; `newest` is up to when it has read everything that there was
    to read. Both are in the provider's time.
    """

    kind: StreamKind
    task: Task
    cursor: str | None
    began_at: datetime
    since: datetime | None
    newest: datetime | None
    records: int


def begun_passes(
    connection: Connection, connection_id: int, task: Task, now: datetime
) -> dict[str, Progress]:
    """The passes of a task that have begun and not ended, by kind.

    One that was left for long begins anew, since providers do not promise that a cursor lasts.
    """
    query = (
        select(stream_passes)
        .filter_by(connection_id=connection_id, task=task.value)
        .where(stream_passes.c.began_at > now - CURSORS_LAST)
    )
    return {
        row.kind: Progress(
            StreamKind(row.kind),
            task,
            row.cursor,
            row.began_at,
            row.since,
            row.newest,
            row.records,
        )
        for row in connection.execute(query)
    }


class PageWriter:
    """Takes pages of one connection into mirror and timeline."""

    def __init__(
        self,
        database: Database,
        lease: Lease,
        mirror: MirrorWriter,
        timeline: TimelineWriter,
        usage: Callable[[], Counts],
    ) -> None:
        """`usage` tells what was asked of the provider since it was last called."""
        self._database = database
        self._lease = lease
        self._mirror = mirror
        self._timeline = timeline
        self._usage = usage
        self.events = 0

    def take(
        self,
        page: StreamPage,
        *,
        is_news: bool,
        all_new: bool = False,
        thorough: bool = False,
        step: str | None = None,
        then: Callable[[Connection], None] = lambda connection: None,
    ) -> Applied:
        """Write a page in one transaction, together with what `then` does.

        `all_new`: the mirror holds nothing of the kind yet, so nothing needs to be compared. Where
        that turns out wrong, as when a list moves on and names a record twice, the page is taken
        back and compared. `thorough`: see `MirrorWriter.apply`.

        :raises LeaseLost: another worker has taken over; nothing was written.
        """
        if all_new:
            with suppress(IntegrityError):
                return self._take(page, is_news, True, False, step, then)
        return self._take(page, is_news, False, thorough, step, then)

    def _take(
        self,
        page: StreamPage,
        is_news: bool,
        all_new: bool,
        thorough: bool,
        step: str | None,
        then: Callable[[Connection], None],
    ) -> Applied:
        raw = RawPage()
        with self._database.write() as connection:
            events = [it for it in (page.batch, *page.current) if it.kind is StreamKind.EVENTS]
            records = [it for it in (page.batch, *page.current) if it.kind is not StreamKind.EVENTS]
            pending = [
                self._mirror.apply(
                    connection, batch, raw, is_news=is_news, all_new=all_new, thorough=thorough
                )
                for batch in records
                if batch.records
            ]
            heard = [
                self._timeline.compare(connection, batch, raw, all_new=all_new)
                for batch in events
                if batch.records
            ]
            new_events = sum(len(each.new) for each in heard)
            raw.store(connection, self._mirror.connection_id, self._mirror.clock())
            read_now = _ids_by_kind(records, page.missing, page.batch.kind)
            for kind, ids in read_now.items():
                self._mirror.failed.forget(connection, kind, ids)
            applied = Applied()
            for batch in pending:
                applied = applied.plus(batch.write(connection, raw.id))
            dirty = {it for batch in pending for it in batch.dirty()}
            for each in heard:
                self._timeline.write(connection, each, raw.id)
                self._mirror.failed.note(connection, each.failures)
                applied = applied.plus(Applied(failed=len(each.failures)))
                if is_news:
                    dirty |= each.dirty
            dirty = {it for it in dirty if it[1] not in read_now.get(it[0], ())}
            if dirty:
                self._timeline.note_dirty(connection, dirty)
            for kind, ids in read_now.items():
                if is_news:
                    self._mirror.clean(connection, kind, ids)
            then(connection)
            self._lease.renew(
                connection,
                add=self._usage()._replace(
                    pages=1,
                    new=applied.new + (0 if records else new_events),
                    changed=applied.changed,
                    unchanged=applied.unchanged,
                    failed=applied.failed,
                ),
                step=step,
            )
        self._timeline.committed()
        self.events += new_events
        return applied

    def take_pass(
        self,
        begun: Progress,
        fetch: Callable[[str | None], StreamPage],
        *,
        is_news: bool,
        all_new: bool = False,
        thorough: bool = False,
        at_end: Callable[[Connection, Progress], None],
        seen: Callable[[Batch], None] = lambda batch: None,
    ) -> Progress:
        """Read a pass from where it stands to its end; `at_end` runs in the last transaction."""
        now, visited = begun, {begun.cursor}
        for number in count(1):
            page = fetch(now.cursor)
            if page.next_cursor is not None and page.next_cursor in visited:
                raise PluginError(
                    f"The list of {now.kind} leads back to an earlier page, so it was given up.",
                    advice="Nothing that was read is lost. Tell the plugin's author.",
                )
            visited.add(page.next_cursor)
            seen(page.batch)
            now = _advanced(now, page)
            ended = page.next_cursor is None

            def then(connection: Connection, now: Progress = now, ended: bool = ended) -> None:
                if ended:
                    _forget(connection, self._mirror.connection_id, now)
                    at_end(connection, now)
                else:
                    _keep(connection, self._mirror.connection_id, now)

            self.take(
                page,
                is_news=is_news,
                all_new=all_new,
                thorough=thorough,
                step=f"{now.task.value} of {_words(now.kind)}: {now.records:,} read",
                then=then,
            )
            if ended:
                break
            if number % TIDY_EVERY == 0:
                self._database.tidy()
            self._lease.checkpoint()
        return now


def _words(kind: StreamKind) -> str:
    return kind.value.replace("_", " ")


def _advanced(before: Progress, page: StreamPage) -> Progress:
    newest = before.newest
    if before.cursor is None:  # the first page holds the newest
        newest = max([*times_of(page), *([newest] if newest else [])], default=None)
    return Progress(
        before.kind,
        before.task,
        page.next_cursor,
        before.began_at,
        before.since,
        newest,
        before.records + len(page.batch.records),
    )


def times_of(page: StreamPage) -> list[datetime]:
    """The provider's times up to which a first page of events tells everything: of its events, and
    of the answer itself."""
    if page.batch.kind is not StreamKind.EVENTS:
        return []
    times = [time for it in page.batch.records if (time := getattr(it, "created_at", None))]
    return [*times, page.at] if page.at else times


def _ids_by_kind(
    batches: list[Batch], missing: tuple[str, ...], kind: StreamKind
) -> dict[StreamKind, list[str]]:
    found = {
        batch.kind: [clean_text(key) for it in batch.records if (key := getattr(it, "id", None))]
        for batch in batches
    }
    if missing:
        found[kind] = [*found.get(kind, ()), *map(clean_text, missing)]
    return found


def _keep(connection: Connection, connection_id: int, now: Progress) -> None:
    """Remember where the pass goes on."""
    times = [at and stored_time(at) for at in (now.began_at, now.since, now.newest)]
    row = (now.cursor, *times, now.records, connection_id, now.kind.value, now.task.value)
    if not execute_row(connection, _keep_pass, _KEPT + _KEY, row).rowcount:
        insert_rows(connection, stream_passes, _KEPT + _KEY, [row])


_keep_pass = (
    update(stream_passes)
    .where(*(stream_passes.c[name] == bindparam(name) for name in _KEY))
    .values({name: bindparam(name) for name in _KEPT})
)


def _forget(connection: Connection, connection_id: int, now: Progress) -> None:
    connection.execute(
        delete(stream_passes).filter_by(
            connection_id=connection_id, kind=now.kind.value, task=now.task.value
        )
    )
