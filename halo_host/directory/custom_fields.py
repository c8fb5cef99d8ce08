"""Custom fields: what an operator adds to users, sites and customers; and the values of users."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..database.columns import name_key
from ..database.ids import allocate_ids
from ..database.tables import audit_log, custom_field_values, custom_fields
from ..errors import InvalidInput, NotFound
from . import field_uses
from .author import Author
from .texts import number_in, quoted, required_text, stored_text

ENTITIES = ("user", "site", "customer")
_DELETED = "custom-field.deleted"

# The words are Halo's own, beside how a sentence says them.
TYPES: Mapping[str, str] = {
    "text": "Text",
    "memo": "Memo",
    "selection": "Selection",
    "multiple-selection": "Multiple selection",
    "date": "Date",
    "time": "Time",
    "checkbox": "Checkbox",
    "rich-text": "Rich text",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomField:
    """A custom field of `entity`, one of ENTITIES; `type` is one of TYPES."""

    id: int
    entity: str
    name: str
    type: str

    @property
    def is_mappable(self) -> bool:
        """Whether imports and files may fill it: Text fields of users alone."""
        return self.entity == "user" and self.type == "text"

    @property
    def kind(self) -> str:
        """What it is, in words: "a Date field of users"."""
        return f"a {TYPES[self.type]} field of {self.entity}s"


def add(
    connection: Connection,
    name: str,
    *,
    author: Author,
    entity: str = "user",
    type: str = "text",  # noqa: A002
) -> CustomField:
    """Add a custom field; entity and type cannot be changed later, as in Halo.

    :raises InvalidInput: the entity or type is unknown, or the entity has a field of that name.
    """
    name = required_text(name, "The field's name")
    if entity not in ENTITIES:
        raise InvalidInput(
            f"Custom fields belong to a {', '.join(ENTITIES)}, not to a {quoted(entity)}."
        )
    if type not in TYPES:
        raise InvalidInput(
            f"{quoted(type)} is no type of custom field.", advice=f"Types are: {', '.join(TYPES)}."
        )
    (field_id,) = allocate_ids(connection, custom_fields)
    _refuse_taken(connection, entity, name)
    values = {"entity": entity, "name": name, "type": type}
    connection.execute(insert(custom_fields).values(id=field_id, name_key=name_key(name), **values))
    author.record(connection, "custom-field.added", field_id, after=values)
    return CustomField(id=field_id, **values)


def rename(connection: Connection, field: CustomField, name: str, *, author: Author) -> CustomField:
    """Give a field another name; values and mappings stay with it. Nothing happens where it has
    that name already.

    :raises InvalidInput: the entity has another field of that name.
    """
    name = required_text(name, "The field's name")
    if name == field.name:
        return field
    _refuse_taken(connection, field.entity, name, but=field.id)
    connection.execute(
        update(custom_fields).filter_by(id=field.id).values(name=name, name_key=name_key(name))
    )
    author.record(
        connection,
        "custom-field.renamed",
        field.id,
        before={"name": field.name},
        after={"name": name},
    )
    return replace(field, name=name)


def remove(connection: Connection, field: CustomField, *, author: Author) -> None:
    """Delete a field that nothing uses.

    :raises InvalidInput: a user has a value of it, a connection fills it, or an import that waits
        would; the message says which.
    """
    field_uses.refuse_used(connection, field.id, field.name)
    connection.execute(delete(custom_fields).filter_by(id=field.id))
    before = {"entity": field.entity, "name": field.name, "type": field.type}
    author.record(connection, _DELETED, field.id, before=before)


def _refuse_taken(connection: Connection, entity: str, name: str, but: int | None = None) -> None:
    for field in by_name(connection, name):
        if field.entity == entity and field.id != but:
            raise InvalidInput(
                f"There is a custom field {quoted(field.name)} already: "
                f"number {field.id}, {field.kind}."
            )


def listed(connection: Connection) -> list[CustomField]:
    query = select(custom_fields).order_by(custom_fields.c.id)
    return [_field(row) for row in connection.execute(query)]


def names_in_rows(connection: Connection) -> dict[str, str]:
    """What the custom fields are called, by the key that rows of imports and of the audit log have
    for them. History still names those that were deleted, as the last of their names says."""
    gone = select(audit_log.c.entity_id, audit_log.c.before).filter_by(
        entity="custom-field", action=_DELETED
    )
    names = {
        f"custom:{it.entity_id}": f"{it.before['name']} (deleted field)"
        for it in connection.execute(gone)
    }
    return names | {f"custom:{field.id}": field.name for field in listed(connection)}


def by_name(connection: Connection, name: str) -> list[CustomField]:
    """The fields of that name: one an entity at most."""
    query = select(custom_fields).where(custom_fields.c.name_key == name_key(name))
    return [_field(row) for row in connection.execute(query.order_by(custom_fields.c.id))]


def find(connection: Connection, name_or_id: str | int) -> CustomField:
    """The field of that number, or the only one of that name.

    :raises NotFound: there is no such field.
    :raises InvalidInput: users, sites and customers have fields of that name; the message lists
        their numbers.
    """
    found = _meant(connection, name_or_id)
    if len(found) > 1:
        listing = ", ".join(f"{it.id} ({it.kind})" for it in found)
        raise InvalidInput(
            f"{quoted(found[0].name)} may be several custom fields: {listing}.",
            advice="Give the number of the one you mean.",
        )
    return found[0]


def mappable(connection: Connection, name_or_id: str | int) -> CustomField:
    """The field that a provider's field can be mapped to, by its name or number.

    :raises NotFound: there is no such field.
    :raises InvalidInput: it is no Text field of users; the message says what it is.
    """
    field = _of_users_first(_meant(connection, name_or_id))
    if not field.is_mappable:
        raise InvalidInput(
            f"Only Text fields of users can be mapped; {quoted(field.name)} is {field.kind}.",
            advice="Choose another field (`halo-host custom-fields list`), "
            "or add one: `halo-host custom-fields add NAME`",
        )
    return field


def of_users(connection: Connection, name_or_id: str | int) -> CustomField:
    """The field of users of that name or number, whatever its type.

    :raises NotFound: there is no such field.
    :raises InvalidInput: it belongs to sites or customers, whose values are not kept here.
    """
    field = _of_users_first(_meant(connection, name_or_id))
    if field.entity != "user":
        raise InvalidInput(f"{quoted(field.name)} is {field.kind}; users have no value of it.")
    return field


def _meant(connection: Connection, name_or_id: str | int) -> list[CustomField]:
    text = str(name_or_id).strip()
    query = select(custom_fields).where(custom_fields.c.id == number_in(text))
    found = [_field(row) for row in connection.execute(query)] or by_name(connection, text)
    if not found:
        raise NotFound(
            f"There is no custom field {quoted(text)}.",
            advice=f"Add it with: `halo-host custom-fields add {text[:60]!r}`",
        )
    return found


def _of_users_first(fields: Iterable[CustomField]) -> CustomField:
    return min(fields, key=lambda field: ENTITIES.index(field.entity))


# --- the values of users -----------------------------------------------------------------------


def checked_value(field: CustomField, value: str) -> str:
    """`value` as stored for the field: dates and times in ISO 8601, a checkbox as yes or no.

    :raises InvalidInput: it does not fit the field's type, or is too long.
    """
    text = stored_text(value, field.name)
    rule = _RULES.get(field.type)
    if rule is None or not text:
        return text
    read, example = rule
    try:
        return read(text)
    except (KeyError, ValueError):
        raise InvalidInput(
            f"{quoted(field.name)} is {field.kind}; it takes a value such as {example}."
        ) from None


def values_of(connection: Connection, user_ids: Iterable[int]) -> dict[int, dict[int, str]]:
    """The values of each user, by custom field id. At most some thousand users a call."""
    found: dict[int, dict[int, str]] = {user_id: {} for user_id in user_ids}
    query = select(custom_field_values).where(custom_field_values.c.user_id.in_(found))
    for row in connection.execute(query):
        found[row.user_id][row.custom_field_id] = row.value
    return found


def store_value(connection: Connection, user_id: int, field_id: int, value: str) -> None:
    """Set, replace or (with "") remove a value. The caller checks it and writes the audit row."""
    key = {"user_id": user_id, "custom_field_id": field_id}
    if not value:
        connection.execute(delete(custom_field_values).filter_by(**key))
        return
    changed = connection.execute(
        update(custom_field_values).filter_by(**key).values(value=value)
    ).rowcount
    if not changed:
        connection.execute(insert(custom_field_values).values(**key, value=value))


def _field(row: Row[Any]) -> CustomField:
    return CustomField(id=row.id, entity=row.entity, name=row.name, type=row.type)


_CHECKED = {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no"}
_RULES: Mapping[str, tuple[Callable[[str], str], str]] = {
    "date": (lambda text: date.fromisoformat(text).isoformat(), "2026-11-23"),
    "time": (lambda text: time.fromisoformat(text).isoformat("minutes"), "14:30"),
    "checkbox": (lambda text: _CHECKED[text.casefold()], "yes or no"),
}
