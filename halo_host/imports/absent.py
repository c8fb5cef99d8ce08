"""Linked payers that the provider's whole list did not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from ..database.among import among, many_integers
from ..database.tables import CORE_FIELDS, links, users
from . import lookups
from .planned_rows import PlannedRow, removed_row
from .seen import Seen

# In the order of the table itself; a condition on the connection would make SQLite sort instead.
_page_of_links = (
    select(links.c.id, links.c.connection_id, links.c.removed_at)
    .where(links.c.id > bindparam("last"))
    .order_by(links.c.id)
    .limit(5_000)
)
_absent = (
    select(
        links.c.external_id,
        links.c.user_id,
        users.c.site_id,
        *(users.c[name] for name in CORE_FIELDS),
    )
    .join(users, users.c.id == links.c.user_id)
    .where(among(links.c.id, many_integers("ids")))
    .order_by(links.c.id)
)


class AbsentPage(NamedTuple):
    """A page of the connection's links: how many are not marked as removed, and whom we miss."""

    linked: int
    rows: list[PlannedRow]


def absent_payers(connection: Connection, connection_id: int, seen: Seen) -> Iterator[AbsentPage]:
    """Compare every link with what was seen; each page in a transaction of its own."""
    last = 0
    while True:
        with connection.begin():
            page = connection.execute(_page_of_links, {"last": last}).all()
            ids = [
                link_id
                for link_id, of, removed_at in page
                if of == connection_id and removed_at is None
            ]
            missing = [link_id for link_id in ids if not seen.has_link(link_id)]
            rows = _rows(connection, connection_id, missing)
        if not page:
            return
        last = page[-1][0]
        yield AbsentPage(len(ids), rows)


def _rows(connection: Connection, connection_id: int, link_ids: list[int]) -> list[PlannedRow]:
    if not link_ids:
        return []
    found = connection.execute(_absent, {"ids": link_ids}).all()
    held = lookups.held_among(connection, connection_id, [row[0] for row in found])
    return [removed_row(tuple(row)) for row in found if row[0] not in held]
