"""The list of customers as pages show it: searched, sorted, with its length and what each has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, func, or_, select

from ..database.columns import name_key
from ..database.tables import customers, sites, users
from ..errors import InvalidInput
from .customers import Customer, customer_of
from .list_page import ListPage, place_of
from .sites import Site, listed
from .texts import number_in, quoted

CustomerSort = Literal["name", "-name", "added", "-added"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedCustomer:
    customer: Customer
    sites: int
    users: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedSite:
    site: Site
    users: int


def customer_page(
    connection: Connection,
    text: str = "",
    *,
    sort: CustomerSort = "name",
    number: int = 1,
    size: int = 50,
) -> ListPage[ListedCustomer]:
    """Customers whose name holds `text`, or whose number or reference it is.

    :raises InvalidInput: there is no such order.
    """
    found = _conditions(text)
    total = connection.scalar(select(func.count()).select_from(customers).where(*found)) or 0
    number = place_of(number, size, total)
    rows = _customers(connection, found, sort, size, (number - 1) * size)
    sites_of = _counted(connection, select(sites.c.customer_id, func.count()), rows)
    users_of = _counted(
        connection,
        select(sites.c.customer_id, func.count()).join(users, users.c.site_id == sites.c.id),
        rows,
    )
    return ListPage(
        rows=tuple(
            ListedCustomer(customer=it, sites=sites_of.get(it.id, 0), users=users_of.get(it.id, 0))
            for it in rows
        ),
        total=total,
        number=number,
        size=size,
    )


def found_customers(connection: Connection, text: str, *, limit: int) -> Sequence[Customer]:
    """The first by name of those that `customer_page` finds, without a count."""
    return _customers(connection, _conditions(text), "name", limit, 0)


def sites_with_users(connection: Connection, customer_id: int) -> Sequence[ListedSite]:
    """A customer's sites, each with how many users it has."""
    counts = connection.execute(
        select(users.c.site_id, func.count())
        .join(sites, sites.c.id == users.c.site_id)
        .where(sites.c.customer_id == customer_id)
        .group_by(users.c.site_id)
    )
    users_of = {row[0]: row[1] for row in counts}
    return [
        ListedSite(site=it, users=users_of.get(it.id, 0)) for it in listed(connection, customer_id)
    ]


def _customers(
    connection: Connection,
    found: Collection[ColumnElement[bool]],
    sort: CustomerSort,
    limit: int,
    offset: int,
) -> Sequence[Customer]:
    if sort not in get_args(CustomerSort):
        raise InvalidInput(f"Customers cannot be sorted by {quoted(sort)}.")
    keys: list[Any] = (
        [customers.c.id]
        if sort.endswith("added")
        else [
            customers.c.name_key,
            customers.c.id,
        ]
    )
    order = [key.desc() for key in keys] if sort.startswith("-") else keys
    query = select(customers).where(*found).order_by(*order).limit(limit).offset(offset)
    return [customer_of(row) for row in connection.execute(query)]


def _conditions(text: str) -> Sequence[ColumnElement[bool]]:
    text = text.strip()[:200]
    if not text:
        return []
    meanings = [
        customers.c.name_key.contains(name_key(text), autoescape=True),
        customers.c.reference == text,
    ]
    if (number := number_in(text)) is not None:
        meanings.append(customers.c.id == number)
    return [or_(*meanings)]


def _counted(connection: Connection, query: Any, rows: Sequence[Customer]) -> Mapping[int, int]:
    ids = [it.id for it in rows]
    query = query.where(sites.c.customer_id.in_(ids)).group_by(sites.c.customer_id)
    return {row[0]: row[1] for row in connection.execute(query)}
