"""What uses a custom field: values of users, mappings of connections, imports that wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, Text, and_, cast, func, or_, select

from ..database.tables import (
    change_rows,
    change_sets,
    connections,
    custom_field_values,
    custom_fields,
    field_mappings,
)
from ..errors import InvalidInput
from ..plurals import counted
from .names import user_names
from .texts import quoted

# Of change sets and their rows, as the imports store them: rows of these sets may still be written,
# and so may conflicts that an import left open.
_UNAPPLIED = ("queued", "planning", "planned", "held", "applying")
_LEFT_OPEN = ("applied", "partly-undone")
_MAY_BE_WRITTEN = ("pending", "left-out", "open")
_NAMED = 3  # users in a message; the others are counted


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledBy:
    """A mapping of a custom field: `metadata_key` of the connection fills it."""

    connection: str
    connection_name: str
    metadata_key: str


def filled_by(connection: Connection) -> Mapping[int, Sequence[FilledBy]]:
    """The mappings of each custom field that has any, of every connection."""
    query = (
        select(
            field_mappings.c.custom_field_id,
            field_mappings.c.metadata_key,
            connections.c.slug,
            connections.c.name,
        )
        .join(connections, connections.c.id == field_mappings.c.connection_id)
        .order_by(connections.c.slug)
    )
    found = defaultdict(list)
    for row in connection.execute(query):
        found[row.custom_field_id].append(
            FilledBy(connection=row.slug, connection_name=row.name, metadata_key=row.metadata_key)
        )
    return dict(found)


def refuse_used(connection: Connection, field: int, name: str) -> None:
    """:raises InvalidInput: something uses the field of that number."""
    # A colleague's value that is not committed yet is waited for.
    connection.execute(select(custom_fields.c.id).filter_by(id=field).with_for_update())
    for mapping in filled_by(connection).get(field, ()):
        slug = mapping.connection
        raise InvalidInput(
            f"{quoted(name)} cannot be deleted: {mapping.metadata_key} of "
            f"{mapping.connection_name} fills it.",
            advice=f"Remove the mapping first: `halo-host mappings remove {slug} {field}`",
        )
    users = connection.scalar(
        select(func.count()).select_from(custom_field_values).filter_by(custom_field_id=field)
    )
    if users:
        raise InvalidInput(
            f"{quoted(name)} cannot be deleted: {counted(users, 'user')} "
            f"{'has' if users == 1 else 'have'} a value of it: "
            f"{_first_of(connection, field, users)}.",
            advice="Take the values away first, or give the field another name.",
        )
    waiting = connection.scalar(_waiting_import(field)) or connection.scalar(_READING)
    if waiting is not None:
        raise InvalidInput(
            f"{quoted(name)} cannot be deleted: import {waiting} is not finished, and may fill it.",
            advice=f"Finish it first: `halo-host import show {waiting}`",
        )


def _first_of(connection: Connection, field: int, users: int) -> str:
    """The first users that have a value, by name and number, and how many others do."""
    query = (
        select(custom_field_values.c.user_id)
        .filter_by(custom_field_id=field)
        .order_by(custom_field_values.c.user_id)
        .limit(_NAMED)
    )
    names = user_names(connection, connection.scalars(query).all())
    listed = ", ".join(f"{names[number]} (user {number})" for number in sorted(names))
    return listed if users <= len(names) else f"{listed} and {users - len(names):,} more"


# It has read the mappings, and not all of its rows are written.
_READING = select(change_sets.c.id).where(change_sets.c.state == "planning").limit(1)


def _waiting_import(field: int) -> Select[tuple[int]]:
    named = f'"custom:{field}"'
    return (
        select(change_rows.c.change_set_id)
        .join(change_sets, change_sets.c.id == change_rows.c.change_set_id)
        .where(
            or_(
                and_(
                    change_sets.c.state.in_(_UNAPPLIED),
                    change_rows.c.state.in_(_MAY_BE_WRITTEN),
                ),
                and_(
                    change_sets.c.state.in_(_LEFT_OPEN),
                    change_rows.c.action == "conflict",
                    change_rows.c.state == "open",
                ),
            ),
            or_(
                cast(change_rows.c.after, Text).contains(named, autoescape=True),
                cast(change_rows.c.offered, Text).contains(named, autoescape=True),
            ),
        )
        .limit(1)
    )
