"""The statements with which the mirror's writer looks up and writes records, each made once."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.sql.dml import Update

from ..database.among import among, many_texts
from ..database.columns import as_stored
from ..database.mirror_tables import dirty_records, mandates, raw_pages
from .shapes import Shape


@cache
def known_rows(table: Table) -> Any:
    wanted = ("external_id", "digest", "state", "external_user_id", "mandate_id")
    columns = [table.c[it] for it in (*wanted, "payout_id", "removed_at") if it in table.c]
    return select(*columns).where(
        table.c.connection_id == bindparam("connection_id"),
        among(table.c.external_id, many_texts("ids")),
    )


@cache
def whole_rows(shape: Shape) -> Any:
    """All that a record fills, as it is stored, and whether its raw record is there."""
    table = shape.table
    return (
        select(
            table.c.external_id,
            table.c.digest,
            *(as_stored(table.c[name]) for name in shape.columns),
            raw_pages.c.id.label("page_there"),
        )
        .outerjoin_from(table, raw_pages, raw_pages.c.id == table.c.raw_page_id)
        .where(
            table.c.connection_id == bindparam("connection_id"),
            among(table.c.external_id, many_texts("ids")),
        )
    )


@cache
def update_rows(shape: Shape) -> tuple[Update, tuple[str, ...]]:
    """The statement that writes a changed record over the old one, and its parameters' names."""
    columns = ("digest", "raw_page_id", "raw_position", *shape.columns)
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    statement = (
        update(shape.table)
        .where(
            shape.table.c.connection_id == bindparam("in_connection"),
            shape.table.c.external_id == bindparam("record"),
        )
        .values(values)
    )
    return statement, (*(f"new_{name}" for name in columns), "in_connection", "record")


PAGE = ("connection_id", "read_at", "body")
store_page = (
    insert(raw_pages).values({name: bindparam(name) for name in PAGE}).returning(raw_pages.c.id)
)
mandate_payers = select(mandates.c.external_id, mandates.c.external_user_id).where(
    mandates.c.connection_id == bindparam("connection_id"),
    among(mandates.c.external_id, many_texts("ids")),
)
forget_dirty = delete(dirty_records).where(
    dirty_records.c.connection_id == bindparam("connection_id"),
    dirty_records.c.kind == bindparam("record_kind"),
    among(dirty_records.c.external_id, many_texts("ids")),
)
