"""Pages of a collection: newest first, opaque cursors, and no more work than the page needs.

A list in order of creation is entered by binary search, so any page of a million rows costs the
same. A filter that matches few rows, or a sort by another field, has to look at the rows.
"""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from .collection import Collection
from .lanes import Body, Lane, Place, first_slot_at_or_after

Key = tuple[int, int, int]
"""(created, lane, slot): the order of things, with no two alike."""

SortValue = Callable[[Body], str | int]


@dataclass
class Query:
    """What a list request asks for. Times are milliseconds; ``until_ms`` is not included."""

    limit: int = 50
    after: Place | None = None
    before: Place | None = None
    since_ms: int = 0
    until_ms: int = 1 << 62
    descending: bool = True
    sort_value: SortValue | None = None
    """What to sort by instead of the time of creation."""
    places: list[Place] | None = None
    """The only generated places worth looking at, when a filter says so."""
    lanes: set[int] | None = None
    """The only lanes worth looking at."""
    conditions: list[Callable[[Body], bool]] = field(default_factory=list)


class Row(NamedTuple):
    place: Place
    body: Body


@dataclass(frozen=True)
class Page:
    bodies: list[Body]
    before: str | None
    after: str | None


def encode_cursor(collection: Collection, place: Place) -> str:
    """An opaque cursor that points at one thing."""
    return base64.urlsafe_b64encode(f"{collection.name}:{place[0]}:{place[1]}".encode()).decode()


def decode_cursor(collection: Collection, text: str) -> Place | None:
    """What the cursor points at; None when this collection did not write it."""
    try:
        name, lane, slot = base64.urlsafe_b64decode(text.encode()).decode("ascii").split(":")
        place = int(lane), int(slot)
    except (ValueError, binascii.Error):
        return None
    return place if name == collection.name and collection.has_place(place) else None


def list_page(collection: Collection, query: Query) -> Page:
    """The page that ``query`` asks for."""
    backwards = query.before is not None
    descending = query.descending != backwards
    rows = (
        _rows_by_creation(collection, query, descending)
        if query.sort_value is None
        else _rows_by_value(collection, query, query.sort_value, descending)
    )
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    if backwards:
        rows.reverse()
    has_before = more if backwards else query.after is not None
    has_after = backwards or more
    return Page(
        [row.body for row in rows],
        before=encode_cursor(collection, rows[0].place) if rows and has_before else None,
        after=encode_cursor(collection, rows[-1].place) if rows and has_after else None,
    )


def _rows_by_creation(collection: Collection, query: Query, descending: bool) -> list[Row]:
    """Up to one row more than the limit, starting behind the cursor."""
    rows = []
    for row in _walk(collection, query, descending, query.before or query.after):
        rows.append(row)
        if len(rows) > query.limit:
            break
    return rows


def _rows_by_value(
    collection: Collection, query: Query, value: SortValue, descending: bool
) -> list[Row]:
    """As `_rows_by_creation`, in the order of a field: looks at every row, keeps only a page."""

    def key(row: Row) -> tuple[str | int, Place]:
        return value(row.body), row.place

    rows: Iterator[Row] = _walk(collection, query, descending, None)
    cursor = query.before or query.after
    if cursor is not None:
        body = collection.body_at(cursor, removed_too=True)
        start = key(Row(cursor, body or {}))
        rows = (row for row in rows if (key(row) < start if descending else key(row) > start))
    choose = heapq.nlargest if descending else heapq.nsmallest
    return choose(query.limit + 1, rows, key=key)


def _walk(
    collection: Collection, query: Query, descending: bool, cursor: Place | None
) -> Iterator[Row]:
    """All rows that match, in order of creation, starting behind the cursor."""
    for _, lane, slot in _keys(collection, query, descending, cursor):
        body = collection.body_at((lane, slot))
        if body is not None and all(condition(body) for condition in query.conditions):
            yield Row((lane, slot), body)


def _keys(
    collection: Collection, query: Query, descending: bool, cursor: Place | None
) -> Iterator[Key]:
    """The places to look at, merged from the lanes."""
    runs = []
    for number, lane in enumerate(collection.lanes):
        if query.lanes is not None and number not in query.lanes:
            continue
        since = max(query.since_ms, collection.horizon_ms or 0)
        low = first_slot_at_or_after(lane, since)
        high = first_slot_at_or_after(lane, query.until_ms)
        if cursor is not None:
            boundary = _boundary(collection, number, cursor)
            if descending:
                high = min(high, boundary)
            else:
                low = max(low, boundary + (number == cursor[0]))
        slots = _slots(query, number, collection.created_lane, low, high)
        runs.append(_run(lane, number, reversed(slots) if descending else iter(slots)))
    return heapq.merge(*runs, reverse=descending)


def _slots(query: Query, number: int, created_lane: int, low: int, high: int) -> range | list[int]:
    if query.places is None or number == created_lane:
        return range(low, high)
    return sorted(slot for lane, slot in query.places if lane == number and low <= slot < high)


def _run(lane: Lane, number: int, slots: Iterator[int]) -> Iterator[Key]:
    for slot in slots:
        yield lane.created_ms(slot), number, slot


def _boundary(collection: Collection, number: int, cursor: Place) -> int:
    """The first slot of a lane that does not come before the cursor in the merged order."""
    if number == cursor[0]:
        return cursor[1]
    ms = collection.created_ms(cursor)
    return first_slot_at_or_after(collection.lanes[number], ms + (number < cursor[0]))
