"""The rows of a plan, before they are stored, and what else a plan has to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ..database.columns import stored_time
from .lookups import Link
from .payers import Payer, Unreadable
from .policies import Values
from .rules import Action, Candidate, Rule


class PlannedRow(NamedTuple):
    """A row of a change set before it is stored.

    `after` of a conflict or a new user holds all that the payer offers, `offered` does for a link:
    so that an operator can place the payer elsewhere later.
    """

    external_id: str
    name: str
    action: Action
    rule: Rule
    why: str
    user_id: int | None = None
    site_id: int | None = None
    before: Values = {}  # noqa: RUF012 - never changed
    after: Values = {}  # noqa: RUF012
    written: Values = {}  # noqa: RUF012
    candidates: tuple[Candidate, ...] = ()
    digest: str = ""
    offered: Values = {}  # noqa: RUF012


@dataclass(slots=True)
class Counts:
    """What the rows of a plan do not show."""

    fetched: int = 0
    unchanged: int = 0
    held: int = 0
    linked: int = 0
    removed: int = 0

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


class Note(NamedTuple):
    """What to note on a link: nothing is left to do while the payer stays as `digest` says.

    It holds only if the link still has `seen`, since a change to the user replaces that.
    """

    digest: str
    link_id: int
    seen: str


class PlannedBatch(NamedTuple):
    """What came of a batch of payers; the caller stores the rows and notes, or shows them."""

    rows: list[PlannedRow]
    notes: list[Note]


def twice_row(external_id: str, name: str) -> PlannedRow:
    """A payer that the list holds a second time."""
    why = "The provider's list holds this payer twice; the first one counts."
    return PlannedRow(external_id, name, Action.SKIPPED, Rule.TWICE, why)


def unreadable_row(item: Unreadable) -> PlannedRow:
    """A record that cannot be imported."""
    return PlannedRow(
        item.id or "", item.id or "unknown", Action.SKIPPED, Rule.UNREADABLE, item.reason
    )


def returned_row(payer: Payer, link: Link, removed_at: datetime) -> PlannedRow:
    """A linked payer that was gone, and that the provider holds again."""
    return PlannedRow(
        payer.id,
        payer.name,
        Action.RETURNED,
        Rule.PROVIDER_ID,
        "The provider's list holds this payer again.",
        link.user_id,
        link.site_id,
        {"removed_at": stored_time(removed_at)},
    )


def removed_row(row: tuple[Any, ...]) -> PlannedRow:
    """A linked payer that the whole list did not hold."""
    external_id, user_id, site_id, *core = row
    return PlannedRow(
        external_id,
        Payer(external_id, tuple(core), {}).name,
        Action.REMOVED,
        Rule.ABSENT,
        "The provider's whole list no longer holds this payer. The user stays.",
        user_id,
        site_id,
    )
