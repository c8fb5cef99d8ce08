"""What waits on the start page: for somebody's decision, or for the first sync."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...connections.connections import ConnectionDetails
from ...host import Host
from ...imports.change_sets import ChangeSet, RowState, State
from ...plurals import counted
from ..integrations.module import address

_LOOKED_AT = 5  # of the newest imports of a connection: a later one supersedes older conflicts


@dataclass(frozen=True, slots=True)
class Waiting:
    """`link` is what to do about it, at `url`."""

    text: str
    note: str
    link: str
    url: str
    icon: str


def waiting(host: Host, connections: Iterable[ConnectionDetails]) -> Sequence[Waiting]:
    """Nothing that has to be counted over many rows: the page stands at once."""
    return [
        each
        for details in connections
        for each in (*_decisions(host, details), *_first_sync(host, details))
    ]


def _decisions(host: Host, details: ConnectionDetails) -> Iterator[Waiting]:
    for found in host.imports.newest(details.slug, limit=_LOOKED_AT):
        page = f"/imports/{found.number}"
        if found.state is State.HELD:
            yield Waiting(
                f"Import {found.number} of {details.name} is held",
                "Many linked payers are gone at the provider; nothing was applied.",
                "Look at it",
                page,
                "alert-triangle",
            )
        elif found.state is State.PLANNED:
            yield Waiting(
                f"Import {found.number} of {details.name} waits for its review",
                "Nothing of it is applied before that.",
                "Review",
                page,
                "transfer-in",
            )
        elif conflicts := _open_conflicts(found):
            wait = "waits" if conflicts == 1 else "wait"
            yield Waiting(
                f"{counted(conflicts, 'conflict')} of {details.name} {wait} for a decision",
                "They are left alone until then.",
                "Decide",
                f"{page}?action=conflict",
                "alert-triangle",
            )


def _open_conflicts(found: ChangeSet) -> int:
    return found.count(RowState.OPEN) if found.state is State.APPLIED else 0


def _first_sync(host: Host, details: ConnectionDetails) -> Iterator[Waiting]:
    if not details.enabled or "payments" not in host.schedules.offered(details):
        return
    if host.sync.freshness(details.slug).checked_at is not None:
        return
    paused = host.schedules.get(details.slug).paused_at is not None
    yield Waiting(
        f"{details.name} has not read any payments yet",
        "They come with the first sync, which does not begin while the connection is paused."
        if paused
        else "They come with the first sync, a few minutes after enabling.",
        "Look at the Integrator",
        address(details.slug, "integrator"),
        "refresh",
    )
