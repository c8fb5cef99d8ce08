"""Sites: a customer's places. Exactly one of each customer is its invoice site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, insert, or_, select, update

from ..database.columns import name_key
from ..database.ids import allocate_ids
from ..database.tables import customers, sites
from ..errors import InvalidInput, NotFound
from .author import Author
from .texts import number_in, quoted, required_text

_LISTED = 20
_QUERY: Select[Any] = select(
    *(column for column in sites.c if column is not sites.c.name_key),
    customers.c.name.label("customer"),
).join(customers, customers.c.id == sites.c.customer_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A site with the name of its customer."""

    id: int
    customer_id: int
    customer: str
    name: str
    is_invoice_site: bool
    created_at: datetime

    @property
    def label(self) -> str:
        """How pages and messages name it, and how `find` takes it: "Customer/Site"."""
        return f"{self.customer}/{self.name}"


def add(
    connection: Connection,
    customer_id: int,
    name: str,
    *,
    author: Author,
    invoice_site: bool = False,
) -> Site:
    """Add a site. A customer's first one is its invoice site; a later one can take that place.

    :raises InvalidInput: the customer has a site of that name.
    """
    name = required_text(name, "The site's name")
    (site_id,) = allocate_ids(connection, sites)
    if there := by_name(connection, customer_id, name):
        raise InvalidInput(
            f"The customer {quoted(there.customer)} has a site {quoted(there.name)} already "
            f"(number {there.id})."
        )
    is_first = not listed(connection, customer_id)
    values = {"customer_id": customer_id, "name": name, "is_invoice_site": is_first}
    connection.execute(
        insert(sites).values(id=site_id, name_key=name_key(name), created_at=author.at, **values)
    )
    author.record(connection, "site.added", site_id, after=values)
    if invoice_site:
        return set_invoice_site(connection, site_id, author=author)
    return get(connection, site_id)


def set_invoice_site(connection: Connection, site_id: int, *, author: Author) -> Site:
    """Make the site its customer's invoice site; nothing happens when it is that already.

    :raises NotFound: there is no such site.
    """
    site = get(connection, site_id)
    if site.is_invoice_site:
        return site
    before = invoice_site(connection, site.customer_id)
    # In this order: a unique index allows one invoice site a customer, even half-way.
    connection.execute(update(sites).where(sites.c.id == before.id).values(is_invoice_site=False))
    connection.execute(update(sites).where(sites.c.id == site_id).values(is_invoice_site=True))
    author.record(
        connection,
        "customer.invoice-site",
        site.customer_id,
        before={"invoice_site": before.id},
        after={"invoice_site": site_id},
    )
    return replace(site, is_invoice_site=True)


def rename(connection: Connection, site: Site, name: str, *, author: Author) -> Site:
    """Give a site another name; nothing happens where it has that already.

    :raises InvalidInput: the customer has another site of that name.
    """
    name = required_text(name, "The site's name")
    if name == site.name:
        return site
    there = by_name(connection, site.customer_id, name)
    if there is not None and there.id != site.id:
        raise InvalidInput(
            f"The customer {quoted(there.customer)} has a site {quoted(there.name)} already "
            f"(number {there.id})."
        )
    connection.execute(
        update(sites).where(sites.c.id == site.id).values(name=name, name_key=name_key(name))
    )
    author.record(
        connection, "site.changed", site.id, before={"name": site.name}, after={"name": name}
    )
    return replace(site, name=name)


def search(connection: Connection, text: str, *, limit: int) -> list[Site]:
    """Sites by customer and name in which each word occurs, in their own or the customer's name."""
    query = _QUERY.order_by(customers.c.name_key, sites.c.name_key, sites.c.id).limit(limit)
    for word in name_key(text[:200]).split():
        query = query.where(
            or_(
                customers.c.name_key.contains(word, autoescape=True),
                sites.c.name_key.contains(word, autoescape=True),
            )
        )
    return [_site(row) for row in connection.execute(query)]


def listed(connection: Connection, customer_id: int | None = None) -> list[Site]:
    """The sites of a customer, or of all."""
    query = _QUERY.order_by(sites.c.customer_id, sites.c.id)
    if customer_id is not None:
        query = query.where(sites.c.customer_id == customer_id)
    return [_site(row) for row in connection.execute(query)]


def get(connection: Connection, site_id: int) -> Site:
    """:raises NotFound: no site has that number."""
    site = _by_number(connection, site_id)
    if site is None:
        raise NotFound(f"There is no site {site_id}.", advice=_SEE_LIST)
    return site


def _by_number(connection: Connection, site_id: int) -> Site | None:
    row = connection.execute(_QUERY.where(sites.c.id == site_id)).one_or_none()
    return None if row is None else _site(row)


def invoice_site(connection: Connection, customer_id: int) -> Site:
    query = _QUERY.where(sites.c.customer_id == customer_id, sites.c.is_invoice_site)
    return _site(connection.execute(query).one())


def by_name(connection: Connection, customer_id: int, name: str) -> Site | None:
    """The customer's site whose name has the same key."""
    query = _QUERY.where(sites.c.customer_id == customer_id, sites.c.name_key == name_key(name))
    row = connection.execute(query).one_or_none()
    return None if row is None else _site(row)


def find(connection: Connection, text: str) -> Site:
    """The site an operator means: its number, "Customer/Site", or a name that one site has.

    :raises NotFound: none is meant.
    :raises InvalidInput: several are meant; the message lists them with their numbers.
    """
    text = text.strip()
    if (number := number_in(text)) and (site := _by_number(connection, number)):
        return site
    meanings = [sites.c.name_key == name_key(text)]
    parts = text.split("/")
    # A slash may belong to either name, so every one is tried as the separator.
    for position in range(1, len(parts)):
        left, right = "/".join(parts[:position]), "/".join(parts[position:])
        named = or_(customers.c.name_key == name_key(left), customers.c.reference == left.strip())
        meanings.append(and_(named, sites.c.name_key == name_key(right)))
    query = _QUERY.where(or_(*meanings)).order_by(sites.c.id).limit(_LISTED)
    found = [_site(row) for row in connection.execute(query)]
    if not found:
        raise NotFound(f"There is no site {quoted(text)}.", advice=_SEE_LIST)
    if len(found) > 1:
        listing = ", ".join(f"{site.id} ({quoted(site.label)})" for site in found)
        raise InvalidInput(
            f"{quoted(text)} may be several sites: {listing}.",
            advice="Give the number of the one you mean, or its customer: “Customer/Site”.",
        )
    return found[0]


def _site(row: Row[Any]) -> Site:
    return Site(**row._mapping)


_SEE_LIST = "See `halo-host sites list` for the sites and their numbers."
