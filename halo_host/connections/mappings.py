"""Field mappings: which provider field fills which custom field, and by which policy."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from ..config_schema import validate
from ..database.tables import core_field_policies, custom_fields, field_mappings
from ..directory.custom_fields import mappable
from ..errors import InvalidInput, NotFound
from .matching import Policy, connection_schema


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldMapping:
    metadata_key: str
    custom_field: int
    custom_field_name: str
    policy: Policy


def mappings(connection: Connection, connection_id: int) -> list[FieldMapping]:
    query = (
        select(field_mappings, custom_fields.c.name)
        .join(custom_fields, custom_fields.c.id == field_mappings.c.custom_field_id)
        .where(field_mappings.c.connection_id == connection_id)
        .order_by(custom_fields.c.name_key)
    )
    return [
        FieldMapping(
            metadata_key=row.metadata_key,
            custom_field=row.custom_field_id,
            custom_field_name=row.name,
            policy=Policy(row.policy),
        )
        for row in connection.execute(query)
    ]


def put(
    connection: Connection, connection_id: int, metadata_key: str, field: str, policy: Policy
) -> FieldMapping:
    """Map a provider field, or change the mapping that the custom field has.

    :raises InvalidInput: the custom field is not of type Text on User.
    :raises NotFound: there is no such custom field.
    """
    target = mappable(connection, field)
    entry = {"metadata_key": metadata_key, "custom_field": target.id, "policy": policy.value}
    validate(connection_schema(), {"field_mappings": [entry]}, "the field mapping")
    key = {"connection_id": connection_id, "custom_field_id": target.id}
    connection.execute(delete(field_mappings).filter_by(**key))
    connection.execute(
        insert(field_mappings).values(**key, metadata_key=metadata_key, policy=policy.value)
    )
    return FieldMapping(
        metadata_key=metadata_key,
        custom_field=target.id,
        custom_field_name=target.name,
        policy=policy,
    )


def remove(connection: Connection, connection_id: int, field: str) -> FieldMapping:
    """:raises NotFound: nothing is mapped to that custom field."""
    target = mappable(connection, field)
    for mapping in mappings(connection, connection_id):
        if mapping.custom_field == target.id:
            connection.execute(
                delete(field_mappings).filter_by(
                    connection_id=connection_id, custom_field_id=target.id
                )
            )
            return mapping
    raise NotFound(f"Nothing is mapped to the custom field {target.name}.")


def core_policies(connection: Connection, connection_id: int) -> dict[str, Policy]:
    """The policies that differ from the default, by core field."""
    query = select(core_field_policies).filter_by(connection_id=connection_id)
    return {row.field: Policy(row.policy) for row in connection.execute(query)}


def put_core_policy(
    connection: Connection, connection_id: int, field: str, policy: Policy
) -> Policy:
    """Set the policy of a core field; the one it had."""
    known = connection_schema()["properties"]["core_fields"]["propertyNames"]["enum"]
    if field not in known:
        raise InvalidInput(
            f"{field[:40]} is no core field.", advice=f"Core fields are: {', '.join(known)}."
        )
    before = core_policies(connection, connection_id).get(field, Policy.FOLLOW)
    key = {"connection_id": connection_id, "field": field}
    connection.execute(delete(core_field_policies).filter_by(**key))
    if policy is not Policy.FOLLOW:
        connection.execute(insert(core_field_policies).values(**key, policy=policy.value))
    return before
