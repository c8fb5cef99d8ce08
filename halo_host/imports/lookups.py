"""What the directory knows of one batch of payers: a few queries for all of them.

Nothing is kept from batch to batch, so that memory does not grow with the directory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, String, bindparam, literal_column, select, type_coerce

from ..database.among import among, many_integers, many_texts
from ..database.tables import (
    CORE_FIELDS,
    custom_field_values,
    customers,
    held_payers,
    links,
    sites,
    users,
)
from ..directory.users import display_name
from .policies import Values, custom_name


class Place(NamedTuple):
    """A site, with the names that a person needs to recognise it."""

    site_id: int
    site: str
    customer_id: int
    customer: str

    def __str__(self) -> str:
        return f"{self.customer} / {self.site}"


class KnownUser(NamedTuple):
    """A user found by e-mail or by id."""

    id: int
    name: str
    place: Place


class Link(NamedTuple):
    """A linked payer and the present values of its user."""

    external_id: str
    id: int
    digest: str
    user_id: int
    written: str
    removed_at: datetime | None
    leads: bool
    site_id: int
    core: tuple[str, ...]

    @property
    def written_values(self) -> Values:
        values: Values = orjson.loads(self.written)
        return values


_TEXTS = many_texts("ids")
_NUMBERS = many_integers("ids")
_core = [users.c[name] for name in CORE_FIELDS]
_place = [sites.c.id, sites.c.name, customers.c.id, customers.c.name]

_links = (
    select(
        links.c.external_id,
        links.c.id,
        links.c.digest,
        links.c.user_id,
        type_coerce(links.c.written, String),
        links.c.removed_at,
        links.c.leads,
        users.c.site_id,
        *_core,
    )
    .join(users, users.c.id == links.c.user_id)
    .where(links.c.connection_id == bindparam("connection_id"), among(links.c.external_id, _TEXTS))
)
_noted = select(links.c.external_id, links.c.id, links.c.digest).where(
    links.c.connection_id == bindparam("connection_id"), among(links.c.external_id, _TEXTS)
)
_LINK = len(Link._fields) - 1
_held = select(held_payers.c.external_id).where(
    held_payers.c.connection_id == bindparam("connection_id"),
    among(held_payers.c.external_id, _TEXTS),
)
# The connection is compared in Python: SQLite would search by it instead of by the users.
_linked_users = select(links.c.user_id, links.c.external_id, links.c.connection_id).where(
    among(links.c.user_id, _NUMBERS)
)
_values = select(
    custom_field_values.c.user_id,
    custom_field_values.c.custom_field_id,
    custom_field_values.c.value,
).where(among(custom_field_values.c.user_id, _NUMBERS))
_customers_by_name = (
    select(customers.c.name_key, *_place)
    .join(sites, sites.c.customer_id == customers.c.id)
    .where(sites.c.is_invoice_site, among(customers.c.name_key, _TEXTS))
)
_sites_by_name = (
    select(sites.c.name_key, *_place)
    .join(customers, customers.c.id == sites.c.customer_id)
    .where(among(sites.c.name_key, _TEXTS))
)
_known_users = (
    select(users.c.id, users.c.email_key, *_core, *_place)
    .join(sites, sites.c.id == users.c.site_id)
    .join(customers, customers.c.id == sites.c.customer_id)
)
_current = select(users.c.id, *_core).where(among(users.c.id, _NUMBERS))
# The empty text stands in the statement itself: a bound one would hide the partial index.
_users_by_email = _known_users.where(
    users.c.email_key != literal_column("''"), among(users.c.email_key, _TEXTS)
)
_places_by_id = (
    select(*_place)
    .join(customers, customers.c.id == sites.c.customer_id)
    .where(among(sites.c.id, _NUMBERS))
)
_users_by_id = _known_users.where(among(users.c.id, _NUMBERS))


def links_of(
    connection: Connection, connection_id: int, external_ids: Collection[str]
) -> dict[str, Link]:
    query = {"connection_id": connection_id, "ids": external_ids}
    rows = connection.execute(_links, query).all()
    return {row[0]: Link._make((*row[:_LINK], tuple(row[_LINK:]))) for row in rows}


def noted_links(
    connection: Connection, connection_id: int, external_ids: Collection[str]
) -> dict[str, tuple[int, str]]:
    """The id of each payer's link, and the digest that an import has noted on it."""
    query = {"connection_id": connection_id, "ids": external_ids}
    rows = connection.execute(_noted, query).all()
    return {external_id: (link_id, digest) for external_id, link_id, digest in rows}


