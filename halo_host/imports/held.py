"""Payers that imports leave alone until an operator releases them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, select, update

from ..database.bulk import insert_rows
from ..database.columns import stored_time
from ..database.tables import held_payers, links
from .change_sets import ChangeRow


class Reason(StrEnum):
    UNDONE = "undone"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldPayer:
    external_id: str
    name: str
    reason: Reason
    change_set: int
    held_at: datetime


def hold(
    connection: Connection,
    connection_id: int,
    rows: Collection[ChangeRow],
    reason: Reason,
    now: datetime,
) -> None:
    external_ids = [row.external_id for row in rows]
    release(connection, connection_id, external_ids)
    connection.execute(
        update(links)
        .where(links.c.connection_id == connection_id, links.c.external_id.in_(external_ids))
        .values(digest="")
    )
    insert_rows(
        connection,
        held_payers,
        ("connection_id", "external_id", "name", "reason", "change_set_id", "held_at"),
        [
            (connection_id, row.external_id, row.name, reason, row.change_set, stored_time(now))
            for row in {row.external_id: row for row in rows}.values()
        ],
    )


def release(connection: Connection, connection_id: int, external_ids: Collection[str]) -> int:
    """Let the next import look at these payers again; how many were held."""
    return connection.execute(
        delete(held_payers).where(
            held_payers.c.connection_id == connection_id,
            held_payers.c.external_id.in_(list(external_ids)),
        )
    ).rowcount


def held(
    connection: Connection, connection_id: int, change_set: int | None = None
) -> list[HeldPayer]:
    query = select(held_payers).filter_by(connection_id=connection_id)
    if change_set is not None:
        query = query.where(held_payers.c.change_set_id == change_set)
    return [
        HeldPayer(
            external_id=row.external_id,
            name=row.name,
            reason=Reason(row.reason),
            change_set=row.change_set_id,
            held_at=row.held_at,
        )
        for row in connection.execute(query.order_by(held_payers.c.external_id))
    ]
