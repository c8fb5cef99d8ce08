"""One job at work on one opened account: what every part of a run shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..database.database import Database
from ..jobs.lease import Counts, Lease
from ..streams import Stream, StreamKind, Usage
from . import stream_states
from .mirror_writer import MirrorWriter
from .passes import PageWriter, Progress, Task, begun_passes
from .reader import Reader, Streams
from .stream_states import StreamState
from .timeline_writer import TimelineWriter

# Payers before mandates before payments, so that a payment finds its payer; refunds before
# payments, since they change how much of one is refunded; events last, because they are the most
# and only tell the story.
ORDER = (
    StreamKind.CUSTOMERS,
    StreamKind.MANDATES,
    StreamKind.SUBSCRIPTIONS,
    StreamKind.REFUNDS,
    StreamKind.PAYMENTS,
    StreamKind.PAYOUTS,
    StreamKind.EVENTS,
)
# Providers write events late. Once a day the changes of the last days are read again.
LONG_OVERLAP = timedelta(hours=72)
READ_AT_ONCE = 50
NEVER = StreamState()


@dataclass(slots=True)
class Run:
    """What one job does with one opened account."""

    database: Database
    lease: Lease
    reader: Reader
    streams: Streams
    clock: Callable[[], datetime]
    mirror: MirrorWriter = field(init=False)
    pages: PageWriter = field(init=False)
    _told: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        connection_id = self.lease.connection_id
        self.mirror = MirrorWriter(connection_id, self.streams, self.clock)
        timeline = TimelineWriter(connection_id, self.clock)
        self.pages = PageWriter(self.database, self.lease, self.mirror, timeline, self.usage)

    @property
    def connection_id(self) -> int:
        return self.lease.connection_id

    def usage(self) -> Counts:
        """What was asked of the provider since this was last called."""
        now, before = self.reader.usage(), self._told
        self._told = now
        return Counts(
            requests=now.requests - before.requests,
            waited_ms=round((now.waited - before.waited) * 1000),
            rate_limited=now.rate_limited - before.rate_limited,
        )

    def kinds(self) -> list[StreamKind]:
        return [kind for kind in ORDER if kind in self.streams]

    def changing_streams(self) -> list[Stream]:
        """The streams whose changes the provider tells."""
        return [it for kind in ORDER if (it := self.streams.get(kind)) and it.has_changes]

    def stream_states(self) -> dict[StreamKind, StreamState]:
        with self.database.read() as connection:
            return stream_states.states(connection, self.connection_id)

    def begun(self, task: Task) -> dict[str, Progress]:
        with self.database.read() as connection:
            return begun_passes(connection, self.connection_id, task, self.clock())

    def new_pass(
        self, kind: StreamKind, task: Task, since: datetime | None, newest: datetime | None = None
    ) -> Progress:
        return Progress(kind, task, None, self.clock(), since, newest, 0)

    def read(self, kind: StreamKind, ids: list[str]) -> None:
        """Read these records as they are now."""
        page = self.reader.read(kind, ids)
        self.pages.take(page, is_news=True, step=f"reading {len(ids):,} {kind.value} again")
