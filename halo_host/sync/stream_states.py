"""How far each stream of a connection is mirrored: what was filled, what was heard, what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..database.mirror_tables import dirty_records, stream_passes, streams
from ..streams import StreamKind


@dataclass(frozen=True, slots=True)
class StreamState:
    """`watermark` is the newest event that was seen, in the provider's time."""

    filled_at: datetime | None = None
    watermark: datetime | None = None
    changes_at: datetime | None = None
    rechecked_at: datetime | None = None


_OF_CONNECTION = select(streams).where(streams.c.connection_id == bindparam("connection"))


def states(connection: Connection, connection_id: int) -> dict[StreamKind, StreamState]:
    found = connection.execute(_OF_CONNECTION, {"connection": connection_id})
    return {
        StreamKind(row.kind): StreamState(
            row.filled_at, row.watermark, row.changes_at, row.rechecked_at
        )
        for row in found
    }


def note(connection: Connection, connection_id: int, kind: StreamKind, **values: Any) -> None:
    """Remember something about a stream."""
    key = {"connection_id": connection_id, "kind": kind.value}
    noted = connection.execute(update(streams).filter_by(**key).values(**values))
    if not noted.rowcount:
        connection.execute(insert(streams).values(**key, **values))


def forget_all(connection: Connection, connection_id: int) -> None:
    """Begin anew: the next run fills every stream again. The records stay as they are."""
    for table in (streams, stream_passes, dirty_records):
        connection.execute(delete(table).filter_by(connection_id=connection_id))


def has_dirty(connection: Connection, connection_id: int) -> bool:
    """Whether some record waits to be read again."""
    query = select(dirty_records.c.kind).filter_by(connection_id=connection_id).limit(1)
    return connection.execute(query).first() is not None
