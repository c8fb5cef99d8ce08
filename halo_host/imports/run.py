"""One import from fetch to apply, and what is left to do for one that was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from ..connections.connections import Connections
from ..connections.matching import Policy
from ..database.bulk import execute_rows
from ..database.database import Database
from ..database.tables import CORE_FIELDS, customers, links, sites
from ..errors import HostError, InvalidInput
from ..jobs.lease import Counts as JobCounts
from ..jobs.lease import JobCancelled, JobStopped, Lease, LeaseLost
from ..plugins import Plugins
from ..plurals import counted
from ..processes import rare_collections
from ..types import Connection
from . import change_set_states, change_sets
from .apply import Work, apply_all
from .change_sets import State
from .lookups import Place
from .payers import PayerList
from .plan import Plan
from .planned_rows import Counts
from .policies import FieldPolicies, MappedField, custom_name
from .rules import MatchingRules
from .undo import undo_all

# More than a tenth of the linked payers gone at once is held for an operator: it is more often a
# wrong token or a provider's fault than a tenth of the business.
REMOVAL_SHARE = 10

_TOLD_EVERY = timedelta(seconds=1)  # who watches sees how far it is
TIDY_EVERY = 10_000  # stored rows; about 8 MB in SQLite's write-ahead log

_note = (
    update(links)
    .where(links.c.id == bindparam("link_id"), links.c.digest == bindparam("seen"))
    .values(digest=bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Called as an import goes on: how many payers were fetched, how many rows were applied."""

    fetched: Callable[[int], None] = lambda count: None
    applied: Callable[[int], None] = lambda count: None


SILENT = Progress()


