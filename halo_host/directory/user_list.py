"""The list of users as pages show it: searched, sorted, with its length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, Subquery, case, func, or_, select

from ..database.contains import holds
from ..database.tables import customers, links, sites, users
from ..errors import InvalidInput
from .list_page import ListPage, place_of
from .texts import number_in, quoted
from .users import DirectoryUser, joined, user_of

UserSort = Literal[
    "name", "-name", "email", "-email", "customer", "-customer", "site", "-site", "added", "-added"
]
_LONGEST = 100  # characters of what is searched for
_NAME = case(
    (
        (users.c.given_name + users.c.family_name) != "",
        users.c.given_name + " " + users.c.family_name,
    ),
    (users.c.company != "", users.c.company),
    else_=users.c.email,
)
_SEARCHED = (
    users.c.given_name
    + " "
    + users.c.family_name
    + " "
    + users.c.company
    + " "
    + users.c.email
    + " "
    + users.c.phone
)
_KEYS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "name": (func.lower(func.ltrim(_NAME)),),
    "email": (users.c.email_key,),
    "customer": (customers.c.name_key, customers.c.id),
    "site": (sites.c.name_key, sites.c.id),
    "added": (),
}


def user_page(
    connection: Connection,
    text: str = "",
    *,
    customer_id: int | None = None,
    site_id: int | None = None,
    sort: UserSort = "name",
    number: int = 1,
    size: int = 50,
) -> ListPage[DirectoryUser]:
    """Users in whom every word of `text` occurs, in names, company, e-mail or phone; or whose
    number, reference or id at a provider it is.

    :raises InvalidInput: there is no such order.
    """
    found = _conditions(text, customer_id, site_id)
    query = select(func.count()).select_from(users).where(*found)
    total = connection.scalar(query) or 0
    number = place_of(number, size, total)
    rows = _rows(connection, found, sort, size, (number - 1) * size) if total else ()
    return ListPage(rows=rows, total=total, number=number, size=size)


def found_users(connection: Connection, text: str, *, limit: int) -> Sequence[DirectoryUser]:
    """The first by name of whom `user_page` finds, without a count: for suggestions."""
    return _rows(connection, _conditions(text, None, None), "name", limit, 0)


def _rows(
    connection: Connection,
    found: Sequence[ColumnElement[bool]],
    sort: UserSort,
    limit: int,
    offset: int,
) -> tuple[DirectoryUser, ...]:
    """Which they are is found first; only those are read whole."""
    ids = _ids(sort).where(*found).limit(limit).offset(offset)
    page = ids.subquery("page")
    order = _order(sort)
    return tuple(user_of(row) for row in connection.execute(_whole(page).order_by(*order)))


def _ids(sort: UserSort) -> Select[Any]:
    query = select(users.c.id).order_by(*_order(sort))
    if sort.endswith(("customer", "site")):
        query = query.join(sites, sites.c.id == users.c.site_id)
        query = query.join(customers, customers.c.id == sites.c.customer_id)
    return query


def _whole(page: Subquery) -> Select[Any]:
    return joined().join(page, page.c.id == users.c.id)


def _order(sort: UserSort) -> Sequence[ColumnElement[Any]]:
    if sort not in get_args(UserSort):
        raise InvalidInput(f"Users cannot be sorted by {quoted(sort)}.")
    keys = (*_KEYS[sort.removeprefix("-")], users.c.id)
    return [key.desc() for key in keys] if sort.startswith("-") else keys


def _conditions(
    text: str, customer_id: int | None, site_id: int | None
) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if site_id is not None:
        conditions.append(users.c.site_id == site_id)
    elif customer_id is not None:
        of_customer = select(sites.c.id).where(sites.c.customer_id == customer_id)
        conditions.append(users.c.site_id.in_(of_customer))
    text = text.strip()[:_LONGEST]
    if text:
        conditions.append(or_(*_meanings(text)))
    return conditions


def _meanings(text: str) -> Sequence[ColumnElement[bool]]:
    said = [holds(_SEARCHED, word) for word in text.split()]
    in_all = said[0]
    for each in said[1:]:
        in_all = in_all & each
    meanings = [in_all, users.c.reference == text]
    if (number := number_in(text)) is not None:
        meanings.append(users.c.id == number)
    if len(text) >= 6 and " " not in text:  # ids of providers are no shorter
        of_payer = select(links.c.user_id).where(links.c.external_id == text)
        meanings.append(users.c.id.in_(of_payer))
    return meanings