def held_among(
    connection: Connection, connection_id: int, external_ids: Collection[str]
) -> set[str]:
    query = {"connection_id": connection_id, "ids": external_ids}
    return set(connection.scalars(_held, query))


def payers_of_users(
    connection: Connection, connection_id: int, user_ids: Collection[int]
) -> dict[int, list[str]]:
    """Which payers of this connection the users have."""
    found: dict[int, list[str]] = defaultdict(list)
    if user_ids:
        for user_id, external_id, of in connection.execute(_linked_users, {"ids": user_ids}).all():
            if of == connection_id:
                found[user_id].append(external_id)
    return found


def custom_values(connection: Connection, user_ids: Collection[int]) -> dict[int, Values]:
    """The custom field values of users, named as in change rows: `custom:ID`."""
    found: dict[int, Values] = defaultdict(dict)
    if user_ids:
        for user_id, field_id, value in connection.execute(_values, {"ids": user_ids}).all():
            found[user_id][custom_name(field_id)] = value
    return found


def places_by_name(
    connection: Connection, name_keys: Collection[str]
) -> tuple[dict[str, list[Place]], dict[str, list[Place]]]:
    """For each name: invoice sites of the customers so called, and the sites so called."""
    by_customer: dict[str, list[Place]] = defaultdict(list)
    by_site: dict[str, list[Place]] = defaultdict(list)
    if name_keys:
        for key, *place in connection.execute(_customers_by_name, {"ids": name_keys}).all():
            by_customer[key].append(Place(*place))
        missing = [key for key in name_keys if key not in by_customer]
        for key, *place in connection.execute(_sites_by_name, {"ids": missing}).all():
            by_site[key].append(Place(*place))
    return by_customer, by_site


def users_by_email(
    connection: Connection, email_keys: Collection[str]
) -> dict[str, list[KnownUser]]:
    found: dict[str, list[KnownUser]] = defaultdict(list)
    if email_keys:
        for row in connection.execute(_users_by_email, {"ids": email_keys}).all():
            found[row[1]].append(_known_user(tuple(row)))
    return found


def users_by_id(connection: Connection, user_ids: Collection[int]) -> dict[int, KnownUser]:
    if not user_ids:
        return {}
    rows = connection.execute(_users_by_id, {"ids": user_ids}).all()
    return {row[0]: _known_user(tuple(row)) for row in rows}


def places_by_id(connection: Connection, site_ids: Collection[int]) -> dict[int, Place]:
    if not site_ids:
        return {}
    rows = connection.execute(_places_by_id, {"ids": site_ids}).all()
    return {row[0]: Place(*row) for row in rows}


def current_values(connection: Connection, user_ids: Collection[int]) -> dict[int, Values]:
    """Every value of users that is not empty, core and custom, by field name."""
    if not user_ids:
        return {}
    custom = custom_values(connection, user_ids)
    return {
        row[0]: named_values(tuple(row[1:])) | custom.get(row[0], {})
        for row in connection.execute(_current, {"ids": user_ids}).all()
    }


def named_values(core: tuple[str, ...]) -> Values:
    return {name: value for name, value in zip(CORE_FIELDS, core) if value}


def _known_user(row: tuple[Any, ...]) -> KnownUser:
    core = dict(zip(CORE_FIELDS, row[2:-4]))
    return KnownUser(row[0], display_name({"id": row[0], **core}), Place(*row[-4:]))
