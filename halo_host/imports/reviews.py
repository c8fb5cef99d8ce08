"""Imports that operators look at before they are applied: what pages, the API and commands call.

The provider is read, changes are applied and taken back by an integrator, as jobs: whoever asked
for that may go away. Decisions are made about the `version` of a change set that was shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from ..audit import record
from ..connections.connections import Connections
from ..database.database import Database
from ..database.tables import change_rows
from ..errors import ConnectionBusy, InvalidInput
from ..jobs.job import Job, JobState, Why
from ..jobs.jobs import Jobs
from . import change_set_states, change_sets, held, listing, lookups
from .change_set_states import RUNNING, UNDOABLE, WAITING
from .change_sets import ChangeRow, ChangeSet, RowState, State
from .imports import LOOK, Imports
from .listing import Order, RowFilter, RowPage
from .lookups import KnownUser
from .rules import Action

_LIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
_LOOKED_THROUGH = 50  # jobs of a connection, the newest first
_SHOWN = 200  # rows of a preview
MOST_NAMED = 10_000  # rows that one decision names one by one


@dataclass(frozen=True, kw_only=True, slots=True)
class UndoPreview:
    """What taking back would come to: rows by action, the first of them, and the first of those
    that would stay, each with its reason. `users` are those that the rows name."""

    undone: Mapping[Action, int]
    kept: int
    first_undone: Sequence[ChangeRow]
    first_kept: Sequence[tuple[ChangeRow, str]]
    users: Mapping[int, KnownUser]

    @property
    def total(self) -> int:
        return sum(self.undone.values())


class Reviews:
    def __init__(
        self,
        database: Database,
        connections: Connections,
        jobs: Jobs,
        imports: Imports,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._connections = connections
        self._jobs = jobs
        self._imports = imports
        self._clock = clock

    # --- work that goes on by itself -----------------------------------------------------------

    def start(self, slug: str, *, agent: str, replaces: int | None = None) -> ChangeSet:
        """Have the provider read; the change set fills, and then waits to be applied.

        `replaces` is the import that waits for its review, where the operator wants this one in its
        place: it is discarded once the provider is read.

        :raises ConnectionBusy: an import of this connection is under way.
        :raises InvalidInput: the connection is disabled, has no Default Site, or has an import that
            is held, or that waits for its review and is not the one to be replaced.
        """
        self.expect_startable(slug)
        self._imports.expect_replaceable(slug, replaces)
        details = self._connections.get(slug)
        with self._database.write() as connection:
            running = change_set_states.in_states(connection, details.id, RUNNING)
            if running:
                raise ConnectionBusy(
                    f"Import {running[0]} of {details.name} is under way.",
                    advice="Wait for its end, or stop it.",
                )
            number = change_sets.create(connection, details.id, agent, self._clock(), State.QUEUED)
            self._note(connection, agent, "import.asked", number, {"connection": slug})
        return self._queued(number, slug, LOOK, agent, replaces)

    def expect_startable(self, slug: str) -> None:
        """Make sure that `start` could begin, but for an import that is under way or waits for
        its review.

        :raises InvalidInput: the message says what is missing.
        """
        self._imports.expect_importable(slug)

    def apply(
        self,
        number: int,
        *,
        agent: str,
        version: int | None = None,
        hold_left_out: bool = False,
    ) -> ChangeSet:
        """Have the rows applied that are not left out.

        With `hold_left_out` no import looks at the payers of the others until somebody releases
        them; without it the next import takes them in, by a schedule too.

        :raises ChangedMeanwhile: it is no longer the `version` that was shown.
        :raises InvalidInput: it does not wait to be applied.
        """
        with self._database.write() as connection:
            change_set_states.expect(connection, number, WAITING, version)
            change_sets.set_state(connection, number, State.APPLYING)
            held_now = held.hold_left_out(connection, number, self._clock()) if hold_left_out else 0
            self._note(connection, agent, "import.approved", number, {"held": held_now})
        return self._queued(number, self._slug(number), State.APPLYING, agent)

    def undo(self, number: int, *, agent: str, version: int | None = None) -> ChangeSet:
        """Have taken back what it did, except what has been changed since.

        :raises ChangedMeanwhile: it is no longer the `version` that was shown.
        :raises InvalidInput: nothing of it is applied.
        """
        with self._database.write() as connection:
            change_set_states.expect(connection, number, UNDOABLE, version)
            change_sets.set_state(connection, number, State.UNDOING)
            change_sets.try_kept_rows_again(connection, number)
            self._note(connection, agent, "import.undo-asked", number)
        return self._queued(number, self._slug(number), State.UNDOING, agent)

    def go_on(self, number: int, *, agent: str) -> ChangeSet:
        """Have work finished that was stopped, or whose job is lost.

        :raises InvalidInput: nothing is left to do, or it is being done.
        """
        change_set = self._imports.get(number)
        if change_set.state not in RUNNING or self.is_worked_on(change_set):
            raise InvalidInput(f"Import {number} is {change_set.state}; it needs no push.")
        looking = change_set.state in {State.QUEUED, State.PLANNING}
        task = LOOK if looking else change_set.state
        before = self.job(change_set)
        replaces = before.arguments.get("replaces") if before is not None and looking else None
        return self._queued(number, change_set.connection, task, agent, replaces)

    def stop(self, number: int, *, agent: str) -> ChangeSet:
        """End the work on a change set. What was applied stays; what was only read is dropped.

        :raises InvalidInput: nothing is being done about it.
        """
        change_set = self._imports.get(number)
        job = self.job(change_set)
        if change_set.state not in RUNNING:
            raise InvalidInput(f"Import {number} is {change_set.state}; there is nothing to stop.")
        if job is not None and job.state in _LIVE:
            self._jobs.cancel(job.id, agent=agent)
        with self._database.write() as connection:
            if change_set_states.state_of(connection, number) in {State.QUEUED, State.PLANNING}:
                change_sets.delete_rows(connection, number)
                change_sets.set_state(
                    connection,
                    number,
                    State.ABANDONED,
                    finished_at=self._clock(),
                    note=f"Stopped by {agent}; nothing was applied.",
                )
            self._note(connection, agent, "import.stopped", number)
        return self._imports.get(number)

    def job(self, change_set: ChangeSet) -> Job | None:
        """The newest job about a change set, whether it lives or has ended."""
        for job in self._jobs.list(change_set.connection, kinds=("import",), limit=_LOOKED_THROUGH):
            if job.arguments.get("change_set") == change_set.number:
                return job
        return None

    def is_worked_on(self, change_set: ChangeSet) -> bool:
        """Whether its work is queued or being done, by its own job or by an import that finishes
        what was interrupted."""
        return bool(
            self._jobs.list(change_set.connection, kinds=("import",), states=tuple(_LIVE), limit=1)
        )

    # --- looking and deciding ------------------------------------------------------------------

    def page(
        self,
        change_set: ChangeSet | int,
        wanted: RowFilter,
        *,
        order: Order = Order.PAYERS,
        page: int = 1,
        size: int = 50,
    ) -> RowPage:
        """A page of its rows, with the users and sites that they name. A change set that was just
        read knows how many rows there are, so they are not counted again."""
        if isinstance(change_set, ChangeSet):
            number, total = change_set.number, wanted.count_in(change_set)
        else:
            number, total = change_set, None
        with self._database.read() as connection:
            return listing.page_of(
                connection, number, wanted, order=order, page=page, size=size, total=total
            )

    def row(self, number: int, position: int) -> RowPage:
        """One row, with the users and sites that it names, and those users' values.

        :raises NotFound: there is no such row.
        """
        with self._database.read() as connection:
            row = change_sets.row(connection, number, position)
            found = listing.naming(connection, [row], 1)
            return replace(found, values=lookups.current_values(connection, found.users.keys()))

    def neighbours(
        self, row: ChangeRow, wanted: RowFilter, order: Order = Order.PAYERS
    ) -> tuple[int | None, int | None]:
        """The rows before and after one in a list, by position; the row itself need not be in it
        any more."""
        with self._database.read() as connection:
            before = listing.next_to(connection, row, wanted, order, forward=False)
            return before, listing.next_to(connection, row, wanted, order, forward=True)

    def tick(
        self,
        number: int,
        wanted: bool,
        rows: Sequence[int] | RowFilter,
        *,
        agent: str,
        version: int | None = None,
    ) -> int:
        """Take rows into what will be applied, or leave them out; how many have changed.

        `rows` are positions, at most `MOST_NAMED`, or a filter that means all of those.

        :raises ChangedMeanwhile: it is no longer the `version` that was shown.
        :raises InvalidInput: it does not wait to be applied, or too many rows are named.
        """
        if not isinstance(rows, RowFilter) and len(rows) > MOST_NAMED:
            raise InvalidInput(
                f"At most {MOST_NAMED:,} rows are named one by one.",
                advice="Filter for them, and tick all that are found.",
            )
        before, after = RowState.LEFT_OUT, RowState.PENDING
        if not wanted:
            before, after = after, before
        conditions = (
            rows.conditions(number)
            if isinstance(rows, RowFilter)
            else [change_rows.c.change_set_id == number, change_rows.c.position.in_(rows)]
        )
        with self._database.write() as connection:
            change_set_states.expect(connection, number, WAITING, version)
            changed = connection.execute(
                update(change_rows)
                .where(*conditions, change_rows.c.state == before)
                .values(state=after)
            ).rowcount
            if changed:
                action = "import.taken" if wanted else "import.left-out"
                self._note(connection, agent, action, number, {"rows": changed})
        return changed

    def preview_undo(self, number: int) -> UndoPreview:
        """What `undo` would take back now, and what it would leave, with the reasons.

        It looks at every row: some seconds for 100,000.
        """
        undone: Counter[Action] = Counter()
        taken_back: list[ChangeRow] = []
        kept: list[tuple[ChangeRow, str]] = []
        count = 0
        for row, reason in self._imports.preview_undo(number):
            if not reason:
                undone[row.action] += 1
                if len(taken_back) < _SHOWN:
                    taken_back.append(row)
                continue
            count += 1
            if len(kept) < _SHOWN:
                kept.append((row, reason))
        with self._database.read() as connection:
            shown = [*taken_back, *(row for row, _ in kept)]
            users = listing.naming(connection, shown, 0).users
        return UndoPreview(
            undone=undone, kept=count, first_undone=taken_back, first_kept=kept, users=users
        )

    # --- parts ---------------------------------------------------------------------------------

    def _slug(self, number: int) -> str:
        return self._imports.get(number).connection

    def _queued(
        self, number: int, slug: str, task: str, agent: str, replaces: int | None = None
    ) -> ChangeSet:
        arguments: dict[str, Any] = {"task": str(task), "change_set": number}
        if replaces is not None:
            arguments["replaces"] = replaces
        self._jobs.enqueue("import", slug, why=Why.HAND, agent=agent, arguments=arguments)
        return self._imports.get(number)

    def _note(
        self,
        connection: Connection,
        agent: str,
        action: str,
        number: int,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        record(
            connection,
            at=self._clock(),
            agent=agent,
            action=action,
            entity="change set",
            entity_id=number,
            after=dict(after or {}),
        )
