"""Users of the directory: fields, values of custom fields, links, moving."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from .callers import the_caller, the_host
from .directory import Reference, SearchQuery
from .routes import Answer, Items, Page, Routes
from .shapes import Body, Number, Shape, Text, page

routes = Routes("Users", "The people of sites. They do not sign in; payers are linked to them.")


class User(Shape):
    """A user with the names of its site and customer. An absent text is empty."""

    id: int
    name: str
    reference: str | None
    site_id: int
    site: str
    customer_id: int
    customer: str
    given_name: str
    family_name: str
    company: str
    email: str
    phone: str
    address_line1: str
    address_line2: str
    address_line3: str
    city: str
    region: str
    postal_code: str
    country: str
    language: str
    created_at: datetime


class UserQuery(SearchQuery):
    customer: Annotated[Number | None, Field(description="Only users of this customer.")] = None


class Fields(Body):
    """Core fields of a user; what is left out stays, an empty text takes a value away."""

    given_name: Text | None = None
    family_name: Text | None = None
    company: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    address_line1: Text | None = None
    address_line2: Text | None = None
    address_line3: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    language: Text | None = None

    def given(self) -> dict[str, str]:
        return {name: value or "" for name, value in self.model_dump(exclude_unset=True).items()}


class NewUser(Body):
    site: Number
    reference: Reference = None
    fields: Fields


class UserChange(Body):
    """What is left out stays; a reference that is null is taken away."""

    reference: Reference = None
    fields: Fields = Field(default_factory=Fields)


class Move(Body):
    site: Number


class Value(Shape):
    """A value of a custom field."""

    custom_field: int
    name: str
    type: str
    value: str


class ValueChange(Body):
    """Values by the number of the custom field; an empty one is taken away."""

    values: Annotated[
        dict[Annotated[str, Field(pattern=r"^[1-9][0-9]{0,14}$")], Text], Field(max_length=200)
    ]


@routes.get("/users", answer=Page[User])
def listed(query: UserQuery) -> Any:
    """List users by number, or those in whom every word occurs."""
    found = the_host().directory.users(
        query.q, customer=query.customer, limit=query.limit + 1, after=query.place or 0
    )
    return page(found, query.limit, lambda it: it.id)


@routes.post("/users", answer=User, role=Role.OPERATOR, status=201, work=True)
def add(body: NewUser) -> Any:
    """Add a user to a site."""
    made = the_host().directory.add_user(
        body.site, body.fields.given(), agent=the_caller().name, reference=body.reference
    )
    return Answer(made, location=f"/api/v1/users/{made.id}")


@routes.get("/users/<number>", answer=User)
def show(number: Number) -> Any:
    """Show a user."""
    return the_host().directory.user(number)


@routes.patch("/users/<number>", answer=User, role=Role.OPERATOR, guarded=show)
def edit(number: Number, body: UserChange) -> Any:
    """Change core fields or the reference of a user."""
    named = "reference" in body.model_fields_set
    return the_host().directory.edit_user(
        number,
        body.fields.given(),
        agent=the_caller().name,
        reference=(body.reference or "") if named else None,
    )


@routes.post("/users/<number>/move", answer=User, role=Role.OPERATOR)
def move(number: Number, body: Move) -> Any:
    """Move a user to another site; links and values stay with the user."""
    return the_host().directory.move_user(number, body.site, agent=the_caller().name)


@routes.get("/users/<number>/values", answer=Items[Value])
def values(number: Number) -> Any:
    """List the values of custom fields that a user has."""
    directory = the_host().directory
    found = directory.values(number)
    return {
        "items": [
            Value(custom_field=it.id, name=it.name, type=it.type, value=found[it.name])
            for it in directory.custom_fields()
            if it.entity == "user" and it.name in found
        ]
    }


@routes.patch("/users/<number>/values", answer=Items[Value], role=Role.OPERATOR, guarded=values)
def set_values(number: Number, body: ValueChange) -> Any:
    """Set values of custom fields, all or none."""
    the_host().directory.set_values(
        number,
        {int(name): value for name, value in body.values.items()},
        agent=the_caller().name,
    )
    return values(number)
