"""Whether a connection's payments are still to come: operators wonder where they are."""

from __future__ import annotations

from ...host import Host
from ...sync.due import Standing


def awaits_first_sync(host: Host, slug: str) -> Standing | None:
    """How the payments stand of a connection that mirrors them and never did so yet."""
    return next(
        (
            part
            for part in host.schedules.standing(slug)
            if part.part == "payments" and part.last is None
        ),
        None,
    )
