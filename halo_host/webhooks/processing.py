"""What the worker does with deliveries: read their events, note them, read again what they name.

An event is a hint, never a status. Everything here may be done twice: events are kept once by id,
and a record that is read again is as it is. So a crash anywhere loses and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..connections.connections import Connections
from ..database.database import Database
from ..errors import HostError, NotFound
from ..jobs.lease import Lease
from ..plugins import Plugins
from ..plurals import counted
from ..streams import Batch, EventRecord, StreamKind
from ..sync.sync import Sync
from ..sync.timeline_writer import TimelineWriter
from ..types import Connection, UnreadableRecord
from .inbox import Inbox, Result, Waiting

_DELIVERIES_AT_ONCE = 100
_EVENTS_AT_ONCE = 500  # of one transaction
_LONGEST_REASON = 500


class _Reading(NamedTuple):
    """What a delivery says. `events` is None where its plugin reads no events."""

    waiting: Waiting
    events: Batch | None = None
    error: str = ""


class Processing:
    def __init__(
        self,
        inbox: Inbox,
        database: Database,
        plugins: Plugins,
        connections: Connections,
        sync: Sync,
    ) -> None:
        self._inbox = inbox
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._sync = sync

    def process(self, lease: Lease) -> str | None:
        """Take in the deliveries of a connection, the oldest first; says what was done.

        None: no delivery waited.

        :raises HostError: the provider or the database failed; what was not processed stays new.
        """
        connection = self._connections.ready(lease.slug)
        mirrors = self._sync.mirrors(lease.slug)
        count = events = failed = 0
        while found := self._inbox.next_new(lease.slug, limit=_DELIVERIES_AT_ONCE):
            lease.checkpoint()
            if mirrors:
                readings = [self._read(connection, waiting) for waiting in found]
                self._take(lease, readings)
                results = [_result(reading) for reading in readings]
            else:
                reason = "The integration mirrors nothing, so there is nothing to read again."
                results = [Result(waiting.id, 0, True, reason) for waiting in found]
            self._inbox.note(results)
            count += len(results)
            events += sum(result.events for result in results if not result.failed)
            failed += sum(result.failed for result in results)
        if mirrors:
            self._sync.reread_dirty(lease)  # what a killed worker had noted
        return _said(count - failed, events, failed) if count else None

    def _read(self, connection: Connection, waiting: Waiting) -> _Reading:
        try:
            batch = self._plugins.ask("halo_webhook_events", connection, body=waiting.body)
        except NotFound:
            raise
        except HostError as error:  # one bad delivery does not stop the others
            return _Reading(waiting, error=error.message)
        if batch is None:
            return _Reading(waiting)
        if not _is_batch_of_events(batch):
            return _Reading(waiting, error="Its plugin gave no batch of events.")
        return _Reading(waiting, events=batch)

    def _take(self, lease: Lease, readings: Sequence[_Reading]) -> None:
        if any(it.events is None and not it.error for it in readings):
            self._sync.run(lease)
        for batch in _batches(readings):
            self._sync.take_events(lease, batch)
        again = {
            named
            for reading in readings
            if reading.waiting.again and reading.events is not None
            for event in reading.events.records
            if isinstance(event, EventRecord)
            for named in event.dirty
        }
        if again:
            with self._database.write() as connection:
                lease.renew(connection)
                timeline = TimelineWriter(lease.connection_id, lease.clock)
                timeline.note_dirty(connection, again)
        self._sync.reread_dirty(lease)


def _said(processed: int, events: int, failed: int) -> str:
    """What was done; `events` are those of the deliveries that were processed."""
    sentences = []
    if processed:
        deliveries = counted(processed, "delivery", "deliveries")
        sentences.append(f"Processed {deliveries} with {counted(events, 'event')}.")
    if failed:
        more = "more " if processed else ""
        deliveries = f"{failed:,} {more}{'delivery' if failed == 1 else 'deliveries'}"
        sentences.append(f"{deliveries} could not be processed.")
    return " ".join(sentences)


def _is_batch_of_events(value: object) -> bool:
    return (
        isinstance(value, Batch)
        and value.kind is StreamKind.EVENTS
        and isinstance(value.records, Sequence)
        and isinstance(value.raw, Sequence)
        and len(value.records) == len(value.raw)
        and all(isinstance(it, EventRecord | UnreadableRecord) for it in value.records)
    )


def _batches(readings: Sequence[_Reading]) -> Iterator[Batch]:
    """The events of several deliveries together, each event once, in pieces of bearable size."""
    seen: set[str] = set()
    pairs = []
    for reading in readings:
        if reading.events is None:
            continue
        for record, raw in zip(reading.events.records, reading.events.raw):
            if isinstance(record, EventRecord):
                if record.id in seen:
                    continue
                seen.add(record.id)
            pairs.append((record, raw))
    for start in range(0, len(pairs), _EVENTS_AT_ONCE):
        piece = pairs[start : start + _EVENTS_AT_ONCE]
        yield Batch(StreamKind.EVENTS, [it[0] for it in piece], [it[1] for it in piece])


def _result(reading: _Reading) -> Result:
    if reading.events is None:
        return Result(reading.waiting.id, 0, bool(reading.error), reading.error[:_LONGEST_REASON])
    records = reading.events.records
    unreadable = [it for it in records if isinstance(it, UnreadableRecord)]
    if not unreadable:
        return Result(reading.waiting.id, len(records))
    nothing = len(unreadable) == len(records)
    reason = f"{_unread(len(unreadable), len(records))}: {unreadable[0].reason}"
    return Result(reading.waiting.id, len(records), nothing, reason[:_LONGEST_REASON])


def _unread(unreadable: int, events: int) -> str:
    if unreadable < events:
        return f"{unreadable:,} of its {events:,} events could not be read"
    if events == 1:
        return "Its only event could not be read"
    return f"None of its {events:,} events could be read"
