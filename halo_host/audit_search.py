"""The audit log as pages show it: narrowed down, page by page, or all of it as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, Text, and_, cast, func, or_, select, type_coerce

from .audit import AuditEntry
from .database.contains import holds
from .database.database import Database
from .database.tables import audit_log, sites

_STREAMED_AT_ONCE = 2_000
_LONGEST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which changes; what is empty does not narrow.

    `agent` is a name. `text` is looked for in who, action, number and values. `since` is inclusive,
    `until` is not; both UTC. `customer` is a number: changes of the customer and its sites.
    """

    agent: str = ""
    entity: str = ""
    entity_id: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    customer: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundEntry:
    """`id` is what the next page comes before."""

    id: int
    entry: AuditEntry


def found_entries(
    database: Database, wanted: AuditFilter, *, before: int | None = None, limit: int = 50
) -> Sequence[FoundEntry]:
    """The newest first; go on with the last number."""
    query = _narrowed(select(audit_log), wanted).order_by(audit_log.c.id.desc()).limit(limit)
    if before:
        query = query.where(audit_log.c.id < before)
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
    return [_found(dict(row)) for row in rows]


def streamed_entries(database: Database, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All that are wanted, however many: a page in memory, and no transaction between pages."""
    before: int | None = None
    while page := found_entries(database, wanted, before=before, limit=_STREAMED_AT_ONCE):
        yield from (it.entry for it in page)
        before = page[-1].id


def known_entities(database: Database) -> Sequence[str]:
    """Every kind of thing that was changed: a look into the index for each, not a pass over it."""
    with database.read() as connection:
        return _distinct(connection, audit_log.c.entity)


def known_authors(database: Database) -> Sequence[str]:
    """Everybody who has changed something, by name."""
    with database.read() as connection:
        return _distinct(connection, audit_log.c.agent)


def _distinct(connection: Connection, column: Column[str]) -> Sequence[str]:
    found: list[str] = []
    while True:
        following = select(func.min(column)).where(column > (found[-1] if found else ""))
        value: str | None = connection.scalar(following)
        if value is None:
            return found
        found.append(value)


def _narrowed(query: Select[Any], wanted: AuditFilter) -> Select[Any]:
    columns = audit_log.c
    if wanted.agent:
        query = query.where(columns.agent == wanted.agent)
    if wanted.entity:
        query = query.where(columns.entity == wanted.entity)
    if wanted.entity_id:
        query = query.where(columns.entity_id == wanted.entity_id)
    if wanted.customer is not None:
        query = query.where(_of_customer(wanted.customer))
    if wanted.since is not None:
        query = query.where(columns.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(columns.at < wanted.until)
    for word in wanted.text[:_LONGEST].split():
        query = query.where(
            or_(
                holds(columns.agent, word),
                holds(columns.action, word),
                columns.entity_id == word,
                *(holds(func.coalesce(_as_text(it), ""), word) for it in ("before", "after")),
            )
        )
    return query


def _as_text(name: str) -> Any:
    return type_coerce(audit_log.c[name], Text)


def _of_customer(number: int) -> Any:
    """SQLite compares a number with a text of digits only where it is told to."""
    of_customer = select(cast(sites.c.id, Text)).where(sites.c.customer_id == number)
    columns = audit_log.c
    return or_(
        and_(columns.entity == "customer", columns.entity_id == str(number)),
        and_(columns.entity == "site", columns.entity_id.in_(of_customer)),
    )


def _found(row: dict[str, Any]) -> FoundEntry:
    number = row.pop("id")
    return FoundEntry(id=number, entry=AuditEntry(**row))
