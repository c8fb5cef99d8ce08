"""The mirror's writing side: sync, take events, compare, repair, begin anew. The integrator and
every face call these methods; each works under the lease of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import bindparam, delete, func, select

from ..audit import record
from ..connections.connections import Connections
from ..database.database import Database
from ..database.mirror_tables import failed_records, payments, proofs
from ..errors import InvalidInput
from ..jobs.jobs import Jobs
from ..jobs.lease import Counts, Lease
from ..plugins import Plugins
from ..plurals import counted
from ..processes import rare_collections
from ..streams import Batch, StreamKind, StreamPage
from ..tab_types import Freshness
from ..types import PaymentState, UnreadableRecord
from . import stream_states
from .changes import read_changes, reread_dirty
from .late_mandates import give_payers
from .mirror_writer import MirrorWriter
from .passes import PageWriter
from .payout_items import read_payout_items
from .proof import Proof
from .reader import declared_streams, opened_reader
from .run import READ_AT_ONCE, Run
from .timeline_writer import TimelineWriter
from .up_to_date import bring_up_to_date
from .verify import Comparison, refuse_unfilled

_OPEN = (PaymentState.PENDING, PaymentState.SUBMITTED, PaymentState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record that could not be read, kept until it can. `id` begins with # where it had none."""

    kind: StreamKind
    id: str
    reason: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LastProof:
    """The newest comparison of a connection's mirror with the provider."""

    at: datetime
    differences: int
    repaired: int
    payers: int


