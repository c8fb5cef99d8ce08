"""Links between payers and users: shown, made and taken away by hand."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..directory.user_links import UserLink
from ..imports.payer_links import LinkablePayer
from .callers import the_caller, the_host
from .import_shapes import PayerId
from .routes import Items, Routes
from .shapes import MOST, Body, Number, Query, Slug

routes = Routes(
    "Links", "Which payer is which user. Imports make links by their rules, and people by hand."
)


class PayerQuery(Query):
    """The first by name that are found; narrow down to see others."""

    q: Annotated[str, Field(max_length=200, description="Words of name or e-mail, or an id.")] = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class NamedPayer(Body):
    connection: Slug
    payer: PayerId


@routes.get("/users/<number>/links", answer=Items[UserLink])
def links(number: Number) -> Any:
    """List the payers that are linked to a user."""
    return {"items": the_host().directory.links(number)}


@routes.post(
    "/users/<number>/links", answer=Items[UserLink], role=Role.OPERATOR, status=201, work=True
)
def link(number: Number, body: NamedPayer) -> Any:
    """Link a payer of the mirror to a user; imports keep to it from then on."""
    the_host().payer_links.link(body.connection, body.payer, number, agent=the_caller().name)
    return links(number)


@routes.post("/users/<number>/links/remove", answer=Items[UserLink], role=Role.OPERATOR)
def unlink(number: Number, body: NamedPayer) -> Any:
    """Take the link of a payer away, such as one that was made to the wrong user.

    Values that imports wrote stay. The next import matches the payer by its rules again; undo the
    import that made the link to have the payer left alone.
    """
    the_host().payer_links.unlink(body.connection, body.payer, number, agent=the_caller().name)
    return links(number)


@routes.get(
    "/connections/<slug>/payers-without-user", answer=Items[LinkablePayer], role=Role.OPERATOR
)
def linkable(slug: Slug, query: PayerQuery) -> Any:
    """List payers of the mirror that are linked to no user."""
    return {"items": the_host().payer_links.linkable(slug, query.q, limit=query.limit)}
