"""Conflicts decided by hand: link to a user, make a new user, skip the payer, say who leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, select, update

from ..database.tables import change_rows, links, sites
from ..errors import HostError, InvalidInput, NotFound
from . import held, lookups
from .apply import Outcome, Work, apply_rows, record_audit, record_outcomes
from .change_sets import ChangeRow, RowState
from .held import Reason
from .policies import FieldPolicies
from .rules import Action, Rule


class Choice(Protocol):
    """How a conflict is to be resolved."""

    def resolve(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> None:
        """:raises HostError: this row cannot be resolved in this way."""


@dataclass(frozen=True, slots=True)
class LinkTo:
    """Link the payer to a user; None takes the only user among the candidates."""

    user_id: int | None = None

    def resolve(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> None:
        _refuse_linked(connection, row, work)
        user_id = self.user_id or _only_candidate(row)
        current = lookups.current_values(connection, [user_id]).get(user_id)
        if current is None:
            raise NotFound(f"There is no user {user_id}.", advice="See `halo-host users list`.")
        before, after = policies.changes(row.after, current, {})
        _apply(
            connection,
            row._replace(
                action=Action.LINK,
                user_id=user_id,
                site_id=None,
                before=before,
                after=after,
            ),
            f"Linked to user {user_id} by hand.",
            work,
        )


@dataclass(frozen=True, slots=True)
class MakeNew:
    """Make a new user in a site."""

    site_id: int

    def resolve(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> None:
        _refuse_linked(connection, row, work)
        if connection.scalar(select(sites.c.id).filter_by(id=self.site_id)) is None:
            raise NotFound(
                f"There is no site {self.site_id}.", advice="See `halo-host sites list`."
            )
        _apply(
            connection,
            row._replace(action=Action.NEW, user_id=None, site_id=self.site_id),
            "Made a new user by hand.",
            work,
        )


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the payer out of imports until it is released."""

    def resolve(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> None:
        _refuse_linked(connection, row, work)
        skipped = row._replace(action=Action.SKIPPED, rule=Rule.BY_HAND)
        held.hold(connection, work.connection_id, [skipped], Reason.SKIPPED, work.now)
        _store(connection, skipped, "Skipped by hand.")
        outcome = Outcome(skipped, note=f"Decided by {work.agent}.")
        record_outcomes(connection, [outcome])
        record_audit(connection, [outcome], work, "import")


@dataclass(frozen=True, slots=True)
class Lead:
    """Of several payers of one user, let this one's values count from now on."""

    def resolve(
        self, connection: Connection, row: ChangeRow, work: Work, policies: FieldPolicies
    ) -> None:
        if row.rule is not Rule.PAYERS_DIFFER or row.user_id is None:
            raise InvalidInput(f"Row {row.position} is no conflict between payers of one user.")
        connection.execute(
            update(links)
            .filter_by(connection_id=work.connection_id, user_id=row.user_id)
            .values(leads=links.c.external_id == row.external_id)
        )
        custom = lookups.custom_values(connection, [row.user_id]).get(row.user_id, {})
        link = lookups.links_of(connection, work.connection_id, [row.external_id])[row.external_id]
        current = lookups.named_values(link.core) | custom
        before, after = policies.changes(row.after, current, link.written_values | custom)
        _apply(
            connection,
            row._replace(action=Action.UPDATE, before=before, after=after, written={}),
            "This payer leads, by hand.",
            work,
        )
        connection.execute(
            update(change_rows)
            .filter_by(
                change_set_id=row.change_set,
                user_id=row.user_id,
                rule=Rule.PAYERS_DIFFER,
                state=RowState.OPEN,
            )
            .values(state=RowState.SUPERSEDED)
        )


def resolve(
    connection: Connection, row: ChangeRow, choice: Choice, work: Work, policies: FieldPolicies
) -> None:
    """Resolve one conflict in the transaction of `connection`.

    :raises HostError: the row is no open conflict, or cannot be resolved in this way.
    """
    if row.state is not RowState.OPEN:
        raise InvalidInput(
            f"Row {row.position} is no open conflict (it is {row.state}).",
            advice=f"See `halo-host import show {row.change_set} --action conflict`.",
        )
    choice.resolve(connection, row, work, policies)


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


def _apply(connection: Connection, row: ChangeRow, why: str, work: Work) -> None:
    decided = row._replace(rule=Rule.BY_HAND, state=RowState.PENDING)
    _store(connection, decided, why)
    outcome = apply_rows(connection, [decided], work)[0]
    if outcome.state is not RowState.APPLIED:
        raise HostError(f"Row {row.position} cannot be applied: {outcome.note}")


def _store(connection: Connection, row: ChangeRow, why: str) -> None:
    connection.execute(
        update(change_rows)
        .filter_by(change_set_id=row.change_set, position=row.position)
        .values(
            action=row.action,
            rule=row.rule,
            why=f"{why} Before: {row.why}",
            user_id=row.user_id,
            site_id=row.site_id,
            before=row.before,
            after=row.after,
            written=row.written,
            state=row.state,
        )
    )
