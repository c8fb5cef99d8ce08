"""The payers that imports have linked to a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from ..database.tables import connections, links

_OF_USER = (
    select(
        connections.c.slug.label("connection"),
        connections.c.name.label("connection_name"),
        connections.c.integration,
        links.c.external_id,
        links.c.created_at,
        links.c.removed_at,
    )
    .join(connections, connections.c.id == links.c.connection_id)
    .where(links.c.user_id == bindparam("user"))
    .order_by(connections.c.slug, links.c.external_id)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class UserLink:
    """A link as the user's page shows it; `removed_at`: the payer is gone at the provider."""

    connection: str
    connection_name: str
    integration: str
    external_id: str
    created_at: datetime
    removed_at: datetime | None


def links_of(connection: Connection, user_id: int) -> list[UserLink]:
    """The links of a user, of every connection, disabled ones too."""
    found = connection.execute(_OF_USER, {"user": user_id})
    return [UserLink(**row._mapping) for row in found]
