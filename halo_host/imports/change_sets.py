"""Change sets and their rows in the database: numbered, kept, read page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    String,
    delete,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.engine import Row

from ..database.bulk import insert_rows
from ..database.columns import Json, decode_json, encode_json
from ..database.contains import holds
from ..database.ids import allocate_ids
from ..database.tables import change_rows, change_sets, connections
from ..errors import NotFound
from .planned_rows import PlannedRow
from .policies import Values
from .row_counts import Counted
from .rules import Action, Candidate, Rule


class State(StrEnum):
    """Where a change set stands."""

    QUEUED = "queued"  # asked for on a page; an integrator will look at the provider
    PLANNING = "planning"  # its rows are being written; a killed one is abandoned
    PLANNED = "planned"  # a dry run that was kept: waits for an operator to apply it
    HELD = "held"  # waits for an operator, because too many payers are gone
    APPLYING = "applying"  # a killed one is finished by the next run
    APPLIED = "applied"
    UNDOING = "undoing"  # a killed one is finished by the next undo or run
    UNDONE = "undone"
    PARTLY_UNDONE = "partly-undone"  # some rows were kept; undo may be tried again
    FAILED = "failed"  # the provider or its plugin failed; nothing was applied
    ABANDONED = "abandoned"  # killed while planning; nothing was applied
    DISCARDED = "discarded"  # held or planned, and dismissed by an operator or a later import


class RowState(StrEnum):
    """Where a row stands."""

    PENDING = "pending"
    LEFT_OUT = "left-out"  # an operator does not want it; the next import looks at it again
    APPLIED = "applied"
    REFUSED = "refused"  # what the row starts from had changed when it was to be applied
    OPEN = "open"  # a conflict that waits for an operator
    SUPERSEDED = "superseded"  # a conflict that a later import has looked at again
    NOTED = "noted"
    UNDONE = "undone"
    KEPT = "kept"  # undo was refused, because something has changed it since


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSet:
    """`counts` holds what rows do not show: fetched, unchanged, held, linked, removed.

    `version` grows with every decision about it, so that one made from an old page is noticed.
    """

    number: int
    connection: str
    state: State
    agent: str
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    rows: Mapping[str, Mapping[str, int]]
    note: str
    version: int = 0

    def count(self, *states: RowState, action: Action | None = None) -> int:
        """How many rows are in those states; without any, how many rows there are."""
        of = [self.rows.get(action, {})] if action else self.rows.values()
        return sum(
            count for each in of for state, count in each.items() if not states or state in states
        )


class ChangeRow(NamedTuple):
    """A stored row of a change set.

    `offered` is all that the payer offers, where `after` holds only what changes of it.
    """

    change_set: int
    position: int
    external_id: str
    name: str
    action: Action
    rule: Rule
    why: str
    user_id: int | None
    site_id: int | None
    before: Values
    after: Values
    written: Values
    digest: str
    candidates: Sequence[Candidate]
    state: RowState
    note: str
    offered: Values

    @property
    def everything_offered(self) -> Values:
        return self.offered or self.after


Counting = Callable[[Connection, Row[Any]], Counted]

_COLUMNS = tuple(column.name for column in change_rows.c if column.name != "note")
_KEY = 100  # characters of each part of a search key; an index entry must stay small
_FIRST_STATE = {Action.CONFLICT: RowState.OPEN, Action.SKIPPED: RowState.NOTED}


def create(
    connection: Connection,
    connection_id: int,
    agent: str,
    now: datetime,
    state: State = State.PLANNING,
) -> int:
    number = allocate_ids(connection, change_sets)[0]
    connection.execute(
        insert(change_sets).values(
            id=number,
            connection_id=connection_id,
            state=state,
            agent=agent,
            started_at=now,
            counts={},
        )
    )
    return number


def append(
    connection: Connection, number: int, position: int, planned: Iterable[PlannedRow]
) -> int:
    """Store rows from `position` on; the position after the last."""
    rows = []
    for row in planned:
        rows.append(
            (
                number,
                position,
                row.external_id,
                row.name,
                row.action,
                row.rule,
                row.why,
                row.user_id,
                row.site_id,
                encode_json(row.before) if row.before else "{}",
                encode_json(row.after) if row.after else "{}",
                encode_json(row.written) if row.written else "{}",
                row.digest,
                encode_json(row.candidates) if row.candidates else "[]",
                _FIRST_STATE.get(row.action, RowState.PENDING),
                encode_json(row.offered) if row.offered else "{}",
                _search_key(row),
            )
        )
        position += 1
    insert_rows(connection, change_rows, _COLUMNS, rows)
    return position


def _search_key(row: PlannedRow) -> str:
    """Name, payer and e-mail address, folded: what a list is searched by, and sorted by name."""
    email = (row.offered or row.after).get("email", "")
    parts = (row.name[:_KEY], row.external_id[:_KEY], email[:_KEY])
    return " ".join(parts).casefold()


def set_state(
    connection: Connection,
    number: int,
    state: State,
    *,
    counts: Mapping[str, int] | None = None,
    finished_at: datetime | None = None,
    note: str | None = None,
) -> None:
    values: dict[str, Any] = {
        "state": state,
        "finished_at": finished_at,
        "version": change_sets.c.version + 1,
    }
    if counts is not None:
        values["counts"] = counts
    if note is not None:
        values["note"] = note
    connection.execute(update(change_sets).filter_by(id=number).values(values))


def delete_rows(connection: Connection, number: int) -> None:
    connection.execute(delete(change_rows).filter_by(change_set_id=number))


def try_kept_rows_again(connection: Connection, number: int) -> None:
    """Rows that an earlier undo had to keep count as applied again, until they are judged anew."""
    connection.execute(
        update(change_rows)
        .filter_by(change_set_id=number, state=RowState.KEPT)
        .values(state=RowState.APPLIED, note="")
    )


def has_kept_rows(connection: Connection, number: int) -> bool:
    query = select(change_rows.c.position).filter_by(change_set_id=number, state=RowState.KEPT)
    return connection.scalar(query.limit(1)) is not None


def supersede_conflicts(connection: Connection, connection_id: int, before: int) -> None:
    """A later import has looked at every payer again, so older conflicts no longer wait."""
    older = select(change_sets.c.id).where(
        change_sets.c.connection_id == connection_id, change_sets.c.id < before
    )
    connection.execute(
        update(change_rows)
        .where(change_rows.c.change_set_id.in_(older), change_rows.c.state == RowState.OPEN)
        .values(state=RowState.SUPERSEDED)
    )


def get(connection: Connection, number: int, count: Counting) -> ChangeSet:
    """:raises NotFound: there is no change set of that number."""
    row = connection.execute(_sets().where(change_sets.c.id == number)).one_or_none()
    if row is None:
        raise unknown(number)
    return _change_set(connection, row, count)


def unknown(number: int) -> NotFound:
    return NotFound(f"There is no import {number}.", advice="See `halo-host import list`.")


def newest(
    connection: Connection,
    count: Counting,
    slug: str | None,
    limit: int,
    before: int | None = None,
) -> list[ChangeSet]:
    query = _sets().order_by(change_sets.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(change_sets.c.id < before)
    if slug is not None:
        query = query.where(connections.c.slug == slug)
    return [_change_set(connection, row, count) for row in connection.execute(query).all()]


def unfinished(connection: Connection, connection_id: int) -> list[tuple[int, State]]:
    """Change sets that a killed import or undo has left, oldest first."""
    busy = [State.PLANNING, State.APPLYING, State.UNDOING]
    query = (
        select(change_sets.c.id, change_sets.c.state)
        .where(change_sets.c.connection_id == connection_id, change_sets.c.state.in_(busy))
        .order_by(change_sets.c.id)
    )
    return [(number, State(state)) for number, state in connection.execute(query)]


def rows(
    connection: Connection,
    number: int,
    *,
    action: Action | None = None,
    state: RowState | None = None,
    rule: Rule | None = None,
    text: str = "",
    after_position: int = 0,
    limit: int = 500,
) -> list[ChangeRow]:
    """Rows in their order, by page: continue with the last position."""
    query = select(*_row_columns).where(
        change_rows.c.change_set_id == number, change_rows.c.position > after_position
    )
    for column, wanted in (("action", action), ("state", state), ("rule", rule)):
        if wanted is not None:
            query = query.where(change_rows.c[column] == wanted)
    for word in text.split()[:8]:
        query = query.where(holds(change_rows.c.search_key, word))
    found = connection.execute(query.order_by(change_rows.c.position).limit(limit)).all()
    return [_change_row(row) for row in found]


def rows_at(connection: Connection, number: int, positions: Sequence[int]) -> list[ChangeRow]:
    query = select(*_row_columns).where(
        change_rows.c.change_set_id == number, change_rows.c.position.in_(positions)
    )
    return [_change_row(row) for row in connection.execute(query).all()]


def row(connection: Connection, number: int, position: int) -> ChangeRow:
    """:raises NotFound: the change set has no row at that position."""
    found = connection.execute(
        select(*_row_columns).where(
            change_rows.c.change_set_id == number, change_rows.c.position == position
        )
    ).one_or_none()
    if found is None:
        raise NotFound(
            f"Import {number} has no row {position}.",
            advice=f"See `halo-host import show {number}`.",
        )
    return _change_row(found)


def _sets() -> Select[Any]:
    return select(change_sets, connections.c.slug).join(
        connections, connections.c.id == change_sets.c.connection_id
    )


def _change_set(connection: Connection, row: Row[Any], count: Counting) -> ChangeSet:
    return ChangeSet(
        number=row.id,
        connection=row.slug,
        state=State(row.state),
        agent=row.agent,
        started_at=row.started_at,
        finished_at=row.finished_at,
        counts=row.counts,
        rows=count(connection, row),
        note=row.note,
        version=row.version,
    )


def _change_row(row: Row[Any]) -> ChangeRow:
    values = list(row)
    values[_ACTION] = _ACTIONS[values[_ACTION]]
    values[_RULE] = _RULES[values[_RULE]]
    values[_STATE] = _STATES[values[_STATE]]
    for place in _JSON:
        values[place] = decode_json(values[place])
    return ChangeRow._make(values)


_ACTIONS = {action.value: action for action in Action}
_RULES = {rule.value: rule for rule in Rule}
_STATES = {state.value: state for state in RowState}
_place = ChangeRow._fields.index
_ACTION, _RULE, _STATE = _place("action"), _place("rule"), _place("state")
_JSON = [_place(name) for name in ("before", "after", "written", "candidates", "offered")]
# JSON is read as text and decoded above: a type's own decoder is called through three functions.
_row_columns = [
    type_coerce(column, String) if isinstance(column.type, Json) else column
    for column in (change_rows.c[name] for name in ChangeRow._fields if name != "change_set")
]
_row_columns.insert(0, change_rows.c.change_set_id)
