"""What one import has seen and claimed so far, in memory that stays flat.

Linked payers are a bit each; payers without a link, and claims, are rows of temporary tables. Must
be used on one database connection, each time inside a transaction of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, bindparam, func, select

from ..database.among import among, many_texts
from ..database.bulk import insert_missing_rows
from ..database.tables import links

_temporary = MetaData()
_payers = Table(
    "seen_payers",
    _temporary,
    Column("external_id", Text, primary_key=True),
    Column("batch", Integer, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
_claims = Table(
    "import_claims",
    _temporary,
    Column("claim", Text, primary_key=True),
    Column("external_id", Text, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
_of_batch = select(_payers.c.external_id).where(
    _payers.c.batch == bindparam("batch"), among(_payers.c.external_id, many_texts("ids"))
)
_claimed = select(_claims.c.claim, _claims.c.external_id).where(
    among(_claims.c.claim, many_texts("ids"))
)


class Seen:
    """Made at the start of an import, inside a transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batch = 0
        _temporary.drop_all(connection)
        _temporary.create_all(connection)
        newest_link = connection.scalar(select(func.max(links.c.id))) or 0
        self._links = bytearray(newest_link // 8 + 1)

    def first_time(self, link_id: int) -> bool:
        """Mark a link as seen; false where it was seen before."""
        place, bit = link_id >> 3, 1 << (link_id & 7)
        if place >= len(self._links):  # linked by hand since this import began
            self._links.extend(bytes(place - len(self._links) + 1))
        if self._links[place] & bit:
            return False
        self._links[place] |= bit
        return True

    def has_link(self, link_id: int) -> bool:
        """Whether a link was seen; one that is newer than this import counts as seen."""
        place = link_id >> 3
        return place >= len(self._links) or bool(self._links[place] & 1 << (link_id & 7))

    def new_payers(self, external_ids: Sequence[str]) -> Collection[str]:
        """Note payers without a link; those that had not been seen before."""
        self._batch += 1
        added = insert_missing_rows(
            self._connection,
            _payers,
            ("external_id", "batch"),
            [(external_id, self._batch) for external_id in external_ids],
        )
        if added == len(external_ids):
            return external_ids
        query = {"batch": self._batch, "ids": external_ids}
        return set(self._connection.scalars(_of_batch, query))

    def claims(self, claims: Iterable[str]) -> dict[str, str]:
        """Which payer holds each of the claims that are held."""
        found = self._connection.execute(_claimed, {"ids": list(claims)}).all()
        return {row[0]: row[1] for row in found}

    def add_claims(self, claims: Sequence[tuple[str, str]]) -> None:
        """Note claims, each with the payer that holds it; the first one keeps it."""
        insert_missing_rows(self._connection, _claims, ("claim", "external_id"), claims)
