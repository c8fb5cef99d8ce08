"""Remove the raw pages that nothing refers to any more; the integrator's sweep does it once a day.

A record that has changed is read onto a new page, and no row ever comes back to an old one. So a
page whose rows have all gone elsewhere is needed no longer. It is found by reading which pages the
rows name: some seconds a day for a million payments, which block no writer, and less than what an
index on every row would cost each sync.
"""

from __future__ import annotations

import time

from sqlalchemy import Table, delete, func, select

from ..database.database import Database
from ..database.mirror_tables import raw_pages
from ..database.tables import metadata

# Some 100 KiB each: a transaction ends long before another writer would notice it.
_REMOVED_AT_ONCE = 20
_READ_AT_ONCE = 10_000
_ROOM_FOR_OTHERS = 0.01  # seconds between two transactions, in which other writers get the lock


def remove_superseded_pages(database: Database) -> int:
    """Remove them; how many there were. Call it outside of any transaction.

    The newest page always stays, so that SQLite gives the id of a removed page to no other: two
    integrators may do this at the same time, and one that is killed loses nothing.
    """
    # The order matters: a page is committed together with its rows, so that of those which are
    # there now, whatever is still needed is named by the rows that are read afterwards.
    superseded = _pages_but_the_newest(database)
    if not any(superseded):
        return 0
    for table in referring_tables():
        _spare_those_of(database, table, superseded)
    return _remove(database, [number for number, gone in enumerate(superseded) if gone])


def referring_tables() -> list[Table]:
    """Every table whose rows say on which page their raw form stands."""
    return [table for table in metadata.tables.values() if "raw_page_id" in table.c]


def _pages_but_the_newest(database: Database) -> bytearray:
    """One byte for each id: 1 where there is such a page."""
    with database.read() as connection:
        newest = connection.scalar(select(func.max(raw_pages.c.id))) or 0
        there = bytearray(newest)
        query = select(raw_pages.c.id).where(raw_pages.c.id < newest)
        options = {"yield_per": _READ_AT_ONCE}
        for number in connection.scalars(query, execution_options=options):
            there[number] = 1
    return there


def _spare_those_of(database: Database, table: Table, pages: bytearray) -> None:
    query = select(table.c.raw_page_id).where(table.c.raw_page_id < len(pages)).distinct()
    with database.read() as connection:
        options = {"yield_per": _READ_AT_ONCE}
        for number in connection.scalars(query, execution_options=options):
            pages[number] = 0


def _remove(database: Database, numbers: list[int]) -> int:
    removed = 0
    for start in range(0, len(numbers), _REMOVED_AT_ONCE):
        if start:
            time.sleep(_ROOM_FOR_OTHERS)
        batch = numbers[start : start + _REMOVED_AT_ONCE]
        with database.write() as connection:
            removed += connection.execute(
                delete(raw_pages).where(raw_pages.c.id.in_(batch))
            ).rowcount
    return removed