@dataclass(frozen=True, slots=True)
class Importer:
    """The import of one connection."""

    database: Database
    plugins: Plugins
    connections: Connections
    clock: Callable[[], datetime]
    connection: Connection
    agent: str
    progress: Progress

    def work(self) -> Work:
        return Work(self.connection.id, self.connection.slug, self.agent, self.clock())

    @contextmanager
    def plan(self) -> Iterator[Plan]:
        """A plan of what the provider holds now; its rows are made as they are read.

        :raises InvalidInput: the connection has no Default Site, or cannot import users.
        """
        rules, policies = self.matching_rules(), self.policies()
        stream = self.plugins.stream("halo_import_users", self.connection)
        if stream is None:
            raise InvalidInput(
                f"The integration {self.connection.integration} cannot import users."
            )
        with closing(stream), self.database.session() as session:
            yield Plan(session, self.connection.id, rules, policies, PayerList(stream))

    def finish_interrupted(self, lease: Lease) -> list[int]:
        """Bring to an end what a killed import or undo has left; the numbers of those finished."""
        finished = []
        with self.database.read() as connection:
            left = change_sets.unfinished(connection, self.connection.id)
        for number, state in left:
            if state is State.PLANNING:
                self._abandon(lease, number)
                continue
            self.carry_out(lease, number, state)
            finished.append(number)
        return finished

    def carry_out(self, lease: Lease, number: int, state: State) -> None:
        """Apply or undo what is left of a change set that is in that state."""
        carry_out, end = (
            (undo_all, State.UNDONE) if state is State.UNDOING else (apply_all, State.APPLIED)
        )
        with rare_collections():
            carry_out(self.database, lease, number, self.work, self.progress.applied)
        with self.database.write() as connection:
            lease.renew(connection)
            if end is State.UNDONE and change_sets.has_kept_rows(connection, number):
                end = State.PARTLY_UNDONE
            change_sets.set_state(connection, number, end, finished_at=self.clock())

    def run(
        self,
        lease: Lease,
        *,
        kept: bool = False,
        number: int | None = None,
        replaces: int | None = None,
    ) -> int:
        """Plan, store the plan as a change set, and apply it; the number of the change set.

        It is left in state HELD where too many payers are gone, and PLANNED where it is to be
        `kept` for an operator. `number` is the change set that was made for it, where one was;
        `replaces` one that waits for a review, and is discarded once this one is planned.

        :raises HostError: the provider or its plugin failed; the change set says so, and nothing
            of it was applied.
        """
        self.matching_rules()  # a missing Default Site is told before anything is begun
        with self.database.write() as connection:
            lease.renew(connection)
            if number is None:
                number = change_sets.create(
                    connection, self.connection.id, self.agent, self.clock()
                )
            else:
                change_set_states.begin_anew(connection, number)
        try:
            with rare_collections():
                counts, note = self._store_plan(lease, number)
            self._refuse_if_disabled()
        except (LeaseLost, JobCancelled, JobStopped):
            raise  # whoever goes on finds the change set as it stands
        except HostError as error:
            self._fail(lease, number, error)
            raise
        held = counts.removed * REMOVAL_SHARE > counts.linked
        with self.database.write() as connection:
            lease.renew(connection, add=JobCounts(unchanged=counts.unchanged))
            change_sets.set_state(
                connection,
                number,
                State.HELD if held else State.PLANNED if kept else State.APPLYING,
                counts=counts.as_dict(),
                note=note,
            )
            change_sets.supersede_conflicts(connection, self.connection.id, number)
            if replaces is not None:
                change_set_states.discard_replaced(connection, replaces, number, self.clock())
        if not held and not kept:
            self.carry_out(lease, number, State.APPLYING)
        return number

    def _refuse_if_disabled(self) -> None:
        if not self.connections.get(self.connection.slug).enabled:
            raise InvalidInput(
                f"The connection {self.connection.slug} was disabled meanwhile; "
                "nothing was applied."
            )

    def _store_plan(self, lease: Lease, number: int) -> tuple[Counts, str]:
        position = tidied_at = 1
        with self.plan() as plan:
            for batch in plan.batches():
                if batch.rows or batch.notes or self.clock() - lease.renewed_at > _TOLD_EVERY:
                    with self.database.write() as connection:
                        lease.renew(
                            connection, step=f"{counted(plan.counts.fetched, 'payer')} fetched"
                        )
                        position = change_sets.append(connection, number, position, batch.rows)
                        change_set_states.set_counts(connection, number, plan.counts.as_dict())
                        execute_rows(connection, _note, ("digest", "link_id", "seen"), batch.notes)
                if position - tidied_at > TIDY_EVERY:
                    self.database.tidy()
                    tidied_at = position
                self.progress.fetched(plan.counts.fetched)
                lease.checkpoint()
            return plan.counts, absence_note(plan)

    def _abandon(self, lease: Lease, number: int) -> None:
        with self.database.write() as connection:
            lease.renew(connection)
            change_sets.delete_rows(connection, number)
            change_sets.set_state(
                connection,
                number,
                State.ABANDONED,
                finished_at=self.clock(),
                note="The import was interrupted before anything was applied.",
            )

    def _fail(self, lease: Lease, number: int, error: HostError) -> None:
        with self.database.write() as connection:
            lease.renew(connection)
            change_sets.delete_rows(connection, number)
            change_sets.set_state(
                connection, number, State.FAILED, finished_at=self.clock(), note=error.message
            )

    def matching_rules(self) -> MatchingRules:
        matching = self.connections.get(self.connection.slug).matching
        with self.database.read() as connection:
            found = connection.execute(
                select(sites.c.id, sites.c.name, customers.c.id, customers.c.name)
                .join(customers, customers.c.id == sites.c.customer_id)
                .where(sites.c.id == matching.default_site)
            ).one_or_none()
        if found is None:
            raise InvalidInput(
                f"The connection {self.connection.slug} has no Default Site, so new users whose "
                "company name matches nothing would have no place.",
                advice="Choose one: `halo-host connections configure "
                f"{self.connection.slug} --default-site SITE`",
            )
        return MatchingRules(Place(*found), matching.company_name_matching, matching.user_id_key)

    def policies(self) -> FieldPolicies:
        """What this connection's imports may write."""
        slug = self.connection.slug
        core = self.connections.core_policies(slug)
        return FieldPolicies(
            tuple(core.get(name, Policy.FOLLOW) for name in CORE_FIELDS),
            tuple(
                MappedField(mapping.metadata_key, custom_name(mapping.custom_field), mapping.policy)
                for mapping in self.connections.mappings(slug)
            ),
        )


def absence_note(plan: Plan) -> str:
    """Why nobody was taken for removed, where the list was not proved to be whole."""
    if not plan.payers.whole:
        return "The plugin did not say that the list was whole, so nobody was taken for removed."
    if plan.payers.unknown:
        records = counted(plan.payers.unknown, "record")
        return f"{records} had no readable id, so nobody was taken for removed."
    return ""
