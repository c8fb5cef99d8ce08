"""Conflicts decided by hand: link to a user, make a new user, skip the payer, say who leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, select, update

from ..audit import record
from ..database.tables import change_rows, sites
from ..errors import HostError, InvalidInput, NotFound
from . import lookups
from .apply import Work, apply_rows
from .change_sets import ChangeRow, RowState
from .policies import FieldPolicies
from .rules import Action, Rule

PLACEABLE = frozenset({RowState.OPEN, RowState.PENDING, RowState.LEFT_OUT})
PLACED = frozenset({Action.CONFLICT, Action.NEW, Action.LINK, Action.SKIPPED})
_BEFORE = " Before: "
_STORED = ("action", "rule", "why", "user_id", "site_id", "before", "after", "written", "offered",
           "state")  # fmt: skip


class Choice(Protocol):
    """How a payer is to be placed, or a conflict resolved."""

    def decide(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> tuple[ChangeRow, str]:
        """The row as it is to be applied, and why.

        :raises HostError: this row cannot be resolved in this way.
        """


@dataclass(frozen=True, slots=True)
class LinkTo:
    """Link the payer to a user; None takes the only user among the candidates."""

    user_id: int | None = None

    def decide(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> tuple[ChangeRow, str]:
        _refuse_linked(connection, row, work)
        user_id = self.user_id or _only_candidate(row)
        current = lookups.current_values(connection, [user_id]).get(user_id)
        if current is None:
            raise NotFound(f"There is no user {user_id}.", advice="See `halo-host users list`.")
        offered = row.everything_offered
        before, after = policies.changes(offered, current, {})
        linked = row._replace(
            action=Action.LINK,
            user_id=user_id,
            site_id=None,
            before=before,
            after=after,
            offered=offered,
        )
        return linked, f"Linked to user {user_id} by hand."


@dataclass(frozen=True, slots=True)
class MakeNew:
    """Make a new user in a site."""

    site_id: int

    def decide(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> tuple[ChangeRow, str]:
        _refuse_linked(connection, row, work)
        if connection.scalar(select(sites.c.id).filter_by(id=self.site_id)) is None:
            raise NotFound(
                f"There is no site {self.site_id}.", advice="See `halo-host sites list`."
            )
        made = row._replace(
            action=Action.NEW,
            user_id=None,
            site_id=self.site_id,
            before={},
            after=row.everything_offered,
        )
        return made, "Made a new user by hand."


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the payer out of imports until it is released."""

    def decide(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> tuple[ChangeRow, str]:
        _refuse_linked(connection, row, work)
        skipped = row._replace(
            action=Action.SKIPPED,
            user_id=None if row.action is Action.NEW else row.user_id,
            before={},
            after=row.everything_offered,
        )
        return skipped, "Skipped by hand."


@dataclass(frozen=True, slots=True)
class Lead:
    """Of several payers of one user, let this one's values count from now on."""

    def decide(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> tuple[ChangeRow, str]:
        if row.rule is not Rule.PAYERS_DIFFER or row.user_id is None:
            raise InvalidInput(f"Row {row.position} is no conflict between payers of one user.")
        custom = lookups.custom_values(connection, [row.user_id]).get(row.user_id, {})
        link = lookups.links_of(connection, work.connection_id, [row.external_id])[row.external_id]
        current = lookups.named_values(link.core) | custom
        before, after = policies.changes(row.after, current, link.written_values | custom)
        connection.execute(
            update(change_rows)
            .where(
                change_rows.c.change_set_id == row.change_set,
                change_rows.c.user_id == row.user_id,
                change_rows.c.rule == Rule.PAYERS_DIFFER,
                change_rows.c.state == RowState.OPEN,
                change_rows.c.position != row.position,
            )
            .values(state=RowState.SUPERSEDED)
        )
        leading = row._replace(action=Action.UPDATE, before=before, after=after, written={})
        return leading, "This payer leads, by hand."


def resolve(
    connection: Connection, row: ChangeRow, choice: Choice, work: Work, policies: FieldPolicies
) -> None:
    """Resolve one conflict, and apply that, in the transaction of `connection`.

    :raises HostError: the row is no open conflict, or cannot be resolved in this way.
    """
    if row.state is not RowState.OPEN:
        raise InvalidInput(
            f"Row {row.position} is no open conflict (it is {row.state}).",
            advice=f"See `halo-host import show {row.change_set} --action conflict`.",
        )
    outcome = apply_rows(connection, [_decided(connection, row, choice, work, policies)], work)[0]
    if outcome.state is not RowState.APPLIED:
        raise HostError(f"Row {row.position} cannot be applied: {outcome.note}")


def place(
    connection: Connection, row: ChangeRow, choice: Choice, work: Work, policies: FieldPolicies
) -> None:
    """Decide one row of a change set that waits to be applied; nothing of it is applied yet.

    :raises HostError: the row cannot be placed, or not in this way.
    """
    if row.state not in PLACEABLE or row.action not in PLACED:
        raise InvalidInput(
            f"Row {row.position} cannot be placed by hand: it is {row.action} ({row.state})."
        )
    decided = _decided(connection, row, choice, work, policies)
    note = f"Decided by {work.agent}."
    connection.execute(
        update(change_rows)
        .filter_by(change_set_id=row.change_set, position=row.position)
        .values(note=note)
    )
    record(
        connection,
        at=work.now,
        agent=work.agent,
        action="import.placed",
        entity="change set",
        entity_id=row.change_set,
        before={"row": row.position, "action": row.action},
        after={
            "row": row.position,
            "action": decided.action,
            "user": decided.user_id,
            "site": decided.site_id,
        },
    )


def is_placeable(row: ChangeRow) -> bool:
    """Whether an operator may place this row by hand while its change set waits."""
    return row.state in PLACEABLE and row.action in PLACED


def _refuse_linked(connection: Connection, row: ChangeRow, work: Work) -> None:
    if row.rule is Rule.PAYERS_DIFFER:
        raise InvalidInput(
            f"Row {row.position} is about payers that are linked already.",
            advice="Say which one leads: --lead",
        )
    link = lookups.links_of(connection, work.connection_id, [row.external_id])
    if link:
        user_id = link[row.external_id].user_id
        raise InvalidInput(f"The payer of row {row.position} is linked to user {user_id} by now.")


def _only_candidate(row: ChangeRow) -> int:
    user_ids = [it["user"] for it in row.candidates if "user" in it]
    if len(user_ids) != 1:
        raise InvalidInput(
            f"Row {row.position} has {len(user_ids)} users as candidates.",
            advice="Name the user: --user NUMBER",
        )
    return int(user_ids[0])


def _decided(
    connection: Connection, row: ChangeRow, choice: Choice, work: Work, policies: FieldPolicies
) -> ChangeRow:
    """The row as the choice makes it, stored to be applied."""
    changed, why = choice.decide(connection, row, work, policies)
    planned = row.why.rpartition(_BEFORE)[2]
    decided = changed._replace(
        rule=Rule.BY_HAND, state=RowState.PENDING, why=f"{why}{_BEFORE}{planned}"
    )
    stored = decided._asdict()
    connection.execute(
        update(change_rows)
        .filter_by(change_set_id=row.change_set, position=row.position)
        .values({name: stored[name] for name in _STORED})
    )
    return decided
