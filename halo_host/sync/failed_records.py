"""Records that could not be read are kept with their reason until they can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..database.among import among, many_texts
from ..database.columns import clean_text
from ..database.mirror_tables import failed_records
from ..streams import StreamKind
from .incoming import Failure

LONGEST_KEPT = 20_000  # characters of a record


class FailedRecords:
    """Those of one connection."""

    def __init__(self, connection_id: int, clock: Callable[[], datetime]) -> None:
        self.connection_id = connection_id
        self.clock = clock
        self._has_failures: bool | None = None

    def note(self, connection: Connection, failures: Sequence[Failure]) -> None:
        """Keep what could not be read, with its reason, until it can."""
        now = self.clock()
        for failure in failures:
            values = {
                "reason": clean_text(failure.reason)[:500],
                "raw": clean_text(failure.raw.decode("utf-8", "replace"))[:LONGEST_KEPT],
                "last_at": now,
            }
            key = {
                "connection_id": self.connection_id,
                "kind": failure.kind.value,
                "external_id": failure.id,
            }
            updated = connection.execute(update(failed_records).filter_by(**key).values(**values))
            if not updated.rowcount:
                connection.execute(insert(failed_records).values(first_at=now, **key, **values))
        if failures:
            self._has_failures = True

    def forget(self, connection: Connection, kind: StreamKind, ids: Sequence[str]) -> None:
        """What was failed and has been read now is failed no longer."""
        if self._has_failures is None:
            query = select(failed_records.c.kind).filter_by(connection_id=self.connection_id)
            self._has_failures = connection.execute(query.limit(1)).first() is not None
        if self._has_failures and ids:
            connection.execute(
                _forget,
                {"connection_id": self.connection_id, "record_kind": kind.value, "ids": ids},
            )


_forget = delete(failed_records).where(
    failed_records.c.connection_id == bindparam("connection_id"),
    failed_records.c.kind == bindparam("record_kind"),
    among(failed_records.c.external_id, many_texts("ids")),
)
