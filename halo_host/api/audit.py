"""The audit log, and what was changed of one user or customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..audit_search import AuditFilter, found_entries, known_entities
from .callers import the_host
from .routes import Items, Page, Routes
from .shapes import Moment, Number, PageQuery, Query, Shape, page

routes = Routes(
    "Audit log", "Who changed what, and when; before and after. Secrets are masked in it."
)

Word = Annotated[str, Field(max_length=200)]


class AuditFilters(Query):
    """`since` is inclusive, `until` is not."""

    agent: Annotated[Word, Field(description="The name of who did it.")] = ""
    entity: Annotated[Word, Field(description="A kind of thing, such as user.")] = ""
    entity_id: Annotated[Word, Field(description="Which one of the kind.")] = ""
    q: Annotated[Word, Field(description="Words in who, action, number or values.")] = ""
    since: Moment | None = None
    until: Moment | None = None

    def wanted(self) -> AuditFilter:
        return AuditFilter(
            agent=self.agent,
            entity=self.entity,
            entity_id=self.entity_id,
            text=self.q,
            since=self.since,
            until=self.until,
        )


class AuditQuery(AuditFilters, PageQuery):
    pass


class Change(Shape):
    """One row. `change_set` is the import that did it, if one did."""

    id: int
    at: datetime
    agent: str
    action: str
    entity: str
    entity_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    change_set: int | None


@routes.get("/audit", answer=Page[Change], role=Role.ADMINISTRATOR)
def listed(query: AuditQuery) -> Any:
    """List changes, the newest first."""
    return _found(query.wanted(), query)


@routes.get("/audit/entities", answer=Items[str], role=Role.ADMINISTRATOR)
def entities() -> Any:
    """List the kinds of things of which changes are kept."""
    return {"items": known_entities(the_host().database)}


@routes.get("/users/<number>/changes", answer=Page[Change])
def of_user(number: Number, query: PageQuery) -> Any:
    """List the changes of a user, the newest first."""
    user = the_host().directory.user(number)
    return _found(AuditFilter(entity="user", entity_id=str(user.id)), query)


@routes.get("/customers/<number>/changes", answer=Page[Change])
def of_customer(number: Number, query: PageQuery) -> Any:
    """List the changes of a customer and its sites, the newest first."""
    customer = the_host().directory.customer(number)
    return _found(AuditFilter(customer=customer.id), query)


def _found(wanted: AuditFilter, query: PageQuery) -> Any:
    found = found_entries(the_host().database, wanted, before=query.place, limit=query.limit + 1)
    entries = [
        Change(
            id=it.id,
            at=it.entry.at,
            agent=it.entry.agent,
            action=it.entry.action,
            entity=it.entry.entity,
            entity_id=it.entry.entity_id,
            before=it.entry.before,
            after=it.entry.after,
            change_set=it.entry.change_set_id,
        )
        for it in found
    ]
    return page(entries, query.limit, lambda it: it.id)
