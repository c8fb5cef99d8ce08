"""Field mappings: which provider field fills which custom field, and by which policy."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ..agents.roles import Role
from ..connections.mappings import FieldMapping
from ..connections.matching import Policy
from ..database.tables import CORE_FIELDS
from ..errors import NotFound
from .callers import the_caller, the_host
from .routes import Routes
from .shapes import Body, Name, Number, Shape, Slug

routes = Routes("Mappings", "What imports write of a payer, field by field.")


class Mappings(Shape):
    """`core_fields` has the policy of every core field of a user."""

    field_mappings: list[FieldMapping]
    core_fields: dict[str, Policy]


class MappingChange(Body):
    metadata_key: Annotated[str, Field(min_length=1, max_length=200)]
    policy: Policy = Policy.FOLLOW


class PolicyChange(Body):
    policy: Policy


@routes.get("/connections/<slug>/mappings", answer=Mappings)
def show(slug: Slug) -> Any:
    """List the mappings of a connection and the policy of every core field."""
    connections = the_host().connections
    core = connections.core_policies(slug)
    return {
        "field_mappings": connections.mappings(slug),
        "core_fields": {field: core.get(field, Policy.FOLLOW) for field in CORE_FIELDS},
    }


@routes.put(
    "/connections/<slug>/mappings/<custom_field>",
    answer=FieldMapping,
    role=Role.OPERATOR,
    guarded=show,
)
def put(slug: Slug, custom_field: Number, body: MappingChange) -> Any:
    """Map a provider field to a custom field, or change its mapping.

    If-Match takes the ETag of the connection's mappings.
    """
    return the_host().connections.map_field(
        slug, body.metadata_key, str(custom_field), body.policy, agent=the_caller().name
    )


@routes.delete(
    "/connections/<slug>/mappings/<custom_field>",
    answer=FieldMapping,
    role=Role.OPERATOR,
    guarded=show,
)
def remove(slug: Slug, custom_field: Number) -> Any:
    """Take a mapping out. Values that it wrote stay.

    If-Match takes the ETag of the connection's mappings.
    """
    return the_host().connections.unmap_field(slug, str(custom_field), agent=the_caller().name)


@routes.put(
    "/connections/<slug>/core-fields/<field>",
    answer=Mappings,
    role=Role.OPERATOR,
    guarded=show,
)
def core(slug: Slug, field: Name, body: PolicyChange) -> Any:
    """Set the policy of a core field, such as phone.

    If-Match takes the ETag of the connection's mappings.
    """
    if field not in CORE_FIELDS:
        raise NotFound(
            f"There is no core field {field[:40]}.",
            advice=f"Core fields are: {', '.join(CORE_FIELDS)}.",
        )
    the_host().connections.set_core_policy(slug, field, body.policy, agent=the_caller().name)
    return show(slug)
