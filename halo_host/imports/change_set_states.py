"""Where change sets stand: what may begin, what waits, and decisions made from an old page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from ..database.tables import change_sets
from ..errors import ChangedMeanwhile, InvalidInput
from .change_sets import State, delete_rows, set_state, unknown

# Their rows wait for an operator, who may tick and place them.
WAITING = frozenset({State.PLANNED, State.HELD})
UNDOABLE = frozenset({State.APPLIED, State.PARTLY_UNDONE})
RUNNING = frozenset({State.QUEUED, State.PLANNING, State.APPLYING, State.UNDOING})


def set_counts(connection: Connection, number: int, counts: Mapping[str, int]) -> None:
    connection.execute(update(change_sets).filter_by(id=number).values(counts=counts))


def begin_anew(connection: Connection, number: int) -> None:
    """A change set that was queued, or whose planning was interrupted, is planned from its start.

    :raises InvalidInput: an operator has cancelled it.
    """
    startable = [State.QUEUED, State.PLANNING, State.ABANDONED]
    state = state_of(connection, number)
    if state not in startable:
        raise InvalidInput(f"Import {number} is {state}; nothing was fetched.")
    delete_rows(connection, number)
    set_state(connection, number, State.PLANNING, counts={}, note="")


def open_review(connection: Connection, connection_id: int) -> int | None:
    """The newest change set of a connection that waits for an operator: while there is one, nothing
    is imported by itself, for that would write what was left out of it."""
    return next(iter(in_states(connection, connection_id, WAITING)), None)


def ended_since(connection: Connection, connection_id: int, when: datetime) -> int | None:
    """A change set of the connection that was applied or taken back after that time."""
    return connection.scalar(
        select(change_sets.c.id)
        .where(
            change_sets.c.connection_id == connection_id,
            change_sets.c.state.in_([*UNDOABLE, State.UNDONE]),
            change_sets.c.finished_at > when,
        )
        .order_by(change_sets.c.id.desc())
        .limit(1)
    )


def planned_at(connection: Connection, number: int) -> tuple[State, datetime]:
    """The state of a change set, and when its provider was asked."""
    row = connection.execute(
        select(change_sets.c.state, change_sets.c.started_at).filter_by(id=number)
    ).one()
    return State(row.state), row.started_at


def discard_replaced(connection: Connection, replaced: int, number: int, now: datetime) -> None:
    """An operator wanted import `number` in the place of one that waits, if it waits still."""
    connection.execute(
        update(change_sets)
        .where(change_sets.c.id == replaced, change_sets.c.state == State.PLANNED)
        .values(
            state=State.DISCARDED,
            finished_at=now,
            note=f"Import {number} has looked at every payer again.",
            version=change_sets.c.version + 1,
        )
    )


def state_of(connection: Connection, number: int) -> State:
    """:raises NotFound: there is no change set of that number."""
    state = connection.scalar(select(change_sets.c.state).filter_by(id=number))
    if state is None:
        raise unknown(number)
    return State(state)


def in_states(connection: Connection, connection_id: int, states: Iterable[State]) -> list[int]:
    """Change sets of one connection in those states, the newest first."""
    query = select(change_sets.c.id).where(
        change_sets.c.connection_id == connection_id, change_sets.c.state.in_(list(states))
    )
    return list(connection.scalars(query.order_by(change_sets.c.id.desc())))


def expect(
    connection: Connection, number: int, states: Iterable[State], version: int | None
) -> None:
    """Make sure, at the begin of a decision, that it is made about the change set as it stands.

    :raises ChangedMeanwhile: somebody has decided something since the page was loaded.
    :raises InvalidInput: it is in another state.
    :raises NotFound: there is no change set of that number.
    """
    row = connection.execute(
        select(change_sets.c.state, change_sets.c.version).filter_by(id=number)
    ).one_or_none()
    if row is None:
        raise unknown(number)
    if version is not None and row.version != version:
        raise ChangedMeanwhile(
            f"Import {number} has changed since you loaded this page; nothing was done.",
            advice="Load the page again, and look at what is there now.",
        )
    if State(row.state) not in frozenset(states):
        raise InvalidInput(
            f"Import {number} is {row.state}, not {' or '.join(sorted(states))}; "
            "nothing was changed."
        )
    connection.execute(
        update(change_sets).filter_by(id=number).values(version=change_sets.c.version + 1)
    )
