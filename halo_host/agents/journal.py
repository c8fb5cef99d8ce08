"""Audit rows about agents and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from .. import audit

NOBODY = "nobody"  # who tried to sign in
PROVIDER = "provider"  # of sign-ins


def note(
    connection: Connection,
    at: datetime,
    by: str,
    action: str,
    entity_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """`action` is the entity and what was done, as in `agent.added`."""
    audit.record(
        connection,
        at=at,
        agent=by,
        action=action,
        entity=action.partition(".")[0],
        entity_id=entity_id,
        before=before,
        after=after,
    )
