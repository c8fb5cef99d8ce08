"""Search over customers, sites, users and payments, as the field on top of every page has it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..directory.customers import Customer
from ..directory.sites import Site
from .callers import the_host
from .payment_shapes import ListedPayment
from .routes import Routes
from .shapes import Query, Shape
from .users import User

routes = Routes("Search", "One question over everything that has a name or an id.")


class Asked(Query):
    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="Words of a name or e-mail; an id or reference of a payment as a whole.",
        ),
    ]
    limit: Annotated[int, Field(ge=1, le=100, description="Of each kind, at most.")] = 10


class Found(Shape):
    customers: list[Customer]
    sites: list[Site]
    users: list[User]
    payments: list[ListedPayment]


@routes.get("/search", answer=Found)
def search(query: Asked) -> Any:
    """Find the first customers, sites and users by name, and payments by id or reference."""
    host, limit = the_host(), query.limit
    return {
        "customers": host.directory.found_customers(query.q, limit=limit),
        "sites": host.directory.found_sites(query.q, limit=limit),
        "users": host.directory.found_users(query.q, limit=limit),
        "payments": host.payments.found(query.q, limit=limit),
    }
