"""Adding and changing users, each with its audit row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, update

from ..database.columns import email_key
from ..database.ids import allocate_ids
from ..database.tables import CORE_FIELDS, users
from ..errors import InvalidInput
from . import custom_fields
from .author import Author
from .custom_fields import CustomField
from .recheck import recheck_payers
from .sites import Site
from .texts import optional_reference, quoted, stored_text
from .users import DirectoryUser, by_reference


def add(
    connection: Connection,
    site: Site,
    fields: Mapping[str, str],
    *,
    author: Author,
    reference: str | None = None,
    custom: Mapping[CustomField, str] | None = None,
) -> DirectoryUser:
    """Add a user to a site. `fields` holds core fields by name, `custom` values of users' fields.

    :raises InvalidInput: nothing is given, a field is unknown, a value does not fit, or the
        reference is in use.
    """
    core = dict.fromkeys(CORE_FIELDS, "") | _checked(fields)
    values = {
        field: text
        for field, value in (custom or {}).items()
        if (text := custom_fields.checked_value(field, value))
    }
    reference = optional_reference(reference)
    if not (reference or any(core.values()) or values):
        raise InvalidInput("A user needs a name, an e-mail or some other value.")
    (user_id,) = allocate_ids(connection, users)
    _check_unused(connection, reference)
    row = {"site_id": site.id, "reference": reference, **core}
    connection.execute(
        insert(users).values(
            id=user_id, email_key=email_key(core["email"]), created_at=author.at, **row
        )
    )
    for field, text in values.items():
        custom_fields.store_value(connection, user_id, field.id, text)
    said = {name: value for name, value in row.items() if value}
    author.record(
        connection, "user.added", user_id, after=said | {_label(f): values[f] for f in values}
    )
    return DirectoryUser(
        id=user_id, reference=reference, created_at=author.at, **(_home(site) | core)
    )


def change(
    connection: Connection,
    user: DirectoryUser,
    *,
    author: Author,
    fields: Mapping[str, str] | None = None,
    reference: str | None = None,
    site: Site | None = None,
    custom: Mapping[CustomField, str] | None = None,
) -> tuple[DirectoryUser, bool]:
    """Write what differs from `user`, in one audit row; the user then, and whether anything did.

    `fields` holds core fields by name; None leaves reference and site as they are, and "" takes a
    reference or a value away.

    :raises InvalidInput: a field is unknown, a value does not fit, or the reference is in use.
    """
    after: dict[str, Any] = dict(_checked(fields or {}))
    if reference is not None:
        after["reference"] = optional_reference(reference)
    if site is not None:
        after["site_id"] = site.id
    after = {name: new for name, new in after.items() if new != getattr(user, name)}
    before = {name: getattr(user, name) for name in after}
    values = _changed_values(connection, user, custom or {})
    if not after and not values:
        return user, False
    if after.get("reference"):
        _check_unused(connection, after["reference"])
    if after:
        keys = {"email_key": email_key(after["email"])} if "email" in after else {}
        connection.execute(update(users).where(users.c.id == user.id).values(**after, **keys))
    changed = replace(user, **(after | (_home(site) if site is not None else {})))
    for field, (old, new) in values.items():
        custom_fields.store_value(connection, user.id, field.id, new)
        before[_label(field)], after[_label(field)] = old, new
    recheck_payers(connection, [user.id])
    author.record(connection, "user.changed", user.id, before=before, after=after)
    return changed, True


def _changed_values(
    connection: Connection, user: DirectoryUser, custom: Mapping[CustomField, str]
) -> dict[CustomField, tuple[str, str]]:
    """Of the values wanted, those that differ: before and after."""
    if not custom:
        return {}
    current = custom_fields.values_of(connection, [user.id])[user.id]
    pairs = {
        field: (current.get(field.id, ""), custom_fields.checked_value(field, value))
        for field, value in custom.items()
    }
    return {field: (old, new) for field, (old, new) in pairs.items() if old != new}


def _checked(fields: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(fields) - set(CORE_FIELDS))
    if unknown:
        raise InvalidInput(
            f"Users have no field {quoted(unknown[0])}.", advice=f"Fields are: {_FIELD_LIST}."
        )
    return {name: stored_text(value, name) for name, value in fields.items()}


def _check_unused(connection: Connection, reference: str | None) -> None:
    if reference is not None and (other := by_reference(connection, reference)):
        raise InvalidInput(
            f"The user {quoted(other.name)} (number {other.id}) has the reference "
            f"{quoted(reference)} already.",
            advice="Give this one another reference.",
        )


def _home(site: Site) -> dict[str, Any]:
    return {
        "site_id": site.id,
        "site": site.name,
        "customer_id": site.customer_id,
        "customer": site.customer,
    }


def _label(field: CustomField) -> str:
    """How audit rows and files name a custom field."""
    return f"custom:{field.name}"


_FIELD_LIST = ", ".join(CORE_FIELDS)
