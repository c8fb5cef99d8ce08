"""Bring events into the timeline: each once, what it says kept apart from when it said it.

An event never changes a record. It is kept for people to read, and names the records that must be
read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from ..database.among import among, many_texts
from ..database.bulk import insert_missing_rows, insert_rows
from ..database.columns import clean_text, stored_time
from ..database.mirror_tables import dirty_records, event_meanings, timeline
from ..streams import Batch, EventRecord, StreamKind
from .incoming import Failure, Incoming, readable_events
from .mirror_writer import RawPage

LONGEST_TEXT = 500
_COLUMNS = (
    "connection_id",
    "event_id",
    "resource_id",
    "at",
    "meaning_id",
    "is_failure",
    "raw_page_id",
    "raw_position",
)
_MEANING = ("id", "connection_id", "kind", "action", "origin", "cause", "reason_code", "text",
            "is_failure")  # fmt: skip


class Meaning(NamedTuple):
    """What an event says, without when and about which record."""

    connection_id: int
    kind: str
    action: str
    origin: str
    cause: str
    reason_code: str
    text: str
    is_failure: bool


class PendingEvents(NamedTuple):
    """Events that were compared with the timeline and are not written yet."""

    new: Sequence[tuple[Incoming, int]]
    failures: Sequence[Failure]

    @property
    def dirty(self) -> set[tuple[StreamKind, str]]:
        """The records that the new ones of these events say have changed."""
        return {
            (StreamKind(kind), clean_text(identity))
            for item, _ in self.new
            for kind, identity in item.record.dirty
            if identity
        }


class TimelineWriter:
    """Writes the timeline of one connection."""

    def __init__(self, connection_id: int, clock: Callable[[], datetime]) -> None:
        self.connection_id = connection_id
        self._clock = clock
        self._stored: set[int] = set()
        self._unsure: set[int] = set()

    def compare(
        self, connection: Connection, batch: Batch, page: RawPage, *, all_new: bool
    ) -> PendingEvents:
        """Find the events that are new, and put their raw form on the page."""
        incoming, failures = readable_events(batch)
        if incoming and not all_new:
            values = {"connection_id": self.connection_id, "ids": [it.id for it in incoming]}
            known = set(connection.execute(_known_events, values).scalars())
            incoming = [it for it in incoming if it.id not in known]
        start = len(page.parts)
        page.parts += [it.raw for it in incoming]
        return PendingEvents(list(zip(incoming, count(start))), failures)

    def write(self, connection: Connection, events: PendingEvents, page_id: int) -> None:
        meanings: dict[int, Meaning] = {}
        rows = []
        for item, position in events.new:
            event: EventRecord = item.record
            # Its kind, action, origin, cause, reason code, text and whether it is a failure.
            meaning_id, meaning = _meaning(self.connection_id, event.kind, *event[4:10])
            if meaning_id not in self._stored:
                meanings[meaning_id] = meaning
            rows.append(
                (
                    self.connection_id,
                    item.id,
                    clean_text(event.resource_id),
                    stored_time(event.created_at),
                    meaning_id,
                    event.is_failure,
                    page_id,
                    position,
                )
            )
        if meanings:
            insert_missing_rows(
                connection,
                event_meanings,
                _MEANING,
                [(key, *meaning) for key, meaning in meanings.items()],
            )
            self._unsure.update(meanings)
        insert_rows(connection, timeline, _COLUMNS, rows)

    def committed(self) -> None:
        """The transaction of the last `write` was committed: its meanings are stored."""
        self._stored |= self._unsure
        self._unsure.clear()

    def note_dirty(self, connection: Connection, dirty: set[tuple[StreamKind, str]]) -> None:
        """These records have changed, and will be read again."""
        now = stored_time(self._clock())
        insert_missing_rows(
            connection,
            dirty_records,
            ("connection_id", "kind", "external_id", "since"),
            [(self.connection_id, kind.value, identity, now) for kind, identity in sorted(dirty)],
        )


@lru_cache(maxsize=4096)
def _meaning(
    connection_id: int,
    kind: str,
    action: str,
    origin: str,
    cause: str,
    reason_code: str,
    text: str,
    is_failure: bool,
) -> tuple[int, Meaning]:
    meaning = Meaning(
        connection_id,
        clean_text(kind)[:40],
        clean_text(action)[:LONGEST_TEXT],
        clean_text(origin)[:LONGEST_TEXT],
        clean_text(cause)[:LONGEST_TEXT],
        clean_text(reason_code)[:LONGEST_TEXT],
        clean_text(text)[:LONGEST_TEXT],
        bool(is_failure),
    )
    digest = blake2b("\n".join(map(str, meaning)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True), meaning


_known_events = select(timeline.c.event_id).where(
    timeline.c.connection_id == bindparam("connection_id"),
    among(timeline.c.event_id, many_texts("ids")),
)
