"""The audit log: every change to data leaves a row saying who, when, what before, what after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from .database.database import Database
from .database.tables import audit_log


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    at: datetime
    agent: str
    action: str
    entity: str
    entity_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    change_set_id: int | None


def record(
    connection: Connection,
    *,
    at: datetime,
    agent: str,
    action: str,
    entity: str,
    entity_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    change_set_id: int | None = None,
) -> None:
    """Write one row, in the transaction of the change itself. Never pass a secret's value."""
    connection.execute(
        insert(audit_log).values(
            at=at,
            agent=agent,
            action=action,
            entity=entity,
            entity_id=str(entity_id),
            before=before,
            after=after,
            change_set_id=change_set_id,
        )
    )


def entries(
    database: Database, *, entity: str | None = None, entity_id: str | None = None, limit: int = 100
) -> list[AuditEntry]:
    """The newest rows first, of one entity or of all."""
    columns = [column for column in audit_log.c if column.name != "id"]
    query = select(*columns).order_by(audit_log.c.id.desc()).limit(limit)
    if entity is not None:
        query = query.where(audit_log.c.entity == entity)
    if entity_id is not None:
        query = query.where(audit_log.c.entity_id == entity_id)
    with database.read() as connection:
        return [AuditEntry(**row) for row in connection.execute(query).mappings()]
