"""Writing many users' values at once: core fields and custom fields, as change rows name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from ..database.bulk import insert_rows
from ..database.columns import email_key
from ..database.tables import CORE_FIELDS, custom_field_values, custom_fields, users
from ..directory.recheck import recheck_payers
from .policies import Values

_CUSTOM = "custom:"


def user_columns(values: Values) -> tuple[str, ...]:
    """The core fields and the e-mail key of a new user, in the table's order."""
    given = values.get
    return (*[given(name, "") for name in CORE_FIELDS], email_key(given("email", "")))


def custom_rows(user_id: int, values: Values) -> list[tuple[int, int, str]]:
    """The rows of custom_field_values for a new user."""
    return [
        (user_id, int(name[len(_CUSTOM) :]), value)
        for name, value in values.items()
        if value and name.startswith(_CUSTOM)
    ]


def write_values(connection: Connection, changes: Mapping[int, Values]) -> None:
    """Set values of users who are there; an empty custom value is taken out."""
    recheck_payers(connection, changes.keys())
    core: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    custom = []
    for user_id, values in changes.items():
        own = {name: value for name, value in values.items() if not name.startswith(_CUSTOM)}
        if "email" in own:
            own["email_key"] = email_key(own["email"])
        if own:
            core[tuple(own)].append({"the_user": user_id, **own})
        custom += [
            {"the_user": user_id, "the_field": int(name.removeprefix(_CUSTOM)), "value": value}
            for name, value in values.items()
            if name.startswith(_CUSTOM)
        ]
    for columns, parameters in core.items():
        connection.execute(
            update(users)
            .where(users.c.id == bindparam("the_user"))
            .values({name: bindparam(name) for name in columns}),
            parameters,
        )
    _write_custom(connection, custom)


def _write_custom(connection: Connection, values: list[dict[str, Any]]) -> None:
    """Values of a field that was deleted since are left out: an undo may bring them."""
    there = set(connection.scalars(select(custom_fields.c.id))) if values else set()
    values = [it for it in values if it["the_field"] in there]
    if not values:
        return
    table = custom_field_values.c
    connection.execute(
        delete(custom_field_values).where(
            and_(
                table.user_id == bindparam("the_user"),
                table.custom_field_id == bindparam("the_field"),
            )
        ),
        [{"the_user": v["the_user"], "the_field": v["the_field"]} for v in values],
    )
    insert_rows(
        connection,
        custom_field_values,
        ("user_id", "custom_field_id", "value"),
        [(v["the_user"], v["the_field"], v["value"]) for v in values if v["value"]],
    )
