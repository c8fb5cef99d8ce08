"""What users, customers and sites are called, by their numbers: for lists that hold no names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..database.tables import customers, sites, users
from .users import display_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """By number."""

    users: Mapping[int, str]
    customers: Mapping[int, str]
    sites: Mapping[int, str]


def user_names(connection: Connection, numbers: Collection[int]) -> Mapping[int, str]:
    """Those that are there; at most some hundred a call."""
    query = select(
        users.c.id,
        users.c.reference,
        users.c.given_name,
        users.c.family_name,
        users.c.company,
        users.c.email,
    ).where(users.c.id.in_(numbers))
    return {row.id: display_name(dict(row._mapping)) for row in connection.execute(query)}


def customer_names(connection: Connection, numbers: Collection[int]) -> Mapping[int, str]:
    query = select(customers.c.id, customers.c.name).where(customers.c.id.in_(numbers))
    return {row.id: row.name for row in connection.execute(query)}


def site_names(connection: Connection, numbers: Collection[int]) -> Mapping[int, str]:
    """With the customer: "Acme Ltd / Warehouse"."""
    query = (
        select(sites.c.id, sites.c.name, customers.c.name.label("customer"))
        .join(customers, customers.c.id == sites.c.customer_id)
        .where(sites.c.id.in_(numbers))
    )
    return {row.id: f"{row.customer} / {row.name}" for row in connection.execute(query)}
