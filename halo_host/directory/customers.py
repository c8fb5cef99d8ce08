"""Customers: the companies that the service desk works for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from ..database.columns import name_key
from ..database.ids import allocate_ids
from ..database.tables import customers
from ..errors import InvalidInput, NotFound
from . import sites
from .author import Author
from .texts import number_in, optional_reference, quoted, required_text

FIRST_SITE = "Main"


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """A customer. `reference` is its unique id in another system, where it has one."""

    id: int
    reference: str | None
    name: str
    created_at: datetime


def add(
    connection: Connection,
    name: str,
    *,
    author: Author,
    site_names: Sequence[str] = (FIRST_SITE,),
    reference: str | None = None,
) -> Customer:
    """Add a customer with its sites; the first one is its invoice site.

    :raises InvalidInput: the reference is in use, or the name is and no reference tells the two
        customers apart, or a site is named twice.
    """
    name = required_text(name, "The customer's name")
    reference = optional_reference(reference)
    if not site_names:
        raise InvalidInput("A customer needs at least one site.")
    # Before the checks: on PostgreSQL this makes two writers of one name queue up.
    (customer_id,) = allocate_ids(connection, customers)
    _check_unused(connection, name, reference)
    values = {"reference": reference, "name": name}
    connection.execute(
        insert(customers).values(
            id=customer_id, name_key=name_key(name), created_at=author.at, **values
        )
    )
    author.record(connection, "customer.added", customer_id, after=values)
    for site_name in site_names:
        sites.add(connection, customer_id, site_name, author=author)
    return Customer(id=customer_id, name=name, reference=reference, created_at=author.at)


def _check_unused(
    connection: Connection, name: str, reference: str | None, *, but: int | None = None
) -> None:
    other = None if reference is None else by_reference(connection, reference)
    if other is not None and other.id != but:
        raise InvalidInput(
            f"The customer {quoted(other.name)} (number {other.id}) has the reference "
            f"{quoted(reference or '')} already.",
            advice="Give this one another reference.",
        )
    same = [it for it in by_name(connection, name) if it.id != but]
    if reference is None and same:
        raise InvalidInput(
            f"There is a customer {quoted(same[0].name)} already (number {same[0].id}).",
            advice="If this is another customer of that name, give it a reference of its own.",
        )


def change(
    connection: Connection,
    customer: Customer,
    *,
    author: Author,
    name: str,
    reference: str | None,
) -> tuple[Customer, bool]:
    """Give a customer this name and reference; the customer, and whether anything changed."""
    before = {"name": customer.name, "reference": customer.reference}
    after = {"name": name, "reference": reference}
    changed = [field for field in after if after[field] != before[field]]
    if not changed:
        return customer, False
    connection.execute(
        update(customers)
        .where(customers.c.id == customer.id)
        .values(name_key=name_key(name), **after)
    )
    author.record(
        connection,
        "customer.changed",
        customer.id,
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
    )
    return replace(customer, name=name, reference=reference), True


def edit(
    connection: Connection,
    customer: Customer,
    *,
    author: Author,
    name: str,
    reference: str | None,
) -> Customer:
    """As `change`, for what somebody typed.

    :raises InvalidInput: the name is empty, the reference is in use, or the name is and no
        reference tells the two customers apart.
    """
    name = required_text(name, "The customer's name")
    reference = optional_reference(reference)
    (_,) = allocate_ids(connection, customers)  # two writers of one name queue up, as in `add`
    if (name, reference) != (customer.name, customer.reference):
        _check_unused(connection, name, reference, but=customer.id)
    return change(connection, customer, author=author, name=name, reference=reference)[0]


def search(
    connection: Connection, text: str = "", *, limit: int | None = None, after: int = 0
) -> list[Customer]:
    """Customers by number whose name holds `text`, or whose reference it is; "" finds all.

    A page holds `limit`; the next one comes `after` the last number of this one.
    """
    query = select(customers).where(customers.c.id > after).order_by(customers.c.id).limit(limit)
    if text.strip():
        query = query.where(
            or_(
                customers.c.name_key.contains(name_key(text), autoescape=True),
                customers.c.reference == text.strip(),
            )
        )
    return [customer_of(row) for row in connection.execute(query)]


def get(connection: Connection, customer_id: int) -> Customer:
    """:raises NotFound: no customer has that number."""
    customer = _by_number(connection, customer_id)
    if customer is None:
        raise NotFound(f"There is no customer {customer_id}.", advice=_SEE_LIST)
    return customer


def find(connection: Connection, text: str) -> Customer:
    """The customer an operator means: its number, else its reference, else its name.

    :raises NotFound: none is meant.
    :raises InvalidInput: several have that name; the message lists their numbers.
    """
    text = text.strip()
    if (number := number_in(text)) and (customer := _by_number(connection, number)):
        return customer
    if customer := by_reference(connection, text):
        return customer
    found = by_name(connection, text)
    if not found:
        raise NotFound(f"There is no customer {quoted(text)}.", advice=_SEE_LIST)
    if len(found) > 1:
        numbers = ", ".join(str(customer.id) for customer in found)
        raise InvalidInput(
            f"{len(found)} customers have the name {quoted(text)}: numbers {numbers}.",
            advice="Give the number or the reference of the one you mean.",
        )
    return found[0]


def _by_number(connection: Connection, customer_id: int) -> Customer | None:
    query = select(customers).where(customers.c.id == customer_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else customer_of(row)


def by_reference(connection: Connection, reference: str) -> Customer | None:
    query = select(customers).where(customers.c.reference == reference)
    row = connection.execute(query).one_or_none()
    return None if row is None else customer_of(row)


def by_name(connection: Connection, name: str) -> list[Customer]:
    """Every customer whose name has the same key: names compare without case and punctuation."""
    query = select(customers).where(customers.c.name_key == name_key(name)).order_by(customers.c.id)
    return [customer_of(row) for row in connection.execute(query)]


def customer_of(row: Row[Any]) -> Customer:
    return Customer(id=row.id, reference=row.reference, name=row.name, created_at=row.created_at)


_SEE_LIST = "See `halo-host customers list` for the customers and their numbers."