class Sync:
    def __init__(
        self,
        database: Database,
        plugins: Plugins,
        connections: Connections,
        jobs: Jobs,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._jobs = jobs
        self._clock = clock

    # --- what jobs carry out --------------------------------------------------------------------

    def run(self, lease: Lease) -> str:
        """Bring the connection's mirror up to date; one sentence about what was done.

        :raises HostError: the provider or its plugin failed. What was read until then is kept, and
            the next run goes on from there.
        """
        with self._opened(lease) as run:
            return bring_up_to_date(run)

    def take_events(self, lease: Lease, batch: Batch) -> int:
        """Note events that were delivered, and the records they make dirty; how many were new.

        Asks the provider nothing. What cannot be read is no record that the mirror lacks: the
        inbox keeps it with its delivery.
        """
        readable = [
            (record, raw)
            for record, raw in zip(batch.records, batch.raw, strict=True)
            if not isinstance(record, UnreadableRecord)
        ]
        batch = Batch(batch.kind, [it for it, _ in readable], [raw for _, raw in readable])
        mirror = MirrorWriter(lease.connection_id, {}, self._clock)
        timeline = TimelineWriter(lease.connection_id, self._clock)
        pages = PageWriter(self._database, lease, mirror, timeline, Counts)
        pages.take(StreamPage(batch), is_news=True, step="taking in webhooks")
        return pages.events

    def reread_dirty(self, lease: Lease) -> None:
        """Read every record again that an event said has changed."""
        if not self._has_dirty(lease.connection_id):
            return
        with self._opened(lease) as run:
            reread_dirty(run)
            give_payers(run)
            read_payout_items(run)

    def verify(self, lease: Lease, *, repair: bool = False) -> Proof:
        """Compare the mirror with the provider, and keep the proof."""
        with self._opened(lease) as run:
            return Comparison(run).prove(repair=repair)

    def reread(self, lease: Lease) -> str:
        """Try the failed records again."""
        failed = self.failed(lease.slug)
        with self._opened(lease) as run:
            for kind in dict.fromkeys(it.kind for it in failed):
                ids = [it.id for it in failed if it.kind is kind and not it.id.startswith("#")]
                for start in range(0, len(ids), READ_AT_ONCE):
                    run.read(kind, ids[start : start + READ_AT_ONCE])
        left = len(self.failed(lease.slug))
        return f"Tried {counted(len(failed), 'failed record')} again; {left:,} left."

    def refresh_payer(self, slug: str, external_user_ids: Sequence[str], *, agent: str) -> None:
        """Read now what changed, and the open payments of these payers.

        :raises ConnectionBusy: a sync of the connection runs, which does the same.
        """
        lease = self._jobs.begin("sync", slug, agent=agent, arguments={"payer": True})
        try:
            with self._opened(lease) as run:
                read_changes(
                    run, kinds=(StreamKind.MANDATES, StreamKind.PAYMENTS, StreamKind.REFUNDS)
                )
                for payer in external_user_ids:
                    ids = self._open_payments(lease.connection_id, payer)
                    for start in range(0, len(ids), READ_AT_ONCE):
                        run.read(StreamKind.PAYMENTS, ids[start : start + READ_AT_ONCE])
                reread_dirty(run)
        finally:
            self._jobs.drop(lease)

    @contextmanager
    def _opened(self, lease: Lease) -> Iterator[Run]:
        connection = self._connections.ready(lease.slug)
        streams = declared_streams(self._plugins, connection)
        if not streams:
            raise InvalidInput(
                f"The integration {connection.integration} offers nothing that could be mirrored.",
                advice="Its plugin has no streams; a newer version of it may.",
            )
        with opened_reader(self._plugins, connection) as reader, rare_collections():
            yield Run(self._database, lease, reader, streams, self._clock)

    # --- what faces ask -------------------------------------------------------------------------

    def mirrors(self, slug: str) -> bool:
        """Whether the connection's plugin has streams at all."""
        return bool(declared_streams(self._plugins, self._connections.for_plugin(slug)))

    def refuse_unfilled(self, slug: str) -> None:
        """:raises InvalidInput: the first fill has not ended, so there is nothing to compare."""
        streams = declared_streams(self._plugins, self._connections.for_plugin(slug))
        with self._database.read() as connection:
            states = stream_states.states(connection, self._connections.get(slug).id)
        refuse_unfilled(slug, streams, states)

    def freshness(self, slug: str) -> Freshness:
        """How recent the mirror is, and when it was last proved."""
        connection_id = self._connections.get(slug).id
        with self._database.read() as connection:
            proof = _last_proof(connection, connection_id)
            states = stream_states.states(connection, connection_id)
        payments_state = states.get(StreamKind.PAYMENTS, stream_states.StreamState())
        checked = payments_state.changes_at if payments_state.filled_at else None
        return Freshness(
            checked_at=checked,
            proved_at=proof.at if proof else None,
            differences=proof.differences if proof else None,
        )

    def last_proof(self, slug: str) -> LastProof | None:
        connection_id = self._connections.get(slug).id
        with self._database.read() as connection:
            return _last_proof(connection, connection_id)

    def failed_count(self, slug: str) -> int:
        """How many records could not be read."""
        owner = self._connections.get(slug).id
        query = select(func.count()).select_from(failed_records).filter_by(connection_id=owner)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def failed(self, slug: str, *, limit: int | None = None) -> list[FailedRecord]:
        """The records that could not be read, newest first."""
        query = (
            select(failed_records)
            .filter_by(connection_id=self._connections.get(slug).id)
            .order_by(failed_records.c.last_at.desc(), failed_records.c.external_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                FailedRecord(
                    StreamKind(row.kind), row.external_id, row.reason, row.first_at, row.last_at
                )
                for row in connection.execute(query)
            ]

    def reset(self, slug: str, *, agent: str) -> None:
        """Begin anew: the next run fills everything again. No record is thrown away."""
        connection_id = self._connections.get(slug).id
        with self._database.write() as connection:
            stream_states.forget_all(connection, connection_id)
            connection.execute(delete(failed_records).filter_by(connection_id=connection_id))
            record(
                connection,
                at=self._clock(),
                agent=agent,
                action="sync.reset",
                entity="connection",
                entity_id=slug,
            )

    def _has_dirty(self, connection_id: int) -> bool:
        with self._database.read() as connection:
            return stream_states.has_dirty(connection, connection_id)

    def _open_payments(self, connection_id: int, payer: str) -> list[str]:
        query = (
            select(payments.c.external_id)
            .filter_by(connection_id=connection_id, external_user_id=payer)
            .where(payments.c.state.in_([state.value for state in _OPEN]))
            .order_by(payments.c.created_at.desc())
            .limit(READ_AT_ONCE)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))


_NEWEST_PROOF = (
    select(proofs)
    .where(proofs.c.connection_id == bindparam("connection"))
    .order_by(proofs.c.id.desc())
    .limit(1)
)


def _last_proof(connection: DatabaseConnection, connection_id: int) -> LastProof | None:
    row = connection.execute(_NEWEST_PROOF, {"connection": connection_id}).one_or_none()
    if row is None:
        return None
    counts = orjson.loads(row.counts).get("customers", {}).get("provider", {})
    return LastProof(row.at, row.differences, row.repaired, counts.get("records", 0))
