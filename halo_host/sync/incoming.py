"""Records on their way into the mirror: which can be stored, and which cannot."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..database.columns import clean_text
from ..streams import Batch, EventRecord, StreamKind
from ..types import UnreadableRecord
from .raw import digest_of, encoded
from .shapes import unfit


class Incoming(NamedTuple):
    """A readable record on its way in: its id as stored, its JSON and what stands for that."""

    id: str
    record: Any
    raw: bytes
    digest: int


class Failure(NamedTuple):
    """A record that could not be read, and why."""

    kind: StreamKind
    id: str
    reason: str
    raw: bytes


Found = tuple[list[Incoming], list[Failure]]


def readable(batch: Batch) -> Found:
    """The records that can be stored, one an id (the last of several), and those that cannot."""
    incoming: dict[str, Incoming] = {}
    failures: list[Failure] = []
    for record, raw in zip(batch.records, batch.raw, strict=True):
        encoded_raw = encoded(raw)
        digest = digest_of(encoded_raw)
        identity = clean_text(getattr(record, "id", None) or "")
        reason = record.reason if isinstance(record, UnreadableRecord) else unfit(record, identity)
        if reason is None:
            incoming[identity] = Incoming(identity, record, encoded_raw, digest)
        else:
            failures.append(Failure(batch.kind, identity or f"#{digest}", reason, encoded_raw))
    return list(incoming.values()), failures


def readable_events(batch: Batch) -> Found:
    """As `readable`, for events: they never change, so nothing needs to stand for their content."""
    incoming: dict[str, Incoming] = {}
    strange: list[tuple[Any, Any]] = []
    for record, raw in zip(batch.records, batch.raw, strict=True):
        if type(record) is EventRecord and record.id:
            identity = clean_text(record.id)
            incoming[identity] = Incoming(identity, record, encoded(raw, 0), 0)
        else:
            strange.append((record, raw))
    others = Batch(batch.kind, [record for record, _ in strange], [raw for _, raw in strange])
    return list(incoming.values()), readable(others)[1]
