"""Compare the mirror with the provider, record by record, and say every difference.

Each list is read whole and compared page by page, every column of every row; what the lists do not
name is looked for at the end. Whatever changes while this goes on would look like a difference, so
the differences are looked at a second time when the changes of the meantime have been taken in.
Events are not compared: they are the story, and no figure is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select

from ..database.columns import clean_text
from ..database.mirror_tables import payers, proofs
from ..errors import InvalidInput
from ..streams import Batch, StreamKind, StreamPage
from .changes import news_since, read_changes, reread_dirty
from .gone import remove_gone
from .late_mandates import give_payers
from .payout_items import differing_payouts, read_lines_again, read_payout_items
from .present import Present
from .proof import Difference, DifferenceKind, Proof, Side
from .reader import Streams
from .recheck import recheck_silent
from .run import NEVER, ORDER, READ_AT_ONCE, Run
from .shapes import SHAPES
from .stream_states import StreamState

_WORDS = {"external_user_id": "payer", "mandate_id": "mandate", "payout_id": "payout"}
COMPARED = tuple(kind for kind in ORDER if kind in SHAPES)


class Comparison:
    """One comparison, with the account opened."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kinds = [kind for kind in COMPARED if kind in run.streams]
        self._provider = {kind: Side() for kind in self._kinds}
        self._began: datetime | None = None

    def prove(self, *, repair: bool) -> Proof:
        """Compare, look twice, repair if asked to, and keep the result."""
        refuse_unfilled(self._run.lease.slug, self._run.streams, self._run.stream_states())
        read_changes(self._run)
        reread_dirty(self._run)
        recheck_silent(self._run)
        read_payout_items(self._run)
        found: list[Difference] = []
        for kind in self._kinds:
            found += self._compare(kind)
        if found:
            found = self._second_look(found)
        found += differing_payouts(self._run)
        left, repaired = self._repair(found) if repair else (found, 0)
        proof = Proof(
            self._run.lease.slug, self._run.clock(), found, left, repaired, self._counts()
        )
        with self._run.database.write() as connection:
            self._keep(connection, proof)
            self._run.lease.renew(connection, add=self._run.usage())
        return proof

    # --- looking --------------------------------------------------------------------------------

    def _compare(self, kind: StreamKind) -> Iterator[Difference]:
        present = Present()
        for page in self._pages(kind):
            present.see(page.batch)
            yield from self._differences(page.batch, self._provider[kind])
            with self._run.database.write() as connection:
                self._run.lease.renew(
                    connection,
                    add=self._run.usage()._replace(pages=1, unchanged=len(page.batch.records)),
                    step=f"comparing {kind.value}: {self._provider[kind].records:,}",
                )
            self._run.lease.checkpoint()
        if not present.unknown:
            yield from self._gone(kind, present)

    def _pages(self, kind: StreamKind) -> Iterator[StreamPage]:
        cursor, visited = None, set()
        while True:
            page = self._run.reader.list_page(kind, cursor, None)
            self._began = self._began or page.at
            yield page
            cursor = page.next_cursor
            if cursor is None or cursor in visited:
                return
            visited.add(cursor)

    def _differences(self, batch: Batch, side: Side | None = None) -> Iterator[Difference]:
        """Compare one batch with the mirror, and count it."""
        with self._run.database.read() as connection:
            compared = list(self._run.mirror.compare(connection, batch))
        for item, row, differing in compared:
            if side is not None:
                side.records += 1
                if hasattr(item.record, "amount"):
                    side.add(item.record.amount, item.record.currency[:3])
            status = getattr(item.record, "status", "there")
            if row is None:
                yield Difference(batch.kind, item.id, DifferenceKind.MISSING, "", status)
            elif "status" in differing:
                yield Difference(batch.kind, item.id, DifferenceKind.STATUS, row.status, status)
            elif differing:
                what = ", ".join(_WORDS.get(name, name.replace("_", " ")) for name in differing)
                yield Difference(batch.kind, item.id, DifferenceKind.CONTENT, what, what)

    def _gone(self, kind: StreamKind, present: Present) -> Iterator[Difference]:
        table = SHAPES[kind].table
        status = table.c.status if "status" in table.c else table.c.name.label("status")
        query = select(table.c.external_id, status).filter_by(connection_id=self._run.connection_id)
        if kind is StreamKind.CUSTOMERS:
            query = query.where(payers.c.removed_at.is_(None))
        with self._run.database.read() as connection:
            for identity, said in connection.execution_options(yield_per=1000).execute(query):
                if identity not in present:
                    yield Difference(kind, identity, DifferenceKind.GONE, said, "")

    def _second_look(self, found: Sequence[Difference]) -> list[Difference]:
        """The differences that are still there when both sides are read once more.

        What happened at the provider since the comparison began is taken in, and is no difference;
        also what changed without an event, as dates do at midnight.
        """
        left: list[Difference] = []
        if any(self._run.streams[it.kind].changes_silently for it in found):
            recheck_silent(self._run)
        for kind, ids in _by_kind(found).items():
            before = {it.id: it for it in found if it.kind is kind}
            moved = self._moved_since(kind)
            ids = [identity for identity in ids if identity not in moved]
            for start in range(0, len(ids), READ_AT_ONCE):
                page = self._run.reader.read(kind, ids[start : start + READ_AT_ONCE])
                left += self._differences(page.batch)
                for missing in map(clean_text, page.missing):
                    if before[missing].what is not DifferenceKind.MISSING:
                        left.append(replace(before[missing], what=DifferenceKind.GONE))
        return left

    def _moved_since(self, kind: StreamKind) -> set[str]:
        if not self._run.streams[kind].has_changes or self._began is None:
            return set()
        return news_since(self._run, kind, self._began)

    # --- mending --------------------------------------------------------------------------------

    def _repair(self, found: Sequence[Difference]) -> tuple[list[Difference], int]:
        """Read what differs again: what is left of it, and how many records were mended."""
        left: list[Difference] = []
        repaired = 0
        lines = [it.id for it in found if it.kind is StreamKind.PAYOUT_ITEMS]
        for kind, ids in _by_kind(it for it in found if it.kind in SHAPES).items():
            for start in range(0, len(ids), READ_AT_ONCE):
                page = self._run.reader.read(kind, ids[start : start + READ_AT_ONCE])
                applied = self._run.pages.take(page, is_news=True, thorough=True, step="repairing")
                gone = remove_gone(self._run, kind, page.missing)
                repaired += applied.new + applied.changed + gone
                left += self._differences(page.batch)
        give_payers(self._run)
        read_payout_items(self._run)
        if lines:
            read_lines_again(self._run, lines)
            left += differing_payouts(self._run, lines)
            repaired += len(lines)
        return left, repaired

    # --- counting -------------------------------------------------------------------------------

    def _counts(self) -> dict[str, Any]:
        with self._run.database.read() as connection:
            return {
                kind.value: {
                    "mirror": self._mirror_side(connection, kind).as_dict(),
                    "provider": self._provider[kind].as_dict(),
                }
                for kind in self._kinds
            }

    def _mirror_side(self, connection: Connection, kind: StreamKind) -> Side:
        table, side = SHAPES[kind].table, Side()
        mine = table.c.connection_id == self._run.connection_id
        if kind is StreamKind.CUSTOMERS:
            mine &= payers.c.removed_at.is_(None)
        if "amount" not in table.c:
            side.records = connection.scalar(select(func.count()).where(mine)) or 0
            return side
        sums = select(table.c.currency, func.count(), func.sum(table.c.amount)).where(mine)
        for currency, records, amount in connection.execute(sums.group_by(table.c.currency)):
            side.records += records
            side.sums[currency] += int(amount)
        return side

    def _keep(self, connection: Connection, proof: Proof) -> None:
        connection.execute(
            insert(proofs).values(
                connection_id=self._run.connection_id,
                at=proof.at,
                differences=len(proof.left),
                repaired=proof.repaired,
                counts=orjson.dumps(proof.counts).decode(),
            )
        )


def refuse_unfilled(slug: str, streams: Streams, states: Mapping[StreamKind, StreamState]) -> None:
    """:raises InvalidInput: the first fill has not ended, so there is nothing to compare."""
    if any(states.get(kind, NEVER).filled_at is None for kind in COMPARED if kind in streams):
        raise InvalidInput(
            f"The mirror of {slug} has not been filled yet, so there is nothing to compare.",
            advice=f"Fill it first: `halo-host sync now {slug}`",
        )


def _by_kind(found: Iterable[Difference]) -> dict[StreamKind, list[str]]:
    ids: dict[StreamKind, list[str]] = {}
    for difference in found:
        ids.setdefault(difference.kind, []).append(difference.id)
    return ids
