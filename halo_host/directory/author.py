"""Who changes the directory, and when: every change leaves its row in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from .. import audit


@dataclass(frozen=True, slots=True)
class Author:
    """The agent of a change and its time in UTC; passed to every function that writes."""

    agent: str
    at: datetime

    def record(
        self,
        connection: Connection,
        action: str,
        entity_id: int,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the audit row; `action` is the entity and what was done, as in `user.added`."""
        audit.record(
            connection,
            at=self.at,
            agent=self.agent,
            action=action,
            entity=action.partition(".")[0],
            entity_id=entity_id,
            before=before,
            after=after,
        )
