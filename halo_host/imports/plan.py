"""The plan of an import: each payer becomes a planned row, or is counted as unchanged.

Reads the directory and writes nothing but temporary tables, which remember what this import has
seen and claimed, so that memory stays flat however long the list is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import (
    Connection,
    Table,
    func,
    select,
)

from ..database.columns import clean_text
from ..database.tables import held_payers, links
from ..types import ExternalUser
from . import lookups
from .absent import absent_payers
from .lookups import Link
from .payers import Payer, PayerList, PayerReader, Unreadable
from .planned_rows import (
    Counts,
    Note,
    PlannedBatch,
    PlannedRow,
    returned_row,
    twice_row,
    unreadable_row,
)
from .policies import FieldPolicies, Values
from .rules import (
    Action,
    Decision,
    Known,
    MatchingRules,
    Rule,
    decide,
    email_claim,
    is_user_id,
    user_claim,
)
from .seen import Seen

_NO_LINK = (0, "")


@dataclass(slots=True)
class Plan:
    """Makes the rows of one import; `connection` must be one session with its own transactions."""

    connection: Connection
    connection_id: int
    rules: MatchingRules
    policies: FieldPolicies
    payers: PayerList
    counts: Counts = field(default_factory=Counts)
    _reader: PayerReader = field(init=False)
    _seen: Seen = field(init=False)
    _linked_before: bool = True
    _held_before: bool = True
    _notes: list[Note] = field(default_factory=list)
    _shared: set[int] = field(default_factory=set)
    _of_shared: dict[int, list[tuple[Payer, Link]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        keys = {field.metadata_key for field in self.policies.mapped}
        if self.rules.user_id_key:
            keys.add(self.rules.user_id_key)
        self._reader = PayerReader(keys, repr(self.policies))

    def batches(self) -> Iterator[PlannedBatch]:
        """Between batches no transaction is open, and the caller may write what it likes."""
        with self.connection.begin():
            self._seen = Seen(self.connection)
            self._shared = self._users_with_several_payers()
            self._linked_before = self._has_any(links)
            self._held_before = self._has_any(held_payers)
        for batch in self.payers.batches():
            self.counts.fetched = self.payers.fetched
            with self.connection.begin():
                rows = self._batch(batch)
            yield PlannedBatch(rows, self._taken_notes())
        with self.connection.begin():
            rows = self._rows_of_shared_users()
        yield PlannedBatch(rows, self._taken_notes())
        if self.payers.whole and not self.payers.unknown:
            for page in absent_payers(self.connection, self.connection_id, self._seen):
                self.counts.linked += page.linked
                self.counts.removed += len(page.rows)
                yield PlannedBatch(page.rows, [])

    def _taken_notes(self) -> list[Note]:
        notes, self._notes = self._notes, []
        return notes

    def _has_any(self, table: Table) -> bool:
        """Whether the connection has rows there; without any, no payer need be looked up."""
        query = select(table.c.external_id).filter_by(connection_id=self.connection_id).limit(1)
        return self.connection.scalar(query) is not None

    def _users_with_several_payers(self) -> set[int]:
        query = (
            select(links.c.user_id)
            .where(links.c.connection_id == self.connection_id)
            .group_by(links.c.user_id)
            .having(func.count() > 1)
        )
        return set(self.connection.scalars(query))

    # --- a batch -------------------------------------------------------------------------------

    def _batch(self, batch: list[ExternalUser | Unreadable]) -> list[PlannedRow]:
        rows: list[PlannedRow] = []
        linked, unlinked = self._changed(batch, rows)
        unlinked = self._not_seen_before(unlinked, rows)
        if linked or unlinked:
            held = self._held([payer.id for payer in (*linked, *unlinked)])
            self.counts.held += len(held)
            # Whom an operator holds still stands in the way of others with the same e-mail address.
            self._seen.add_claims(
                [
                    (email_claim(payer.email), payer.id)
                    for payer in unlinked
                    if payer.id in held and payer.email
                ]
            )
            rows += self._linked_rows([payer for payer in linked if payer.id not in held])
            rows += self._unlinked_rows([payer for payer in unlinked if payer.id not in held])
        return rows

    def _changed(
        self, batch: list[ExternalUser | Unreadable], rows: list[PlannedRow]
    ) -> tuple[list[Payer], list[Payer]]:
        """The linked payers about which something is new, and the unlinked ones.

        Linked payers that came are marked as present. What cannot be read, and what comes twice,
        goes to `rows`.
        """
        ids = [item.id for item in batch if type(item.id) is str and clean_text(item.id) == item.id]
        noted = self._noted_links(ids)
        digest_of, first_time = self._reader.digest, self._seen.first_time
        linked: list[Payer] = []
        unlinked: list[Payer] = []
        unchanged = 0
        for item in batch:
            link_id, noted_digest = noted.get(item.id, _NO_LINK) if item.id else _NO_LINK
            if link_id and not first_time(link_id):
                if isinstance(item, ExternalUser):
                    rows.append(twice_row(item.id, item.id))
                continue
            if isinstance(item, Unreadable):
                rows.append(unreadable_row(item))
                continue
            digest = digest_of(item)
            if digest == noted_digest and digest:
                unchanged += 1
                continue
            read = self._reader.read(item, digest)
            if isinstance(read, Payer):
                (linked if link_id else unlinked).append(read)
            else:
                self.payers.unknown += read.id is None
                rows.append(unreadable_row(read))
        self.counts.unchanged += unchanged
        return linked, unlinked

    def _noted_links(self, ids: list[str]) -> dict[str, tuple[int, str]]:
        if not self._linked_before:
            return {}
        return lookups.noted_links(self.connection, self.connection_id, ids)

    def _held(self, ids: list[str]) -> set[str]:
        if not self._held_before:
            return set()
        return lookups.held_among(self.connection, self.connection_id, ids)

    def _not_seen_before(self, payers: list[Payer], rows: list[PlannedRow]) -> list[Payer]:
        """Payers without a link that come for the first time in this list."""
        new = self._seen.new_payers([payer.id for payer in payers])
        fresh = {payer.id: payer for payer in reversed(payers) if payer.id in new}
        first = [payer for payer in payers if fresh.get(payer.id) is payer]
        if len(first) < len(payers):
            kept = {id(payer) for payer in first}
            rows += [twice_row(it.id, it.name) for it in payers if id(it) not in kept]
        return first

    # --- linked payers -------------------------------------------------------------------------

    def _linked_rows(self, payers: list[Payer]) -> list[PlannedRow]:
        if not payers:
            return []
        found = lookups.links_of(
            self.connection, self.connection_id, [payer.id for payer in payers]
        )
        pairs = [(payer, found[payer.id]) for payer in payers]
        rows = []
        custom = self._custom_values([link.user_id for _, link in pairs])
        for payer, link in pairs:
            if link.removed_at is not None:
                rows.append(returned_row(payer, link, link.removed_at))
            if link.user_id in self._shared:
                self._of_shared[link.user_id].append((payer, link))
                continue
            row = self._linked_row(payer, link, custom.get(link.user_id, {}))
            if row is not None:
                rows.append(row)
                continue
            self.counts.unchanged += 1
            if payer.digest and link.removed_at is None:
                self._notes.append(Note(payer.digest, link.id, link.digest))
        return rows

    def _custom_values(self, user_ids: list[int]) -> dict[int, Values]:
        return lookups.custom_values(self.connection, user_ids) if self.policies.mapped else {}

    def _linked_row(self, payer: Payer, link: Link, custom: Values) -> PlannedRow | None:
        if self.policies.same(payer.core, payer.metadata, link.core, custom):
            return None
        offered = self.policies.offered(payer.core, payer.metadata)
        current = lookups.named_values(link.core) | custom
        written = link.written_values
        before, after = self.policies.changes(offered, current, written)
        if not after:
            return None
        return PlannedRow(
            payer.id,
            payer.name,
            Action.UPDATE,
            Rule.PROVIDER_ID,
            "Linked to this user by the provider's id.",
            link.user_id,
            link.site_id,
            before,
            after,
            {name: written[name] for name in after if name in written},
        )

    def _rows_of_shared_users(self) -> list[PlannedRow]:
        """Payers whose user has several: the leading one counts, else they must agree."""
        rows: list[PlannedRow] = []
        custom = self._custom_values(list(self._of_shared))
        for user_id, pairs in self._of_shared.items():
            leading = [pair for pair in pairs if pair[1].leads] or pairs
            differing = self._differing_fields([payer for payer, _ in leading])
            for payer, link in pairs:
                row = None
                if not differing and link is leading[0][1]:
                    row = self._linked_row(payer, link, custom.get(user_id, {}))
                elif differing:
                    row = self._differing_row(payer, link, differing, pairs)
                if row is None:
                    self.counts.unchanged += 1
                else:
                    rows.append(row)
        return rows

    def _differing_fields(self, payers: list[Payer]) -> list[str]:
        return [
            field.metadata_key
            for field in self.policies.mapped
            if len({payer.metadata.get(field.metadata_key, "") for payer in payers} - {""}) > 1
        ]

    def _differing_row(
        self, payer: Payer, link: Link, differing: list[str], pairs: list[tuple[Payer, Link]]
    ) -> PlannedRow:
        others = [other.id for other, _ in pairs if other.id != payer.id]
        return PlannedRow(
            payer.id,
            payer.name,
            Action.CONFLICT,
            Rule.PAYERS_DIFFER,
            f"This user is linked to {', '.join(others)} too, and their values differ in "
            f"{', '.join(differing)}. Say which payer leads.",
            link.user_id,
            link.site_id,
            after=self.policies.offered(payer.core, payer.metadata),
            candidates=tuple({"payer": other.id} for other, _ in pairs),
        )

    # --- payers without a link -----------------------------------------------------------------

    def _unlinked_rows(self, payers: list[Payer]) -> list[PlannedRow]:
        if not payers:
            return []
        known = self._known(payers)
        claims_before = set(known.claims)
        rows = []
        decisions = []
        for payer in payers:
            decision = decide(payer, self.rules, known)
            if decision.action is Action.NEW and payer.email:
                known.claims[email_claim(payer.email)] = payer.id
            elif decision.action is Action.LINK and decision.user_id is not None:
                known.claims[user_claim(decision.user_id)] = payer.id
            decisions.append((payer, decision))
        current = self._values_of_users(
            [decision.user_id for _, decision in decisions if decision.user_id is not None]
        )
        for payer, decision in decisions:
            rows.append(self._decided_row(payer, decision, current))
        made = [(claim, by) for claim, by in known.claims.items() if claim not in claims_before]
        self._seen.add_claims(made)
        return rows

    def _known(self, payers: list[Payer]) -> Known:
        connection = self.connection
        company_keys = {self.rules.company_key(payer) for payer in payers} - {""}
        claims = {email_claim(payer.email): payer.email for payer in payers if payer.email}
        named = {int(text) for payer in payers if is_user_id(text := self.rules.named_user(payer))}
        by_email = lookups.users_by_email(
            connection, [claim.removeprefix("email:") for claim in claims]
        )
        by_id = lookups.users_by_id(connection, named)
        found = {*by_id, *(user.id for several in by_email.values() for user in several)}
        by_customer, by_site = lookups.places_by_name(connection, company_keys)
        wanted = [*claims, *map(user_claim, found)]
        return Known(
            by_email=by_email,
            by_id=by_id,
            by_customer=by_customer,
            by_site=by_site,
            payers=lookups.payers_of_users(connection, self.connection_id, found),
            claims=self._seen.claims(wanted),
        )

    def _values_of_users(self, user_ids: list[int]) -> dict[int, Values]:
        return lookups.current_values(self.connection, user_ids) if user_ids else {}

    def _decided_row(
        self, payer: Payer, decision: Decision, current: dict[int, Values]
    ) -> PlannedRow:
        offered = after = self.policies.offered(payer.core, payer.metadata)
        before: Values = {}
        if decision.user_id is not None:
            before, after = self.policies.changes(offered, current[decision.user_id], {})
        return PlannedRow(
            payer.id,
            payer.name,
            decision.action,
            decision.rule,
            decision.why,
            decision.user_id,
            decision.place.site_id if decision.place else None,
            before,
            after,
            {},
            decision.candidates,
            payer.digest,
            offered if after is not offered else {},
        )
