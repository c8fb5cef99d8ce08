"""Shapes of imports: change sets, their rows, decisions about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from ..imports.change_sets import RowState, State
from ..imports.imports import Unresolved
from ..imports.resolve import Choice, Lead, LinkTo, MakeNew, Skip
from ..imports.rules import Action, Rule
from .shapes import Body, Number, PageQuery, Shape, Slug

LAST_POSITION = 2**31 - 1
Position = Annotated[int, Field(ge=1, le=LAST_POSITION, description="The place of a row.")]
PayerId = Annotated[str, Field(min_length=1, max_length=200)]
Version = Annotated[
    int | None,
    Field(ge=0, le=2**31 - 1, description="The version that was looked at: 412 if it is another."),
]


class ChangeSet(Shape):
    """`counts` holds what rows do not show; `rows` counts rows by action and state."""

    number: int
    connection: Slug
    state: State
    agent: str
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    rows: Mapping[str, Mapping[str, int]]
    note: str
    version: int


class Row(Shape):
    """One payer: where it will go or went, why, and what changes, field by field."""

    position: int
    external_id: str
    name: str
    action: Action
    rule: Rule
    why: str
    user_id: int | None
    site_id: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    candidates: list[Mapping[str, Any]]
    state: RowState
    note: str


class ImportQuery(PageQuery):
    connection: Slug | None = None


class RowQuery(PageQuery):
    action: Action | None = None
    state: RowState | None = None
    rule: Rule | None = None
    q: Annotated[
        str, Field(max_length=200, description="Words of the name, the e-mail or the payer's id.")
    ] = ""


class Asked(Body):
    """`replaces` is an import that waits for its review, and is discarded for the new one."""

    replaces: Number | None = None


class Looked(Body):
    version: Version = None


class Approval(Looked):
    """`hold_left_out`: imports leave the payers that were left out alone until somebody releases
    them. Without it the next import takes them in, by a schedule too."""

    hold_left_out: bool = False


class Decision(Body):
    """One of: a user to link to, the only candidate, a new user in a site, skip, lead."""

    user: Number | None = None
    candidate: bool = False
    site: Number | None = None
    skip: bool = False
    lead: bool = False
    version: Version = None

    @model_validator(mode="after")
    def _one(self) -> Decision:
        given = (self.user, self.candidate, self.site, self.skip, self.lead)
        if sum(bool(it) for it in given) != 1:
            raise ValueError("Give one of user, candidate, site, skip, lead")
        return self

    def choice(self) -> Choice:
        if self.site is not None:
            return MakeNew(self.site)
        if self.skip:
            return Skip()
        return Lead() if self.lead else LinkTo(self.user)


class Decisions(Decision):
    """The same for every open conflict, or those of one kind."""

    kind: Rule | None = None


class Resolved(Shape):
    """`left` could not be resolved in this way, each with its reason."""

    resolved: int
    left: list[Unresolved]


class Tick(Body):
    """Rows by position, or all that a filter means."""

    wanted: bool
    positions: Annotated[list[Position], Field(max_length=10_000)] | None = None
    action: Action | None = None
    state: RowState | None = None
    text: Annotated[str, Field(max_length=200)] = ""
    version: Version = None


class Ticked(Shape):
    changed: int


class KeptRow(Shape):
    row: Row
    reason: str


class UndoPreview(Shape):
    """What taking back would come to: rows by action, and the first of those that would stay."""

    undone: Mapping[Action, int]
    kept: int
    first_kept: list[KeptRow]


class Release(Body):
    payers: Annotated[list[PayerId], Field(max_length=10_000)] = Field(default_factory=list)
    change_set: Number | None = None


class Released(Shape):
    released: int
