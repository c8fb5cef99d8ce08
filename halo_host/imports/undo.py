"""Take back exactly what a change set did, row by row, the newest first.

A row is kept, with its reason, where anything (a person, a later change set) has changed since
what the row did. Payers whose row was undone are held until an operator releases them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from ..database.database import Database
from ..database.tables import audit_log, change_rows, custom_field_values, links, users
from ..jobs.lease import Lease
from . import change_sets, held, lookups
from .apply import (
    BATCH,
    Outcome,
    Work,
    change_written,
    differing,
    record_audit,
    record_outcomes,
    set_removed,
)
from .change_sets import ChangeRow, RowState
from .held import Reason
from .lookups import Link
from .policies import Values
from .rules import Action, Rule
from .user_values import write_values

_LINKING = frozenset({Action.NEW, Action.LINK})


def undo_all(
    database: Database,
    lease: Lease,
    number: int,
    work: Callable[[], Work],
    progress: Callable[[int], None],
) -> None:
    """Undo every applied row; killed anywhere, called again it goes on with the rest."""
    last: int | None = None
    while True:
        with database.write() as connection:
            lease.renew(connection, step="Taking back rows")
            batch = applied_rows(connection, number, last)
            undo_rows(connection, batch, work())
        progress(len(batch))
        if len(batch) < BATCH:
            return
        last = batch[-1].position
        database.tidy()


def applied_rows(connection: Connection, number: int, before: int | None) -> list[ChangeRow]:
    """A batch of applied rows, from the last position back."""
    query = select(change_rows.c.position).where(
        change_rows.c.change_set_id == number, change_rows.c.state == RowState.APPLIED
    )
    if before is not None:
        query = query.where(change_rows.c.position < before)
    positions = list(connection.scalars(query.order_by(change_rows.c.position.desc()).limit(BATCH)))
    if not positions:
        return []
    found = change_sets.rows(
        connection,
        number,
        state=RowState.APPLIED,
        after_position=positions[-1] - 1,
        limit=len(positions),
    )
    return found[::-1]


def undo_rows(connection: Connection, batch: Sequence[ChangeRow], work: Work) -> list[Outcome]:
    """Undo the rows of one batch in the transaction of `connection`."""
    outcomes = judged(connection, batch, work)
    good = [it for it in outcomes if it.state is RowState.UNDONE]
    by_action: dict[Action, list[Outcome]] = {action: [] for action in Action}
    for it in good:
        by_action[it.row.action].append(it)
    made = by_action[Action.NEW]
    changed = by_action[Action.LINK] + by_action[Action.UPDATE]
    write_values(
        connection, {it.user_id: it.row.before for it in changed if it.user_id is not None}
    )
    change_written(connection, work, by_action[Action.UPDATE], _written_before)
    set_removed(
        connection,
        work,
        [
            *((it, None) for it in by_action[Action.REMOVED]),
            *(
                (it, datetime.fromisoformat(it.row.before["removed_at"]))
                for it in by_action[Action.RETURNED]
            ),
        ],
    )
    unlinked = [it.row.external_id for it in made + by_action[Action.LINK]]
    connection.execute(
        delete(links).where(
            links.c.connection_id == work.connection_id, links.c.external_id.in_(unlinked)
        )
    )
    _no_longer_leads(connection, work, by_action[Action.UPDATE])
    _delete_users(connection, [it.user_id for it in made if it.user_id is not None])
    skipped = [it.row for it in good if it.row.action is Action.SKIPPED]
    held.release(connection, work.connection_id, [row.external_id for row in skipped])
    held.hold(
        connection,
        work.connection_id,
        [it.row for it in good if it.row.action is not Action.SKIPPED],
        Reason.UNDONE,
        work.now,
    )
    record_outcomes(connection, outcomes)
    record_audit(connection, good, work, "undo")
    return outcomes


def judged(connection: Connection, batch: Sequence[ChangeRow], work: Work) -> list[Outcome]:
    """What undoing each row would come to; changes nothing."""
    outcomes = [Outcome(row, RowState.UNDONE, row.user_id) for row in batch]
    user_ids = {row.user_id for row in batch if row.user_id is not None}
    current = lookups.current_values(connection, user_ids)
    payers = _all_payers(connection, user_ids)
    query = select(users.c.id, users.c.site_id).where(users.c.id.in_(list(user_ids)))
    sites: dict[int, int] = dict(map(tuple, connection.execute(query)))
    linked = lookups.links_of(connection, work.connection_id, [row.external_id for row in batch])
    by_hand = _linked_by_hand(connection, work, user_ids)
    for it in outcomes:
        if it.row.action is Action.SKIPPED:
            continue
        if it.row.action in _LINKING and it.row.external_id in by_hand:
            it.state, it.note = RowState.KEPT, "The payer was linked to the user by hand since."
            continue
        reason = _reason_to_keep(
            it.row,
            linked.get(it.row.external_id),
            current.get(it.user_id or 0),
            payers.get(it.user_id or 0, 0),
            sites.get(it.user_id or 0),
        )
        if reason:
            it.state, it.note = RowState.KEPT, reason
    return outcomes


def _reason_to_keep(
    row: ChangeRow, link: Link | None, current: Values | None, payers: int, site_id: int | None
) -> str | None:
    """Why what the row did can no longer be taken back, or None."""
    if current is None:
        return "The user is no longer there."
    if link is None or link.user_id != row.user_id:
        return "The payer is no longer linked to this user."
    if row.action is Action.REMOVED:
        return None if link.removed_at else "The provider's list held the payer again since."
    if link.removed_at:
        return "A later import found that the provider removed this payer."
    if row.action is Action.RETURNED:
        return None
    if row.action is not Action.NEW:
        changed = differing(current, row.after)
        return f"Changed since: {', '.join(changed)}." if changed else None
    if site_id != row.site_id:
        return "The user was moved to another site since."
    if payers > 1:
        return "Another payer was linked to the user since."
    changed = sorted(differing(current, row.after) + [n for n in current if n not in row.after])
    return f"Changed since: {', '.join(changed)}." if changed else None


def _linked_by_hand(connection: Connection, work: Work, user_ids: Collection[int]) -> set[str]:
    """Payers whose link to one of the users, as it is now, was made by an operator."""
    made_at: dict[str, datetime] = dict(
        map(
            tuple,
            connection.execute(
                select(links.c.external_id, links.c.created_at).where(
                    links.c.connection_id == work.connection_id, links.c.user_id.in_(user_ids)
                )
            ),
        )
    )
    noted = connection.execute(
        select(audit_log.c.after, audit_log.c.at).where(
            audit_log.c.entity == "user",
            audit_log.c.entity_id.in_([str(it) for it in user_ids]),
            audit_log.c.action == "user.linked",
        )
    )
    return {
        after["payer"]
        for after, at in noted
        if after["connection"] == work.slug and made_at.get(after["payer"]) == at
    }


def _all_payers(connection: Connection, user_ids: Collection[int]) -> dict[int, int]:
    """How many payers, of any connection, the users have."""
    query = select(links.c.user_id).where(links.c.user_id.in_(list(user_ids)))
    counted: dict[int, int] = {}
    for user_id in connection.scalars(query):
        counted[user_id] = counted.get(user_id, 0) + 1
    return counted


def _written_before(outcome: Outcome, written: Values) -> Values:
    kept = {name: value for name, value in written.items() if name not in outcome.row.after}
    return kept | outcome.row.written


def _no_longer_leads(connection: Connection, work: Work, outcomes: list[Outcome]) -> None:
    """An update by hand said which payer of a user leads; undone, none does."""
    by_hand = [it.row.external_id for it in outcomes if it.row.rule is Rule.BY_HAND]
    connection.execute(
        update(links)
        .where(links.c.connection_id == work.connection_id, links.c.external_id.in_(by_hand))
        .values(leads=False)
    )


def _delete_users(connection: Connection, user_ids: list[int]) -> None:
    connection.execute(
        delete(custom_field_values).where(custom_field_values.c.user_id.in_(user_ids))
    )
    connection.execute(delete(users).where(users.c.id.in_(user_ids)))
