"""Imports: preview, run, apply, undo, resolve. Every face calls these methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..audit import record
from ..connections.connections import ConnectionDetails, Connections
from ..database.database import Database
from ..errors import HostError, InvalidInput
from ..jobs.job import Why
from ..jobs.jobs import Jobs
from ..jobs.lease import JobCancelled, JobStopped, Lease, LeaseLost
from ..plugins import Plugins
from ..types import Connection
from . import change_set_states, change_sets, held
from .change_set_states import UNDOABLE, WAITING
from .change_sets import ChangeRow, ChangeSet, RowState, State
from .held import HeldPayer
from .plan import Plan
from .planned_rows import PlannedRow
from .resolve import Choice, place, resolve
from .row_counts import RowCounts
from .rules import Action, Rule
from .run import REMOVAL_SHARE, SILENT, Importer, Progress, absence_note
from .undo import applied_rows, judged

LOOK = "look"  # the task of a job that plans and leaves the plan to an operator


@dataclass(frozen=True, slots=True)
class RunResult:
    """`finished` are earlier, interrupted change sets that this run brought to an end first."""

    change_set: ChangeSet
    finished: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A conflict that could not be resolved in the way that was asked for."""

    position: int
    reason: str


class Preview:
    """What an import would do, row by row, while the provider is read. Nothing is written.

    `counts` and `note` are complete once `rows` has been read to its end.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def rows(self) -> Iterator[PlannedRow]:
        for batch in self._plan.batches():
            yield from batch.rows

    @property
    def counts(self) -> dict[str, int]:
        return self._plan.counts.as_dict()

    @property
    def note(self) -> str:
        return absence_note(self._plan)

    @property
    def would_be_held(self) -> bool:
        return self._plan.counts.removed * REMOVAL_SHARE > self._plan.counts.linked


class Imports:
    def __init__(
        self,
        database: Database,
        plugins: Plugins,
        connections: Connections,
        jobs: Jobs,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._jobs = jobs
        self._clock = clock
        self._counts = RowCounts(WAITING)

    # --- running -------------------------------------------------------------------------------

    @contextmanager
    def preview(self, slug: str) -> Iterator[Preview]:
        """A dry run: also works on a database that is open for reading only."""
        with self._importer(self._connections.ready(slug), "", SILENT).plan() as plan:
            yield Preview(plan)

    def run(
        self,
        slug: str,
        *,
        agent: str,
        progress: Progress = SILENT,
        kept: bool = False,
        replaces: int | None = None,
    ) -> RunResult:
        """Import now. What an interrupted import has left is finished first.

        `kept` stops before anything is applied: the change set waits for `approve` or `discard`.
        `replaces` is the import that waits for its review and is to be discarded for this one.

        :raises ConnectionBusy: another import of this connection runs.
        :raises InvalidInput: another import of this connection is held or waits for its review.
        :raises HostError: the provider failed; nothing was applied.
        """
        importer = self._importer(self._connections.ready(slug), agent, progress)
        self._refuse_while_waiting(slug, replaces)
        with self._jobs.holding("import", slug, agent=agent) as job:
            finished = importer.finish_interrupted(job.lease)
            self._refuse_while_waiting(slug, replaces)
            number = importer.run(job.lease, kept=kept, replaces=replaces)
            result = RunResult(self.get(number), tuple(finished))
            job.result = _sentence(result.change_set)
        return result

    def carry_on(self, lease: Lease) -> str:
        """Carry out a job of kind import that was queued, or whose worker died or was stopped.

        Called by the integrator. A job that had been begun ends with what it had planned; only one
        that had planned nothing yet is an import of what the provider holds now.

        :raises JobCancelled: a schedule asked for it, and meanwhile an import waits for its review.
        :raises InvalidInput: an import of this connection is held or waits for its review.
        :raises HostError: the provider failed; nothing was applied.
        """
        details = self._connections.get(lease.slug)
        finished = self._importer(
            _without_secrets(details), lease.agent, SILENT
        ).finish_interrupted(lease)
        if lease.arguments.get("task") == LOOK:
            return self._look(lease, lease.arguments["change_set"], lease.arguments.get("replaces"))
        if lease.arguments or (finished and lease.attempts > 1):
            sentences = [_sentence(self.get(number)) for number in finished]
            return " ".join(sentences) or "It had been interrupted before it changed anything."
        if lease.why == Why.SCHEDULE:
            self._give_way(lease)
        self._refuse_while_waiting(lease.slug)
        importer = self._importer(self._connections.ready(lease.slug), lease.agent, SILENT)
        return _sentence(self.get(importer.run(lease)))

    def _give_way(self, lease: Lease) -> None:
        """What a schedule asked for is not done where an import waits for its review, or was
        applied or taken back since then: it would write what an operator has just left out."""
        details = self._connections.get(lease.slug)
        queued_at = self._jobs.get(lease.job_id).queued_at
        with self._database.read() as connection:
            waiting = change_set_states.open_review(connection, details.id)
            decided = change_set_states.ended_since(connection, details.id, queued_at)
        if waiting is not None:
            reason = f"Import {waiting} of {details.name} waits for its review."
        elif decided is not None:
            reason = f"Import {decided} of {details.name} has ended meanwhile."
        else:
            return
        self._jobs.cancel(lease.job_id, agent=lease.agent)
        raise JobCancelled(reason)

    def _look(self, lease: Lease, number: int, replaces: int | None) -> str:
        try:
            self._refuse_while_waiting(lease.slug, replaces)
            importer = self._importer(self._connections.ready(lease.slug), lease.agent, SILENT)
            planned = importer.run(lease, kept=True, number=number, replaces=replaces)
            return _sentence(self.get(planned))
        except (LeaseLost, JobCancelled, JobStopped):
            raise
        except HostError as error:
            with self._database.write() as connection:
                if change_set_states.state_of(connection, number) is State.QUEUED:
                    lease.renew(connection)
                    now = self._clock()
                    change_sets.set_state(
                        connection, number, State.FAILED, finished_at=now, note=error.message
                    )
            raise

    def approve(
        self, number: int, *, agent: str, progress: Progress = SILENT, hold_left_out: bool = False
    ) -> ChangeSet:
        """Apply a change set that waits: planned, or held because many payers are gone.

        With `hold_left_out` no import looks at the payers of the rows that were left out until
        somebody releases them; without it the next import takes them in, by a schedule too.
        """
        return self._carry_out(number, WAITING, State.APPLYING, agent, progress, hold_left_out)

    def discard(self, number: int, *, agent: str, version: int | None = None) -> ChangeSet:
        """Dismiss a change set that waits; nothing of it is applied.

        :raises ChangedMeanwhile: it is no longer the `version` that was shown.
        """
        importer = self._importer_of(number, agent, SILENT)
        with self._lane(importer) as lease, self._database.write() as connection:
            lease.renew(connection)
            change_set_states.expect(connection, number, WAITING, version)
            change_sets.set_state(connection, number, State.DISCARDED, finished_at=self._clock())
            self._audit(connection, agent, "import.discarded", number, None)
        return self.get(number)

    def undo(self, number: int, *, agent: str, progress: Progress = SILENT) -> ChangeSet:
        """Take back what a change set did, except what has been changed since.

        Rows that an earlier undo had to keep are tried again.
        """
        return self._carry_out(number, UNDOABLE, State.UNDOING, agent, progress)

    def preview_undo(self, number: int) -> Iterator[tuple[ChangeRow, str]]:
        """Each applied row with the reason why it would be kept, or "" where it would be undone."""
        work = self._importer_of(number, "", SILENT).work()
        last: int | None = None
        while True:
            with self._database.read() as connection:
                outcomes = judged(connection, applied_rows(connection, number, last), work)
            if not outcomes:
                return
            last = outcomes[-1].row.position
            for outcome in outcomes:
                yield outcome.row, outcome.note

    def _carry_out(
        self,
        number: int,
        expected: frozenset[State],
        state: State,
        agent: str,
        progress: Progress,
        hold_left_out: bool = False,
    ) -> ChangeSet:
        importer = self._importer_of(number, agent, progress)
        task = {"task": str(state), "change_set": number}
        with self._jobs.holding(
            "import", importer.connection.slug, agent=agent, arguments=task
        ) as job:
            importer.finish_interrupted(job.lease)
            with self._database.write() as connection:
                job.lease.renew(connection)
                change_set_states.expect(connection, number, expected, None)
                change_sets.set_state(connection, number, state)
                change_sets.try_kept_rows_again(connection, number)
                if hold_left_out:
                    held.hold_left_out(connection, number, self._clock())
            importer.carry_out(job.lease, number, state)
            change_set = self.get(number)
            job.result = _sentence(change_set)
        return change_set

    def expect_importable(self, slug: str) -> None:
        """Make sure that an import of the connection could begin, but for one that waits for its
        review and may be replaced.

        :raises InvalidInput: it is disabled, has no Default Site, or has an import that is held.
        """
        self._importer(self._connections.ready(slug), "", SILENT).matching_rules()
        self._refuse_while_waiting(slug, self.open_review(slug))

    def open_review(self, slug: str) -> int | None:
        """The import that waits for an operator: as long as it does, no other one begins."""
        details = self._connections.get(slug)
        with self._database.read() as connection:
            return change_set_states.open_review(connection, details.id)

    def expect_replaceable(self, slug: str, replaces: int | None) -> None:
        """Make sure that no import waits, but for the one that an operator wants to be replaced.

        :raises InvalidInput: the message names it, and the advice what can be done.
        """
        self._refuse_while_waiting(slug, replaces)

    # --- conflicts -----------------------------------------------------------------------------

    def resolve(
        self,
        number: int,
        position: int,
        choice: Choice,
        *,
        agent: str,
        version: int | None = None,
    ) -> ChangeRow:
        """Decide one conflict by hand, at once; of a change set that waits, any row, for later.

        :raises ChangedMeanwhile: it is no longer the `version` that was shown.
        """
        importer = self._importer_of(number, agent, SILENT)
        policies = importer.policies()
        with self._lane(importer) as lease, self._database.write() as connection:
            lease.renew(connection)
            row = change_sets.row(connection, number, position)
            change_set_states.expect(connection, number, State, version)
            if change_set_states.state_of(connection, number) in WAITING:
                place(connection, row, choice, importer.work(), policies)
                return change_sets.row(connection, number, position)
            resolve(connection, row, choice, importer.work(), policies)
            return change_sets.row(connection, number, position)

    def resolve_all(
        self,
        number: int,
        choice: Choice,
        *,
        agent: str,
        kind: Rule | None = None,
        version: int | None = None,
    ) -> tuple[int, list[Unresolved]]:
        """Decide every open conflict, or those of one kind, in the same way.

        One that cannot be resolved in this way is left open and told; the others go on.

        :raises ChangedMeanwhile: it is no longer the `version` that was shown.
        """
        importer = self._importer_of(number, agent, SILENT)
        policies = importer.policies()
        decide = place if self.get(number).state in WAITING else resolve
        resolved, last = 0, 0
        left: list[Unresolved] = []
        with self._lane(importer) as lease:
            if version is not None:
                with self._database.write() as connection:
                    change_set_states.expect(connection, number, State, version)
            while rows := self.rows(
                number, state=RowState.OPEN, rule=kind, after_position=last, limit=100
            ):
                last = rows[-1].position
                for row in rows:
                    try:
                        with self._database.write() as connection:
                            lease.renew(connection)
                            present = change_sets.row(connection, number, row.position)
                            if present.state is not RowState.OPEN:
                                continue  # settled together with an earlier row
                            change_set_states.expect(connection, number, State, None)
                            decide(connection, present, choice, importer.work(), policies)
                        resolved += 1
                    except HostError as error:
                        left.append(Unresolved(row.position, error.message))
        return resolved, left

    # --- held payers ---------------------------------------------------------------------------

    def held(self, slug: str) -> list[HeldPayer]:
        """The payers that imports leave alone."""
        details = self._connections.get(slug)
        with self._database.read() as connection:
            return held.held(connection, details.id)

    def release(
        self, slug: str, external_ids: list[str], *, agent: str, change_set: int | None = None
    ) -> int:
        """Let the next import look at payers again: the named ones, or all of a change set."""
        details = self._connections.get(slug)
        with self._database.write() as connection:
            if change_set is not None:
                of_set = held.held(connection, details.id, change_set)
                external_ids = [*external_ids, *(payer.external_id for payer in of_set)]
            count = 0
            for start in range(0, len(external_ids), 500):
                part = external_ids[start : start + 500]
                count += held.release(connection, details.id, part)
            self._audit(connection, agent, "payers.released", slug, {"released": count})
        return count

    # --- reading -------------------------------------------------------------------------------

    def get(self, number: int) -> ChangeSet:
        """:raises NotFound: there is no change set of that number."""
        with self._database.read() as connection:
            return change_sets.get(connection, number, self._counts.of)

    def newest(
        self, slug: str | None = None, limit: int = 20, *, before: int | None = None
    ) -> list[ChangeSet]:
        """The newest change sets, of one connection or of all; go on with the last number.

        :raises NotFound: no connection has that slug.
        """
        if slug is not None:
            self._connections.get(slug)
        with self._database.read() as connection:
            return change_sets.newest(connection, self._counts.of, slug, limit, before)

    def rows(
        self,
        number: int,
        *,
        action: Action | None = None,
        state: RowState | None = None,
        rule: Rule | None = None,
        text: str = "",
        after_position: int = 0,
        limit: int = 500,
    ) -> list[ChangeRow]:
        """Rows of a change set by page; continue with the last position. Every word of `text` is
        in name, payer's id or e-mail address."""
        with self._database.read() as connection:
            return change_sets.rows(
                connection,
                number,
                action=action,
                state=state,
                rule=rule,
                text=text,
                after_position=after_position,
                limit=limit,
            )

    # --- parts ---------------------------------------------------------------------------------

    def _importer(self, connection: Connection, agent: str, progress: Progress) -> Importer:
        return Importer(
            self._database,
            self._plugins,
            self._connections,
            self._clock,
            connection,
            agent,
            progress,
        )

    def _importer_of(self, number: int, agent: str, progress: Progress) -> Importer:
        """For work on a stored change set, which needs neither plugin nor secrets."""
        details = self._connections.get(self.get(number).connection)
        return self._importer(_without_secrets(details), agent, progress)

    @contextmanager
    def _lane(self, importer: Importer) -> Iterator[Lease]:
        """Hold the connection's lane for a moment; the audit log says what was done."""
        with self._jobs.holding(
            "import",
            importer.connection.slug,
            agent=importer.agent,
            arguments={"task": "decide"},
            forget=True,
        ) as job:
            yield job.lease

    def _refuse_while_waiting(self, slug: str, replaces: int | None = None) -> None:
        details = self._connections.get(slug)
        with self._database.read() as connection:
            waiting = change_set_states.in_states(connection, details.id, WAITING)
        for change_set in map(self.get, waiting):
            number = change_set.number
            decide = (
                f"Look at `halo-host import show {number}`, then "
                f"`halo-host import apply {number}` or `halo-host import discard {number}`"
            )
            if change_set.state is State.HELD:
                raise InvalidInput(
                    f"Import {number} of {slug} is held: {change_set.counts['removed']} of "
                    f"{change_set.counts['linked']} linked payers are gone at the provider.",
                    advice=f"{decide}.",
                )
            if number != replaces:
                raise InvalidInput(
                    f"Import {number} of {slug} waits for its review; nothing else is imported "
                    "before that.",
                    advice=f"{decide}; or import anew with "
                    f"`halo-host import run {slug} --replace-review`.",
                )

    def _audit(
        self,
        connection: Any,
        agent: str,
        action: str,
        entity_id: object,
        after: dict[str, Any] | None,
    ) -> None:
        record(
            connection,
            at=self._clock(),
            agent=agent,
            action=action,
            entity="change set" if action.startswith("import") else "connection",
            entity_id=entity_id,
            after=after,
        )


def _without_secrets(details: ConnectionDetails) -> Connection:
    return Connection(
        id=details.id,
        slug=details.slug,
        integration=details.integration,
        name=details.name,
        settings=details.settings,
    )


def _sentence(change_set: ChangeSet) -> str:
    return f"Import {change_set.number} is {change_set.state.value.replace('-', ' ')}."
