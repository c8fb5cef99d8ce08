"""The mirror as one user's tab sees it: the user's linked payers of one connection alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from sqlalchemy import bindparam, select

from ..database.database import Database
from ..database.mirror_tables import streams
from ..errors import PluginError
from ..streams import StreamKind
from ..tab_types import (
    CurrencyTotal,
    Freshness,
    Mandate,
    MonthTotal,
    Payout,
    Refund,
    Subscription,
    TimelineEntry,
)
from ..types import Connection, Payment, PaymentPage, PaymentQuery
from . import around, cursors, rows
from .filters import Wanted, stored_day
from .pages import MOST, page_rows
from .totals import months, totals
from .vocabulary import Vocabulary

_FILLED = select(streams.c.filled_at).where(
    streams.c.connection_id == bindparam("connection"), streams.c.kind == StreamKind.PAYMENTS.value
)


class UserMirror:
    """A `halo_host.MirrorView`. `next_cursor` is that of the page that was asked for last."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        payers: tuple[str, ...],
        words: Vocabulary,
        freshness: Callable[[], Freshness],
    ) -> None:
        self._database = database
        self._connection_id = connection.id
        self._payers = payers
        self._words = words
        self._read_freshness = freshness
        self.next_cursor: str | None = None

    @cached_property
    def is_filled(self) -> bool:
        """Whether the first fill of payments has ended; until then the mirror is a part only."""
        with self._database.read() as connection:
            return connection.scalar(_FILLED, {"connection": self._connection_id}) is not None

    @cached_property
    def freshness(self) -> Freshness:
        return self._read_freshness()

    def payments(self, query: PaymentQuery) -> PaymentPage:
        after = cursors.decoded(query.sort, query.cursor) if query.cursor else None
        limit = min(max(query.limit, 1), MOST)
        with self._database.read() as connection:
            found, place = page_rows(connection, self._wanted(query), query.sort, after, limit)
        self.next_cursor = None if place is None else cursors.encoded(query.sort, place)
        return PaymentPage(
            payments=tuple(rows.payment(row, self._words) for row in found),
            next_cursor=self.next_cursor,
        )

    def totals(self, query: PaymentQuery) -> tuple[CurrencyTotal, ...]:
        with self._database.read() as connection:
            return totals(connection, self._wanted(query))

    def months(self, query: PaymentQuery) -> tuple[MonthTotal, ...]:
        with self._database.read() as connection:
            return months(connection, self._wanted(query))

    def timelines(self, payments: tuple[Payment, ...]) -> dict[str, tuple[TimelineEntry, ...]]:
        ids = self._ids(payments)
        with self._database.read() as connection:
            return around.timelines(connection, self._connection_id, StreamKind.PAYMENTS, ids)

    def mandates(self) -> tuple[Mandate, ...]:
        with self._database.read() as connection:
            return around.mandates_of(connection, self._connection_id, self._words, self._payers)

    def subscriptions(self) -> tuple[Subscription, ...]:
        with self._database.read() as connection:
            return around.subscriptions_of(
                connection, self._connection_id, self._words, self._payers
            )

    def refunds(self, payments: tuple[Payment, ...]) -> dict[str, tuple[Refund, ...]]:
        ids = self._ids(payments)
        with self._database.read() as connection:
            return around.refunds_of(connection, self._connection_id, self._words, ids)

    def payouts(self, payments: tuple[Payment, ...]) -> dict[str, Payout]:
        self._ids(payments)
        ids = {payment.payout_id for payment in payments if payment.payout_id}
        with self._database.read() as connection:
            return around.payouts_by_id(connection, self._connection_id, self._words, ids)

    def _ids(self, payments: tuple[Payment, ...]) -> tuple[str, ...]:
        self._check(payment.external_user_id for payment in payments)
        return tuple(payment.id for payment in payments)

    def _wanted(self, query: PaymentQuery) -> Wanted:
        self._check(query.external_user_ids)
        return Wanted(
            connection_ids=(self._connection_id,),
            statuses=query.statuses,
            charged_from=stored_day(query.charged_from),
            charged_to=stored_day(query.charged_to),
            payers=query.external_user_ids,
        )

    def _check(self, payers: Iterable[str]) -> None:
        if not self._payers_as_set.issuperset(payers):
            raise PluginError("A tab asked for payments of payers that are not this user's.")

    @cached_property
    def _payers_as_set(self) -> frozenset[str]:
        return frozenset(self._payers)
