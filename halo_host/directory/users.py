"""Users: the people of a site. They do not sign in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    literal_column,
    select,
)

from ..database.columns import email_key
from ..database.tables import CORE_FIELDS, customers, sites, users
from ..errors import InvalidInput, NotFound
from ..types import User
from .texts import MAX_TEXT as MAX_TEXT
from .texts import number_in, quoted

_SCANNED_AT_ONCE = 1_000
_QUERY: Select[Any] = (
    select(
        *(column for column in users.c if column is not users.c.email_key),
        sites.c.name.label("site"),
        sites.c.customer_id,
        customers.c.name.label("customer"),
    )
    .join(sites, sites.c.id == users.c.site_id)
    .join(customers, customers.c.id == sites.c.customer_id)
)
_BY_NUMBER = _QUERY.where(users.c.id == bindparam("number"))


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryUser:
    """A user with the names of its site and customer. An absent text is "".

    `reference` is its unique id in another system, where it has one.
    """

    id: int
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

    @property
    def core(self) -> dict[str, str]:
        """The core fields, in their order."""
        return {field: getattr(self, field) for field in CORE_FIELDS}

    @property
    def name(self) -> str:
        return display_name({"id": self.id, "reference": self.reference, **self.core})


def display_name(row: Mapping[str, Any]) -> str:
    """What pages call a user; never empty.

    `row` has the columns of `users` by name (`Row._mapping`, or a dict); an absent one is empty.
    """
    person = f"{row.get('given_name') or ''} {row.get('family_name') or ''}".strip()
    return str(
        person
        or row.get("company")
        or row.get("email")
        or row.get("reference")
        or f"user {row['id']}"
    )


# --- reading -----------------------------------------------------------------------------------


def get(connection: Connection, user_id: int) -> DirectoryUser:
    """:raises NotFound: no user has that number."""
    found = _numbered(connection, user_id)
    if found is None:
        raise NotFound(f"There is no user {user_id}.", advice=_SEE_LIST)
    return found


def find(connection: Connection, text: str) -> DirectoryUser:
    """The user an operator means: a number, else a reference, else an e-mail that one user has.

    :raises NotFound: none is meant.
    :raises InvalidInput: several have that e-mail; the message lists their numbers.
    """
    text = text.strip()
    if (number := number_in(text)) and (numbered := _numbered(connection, number)):
        return numbered
    if user := by_reference(connection, text):
        return user
    found = _where(connection, _has_email(text)) if text else []
    if not found:
        raise NotFound(f"There is no user {quoted(text)}.", advice=_SEE_LIST)
    if len(found) > 1:
        numbers = ", ".join(str(user.id) for user in found)
        raise InvalidInput(
            f"{len(found)} users have the e-mail {quoted(text)}: numbers {numbers}.",
            advice="Give the number or the reference of the one you mean.",
        )
    return found[0]


def by_reference(connection: Connection, reference: str) -> DirectoryUser | None:
    found = _where(connection, users.c.reference == reference)
    return found[0] if found else None


def by_email(connection: Connection, customer_id: int, email: str) -> list[DirectoryUser]:
    """The customer's users with exactly this e-mail, case aside."""
    return _where(connection, sites.c.customer_id == customer_id, _has_email(email))


def search(
    connection: Connection,
    text: str = "",
    *,
    customer_id: int | None = None,
    limit: int = 50,
    after: int = 0,
) -> list[DirectoryUser]:
    """Users by number in whom every word of `text` occurs, in names, e-mail, phone or reference.

    A page holds `limit`; the next one comes `after` the last number of this one.
    """
    words = text.casefold().split()
    found: list[DirectoryUser] = []
    for user in _scanned(connection, customer_id, after):
        # Compared here, not in SQL: SQLite and PostgreSQL fold case differently.
        said = " ".join(
            (user.given_name, user.family_name, user.company, user.email, user.phone)
        ).casefold()
        if all(word in said for word in words) or text.strip() == user.reference:
            found.append(user)
            if len(found) == limit:
                break
    return found


def _scanned(
    connection: Connection, customer_id: int | None, after: int
) -> Iterator[DirectoryUser]:
    query = _QUERY.order_by(users.c.id).limit(_SCANNED_AT_ONCE)
    if customer_id is not None:
        query = query.where(sites.c.customer_id == customer_id)
    while page := connection.execute(query.where(users.c.id > after)).all():
        yield from map(user_of, page)
        after = page[-1].id


def as_plugin_user(connection: Connection, user_id: int) -> User:
    """The user as plugins see it.

    :raises NotFound: no user has that number.
    """
    user = get(connection, user_id)
    return User(
        id=user.id,
        name=user.name,
        given_name=user.given_name or None,
        family_name=user.family_name or None,
        email=user.email or None,
        customer=user.customer,
        site=user.site,
    )


# --- rows --------------------------------------------------------------------------------------


def joined() -> Select[Any]:
    """What `user_of` takes, of every user."""
    return _QUERY


def user_of(row: Row[Any]) -> DirectoryUser:
    return DirectoryUser(**row._mapping)


def _has_email(email: str) -> ColumnElement[bool]:
    """Said so that SQLite uses the index, which leaves users without an e-mail out."""
    return and_(users.c.email_key == email_key(email), users.c.email_key != literal_column("''"))


def _numbered(connection: Connection, number: int) -> DirectoryUser | None:
    row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
    return None if row is None else user_of(row)


def _where(connection: Connection, *conditions: ColumnElement[bool]) -> list[DirectoryUser]:
    query = _QUERY.where(*conditions).order_by(users.c.id)
    return [user_of(row) for row in connection.execute(query)]


_SEE_LIST = "See `halo-host users list` for the users and their numbers."
