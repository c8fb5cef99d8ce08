"""Payers that imports leave alone until an operator releases them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from ..database.bulk import insert_rows
from ..database.columns import UtcTime, stored_time
from ..database.tables import change_rows, change_sets, held_payers, links
from ..plurals import counted
from .change_sets import ChangeRow, RowState


class Reason(StrEnum):
    UNDONE = "undone"
    SKIPPED = "skipped"
    LEFT_OUT = "left-out"


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


def hold_left_out(connection: Connection, number: int, now: datetime) -> int:
    """Hold the payers of those rows of a change set that an operator left out; how many. The
    change set says so."""
    left_out = change_rows.c.state == RowState.LEFT_OUT, change_rows.c.change_set_id == number
    payers = select(change_rows.c.external_id).where(*left_out)
    of_connection = (
        select(change_sets.c.connection_id).where(change_sets.c.id == number).scalar_subquery()
    )
    connection.execute(
        delete(held_payers).where(
            held_payers.c.connection_id == of_connection, held_payers.c.external_id.in_(payers)
        )
    )
    connection.execute(
        update(links)
        .where(links.c.connection_id == of_connection, links.c.external_id.in_(payers))
        .values(digest="")
    )
    columns = ["connection_id", "external_id", "name", "reason", "change_set_id", "held_at"]
    query = (
        select(
            change_sets.c.connection_id,
            change_rows.c.external_id,
            func.min(change_rows.c.name),
            literal(str(Reason.LEFT_OUT)),
            change_sets.c.id,
            literal(now, UtcTime),
        )
        .join(change_sets, change_sets.c.id == change_rows.c.change_set_id)
        .where(*left_out)
        .group_by(change_sets.c.connection_id, change_sets.c.id, change_rows.c.external_id)
    )
    connection.execute(insert(held_payers).from_select(columns, query))
    count = connection.scalar(
        select(func.count())
        .select_from(held_payers)
        .filter_by(change_set_id=number, reason=str(Reason.LEFT_OUT))
    )
    if count:
        before = connection.scalar(select(change_sets.c.note).filter_by(id=number)) or ""
        said = f"{counted(count, 'payer')} left out, and held until somebody releases them."
        values = {"note": f"{before} {said}".strip()}
        connection.execute(update(change_sets).filter_by(id=number).values(values))
    return count or 0


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
