"""The mirror's reading side: lists, sums and one payment in full. Every face calls these methods;
none of them asks a provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ..connections.connections import Connections
from ..database.database import Database
from ..errors import InvalidInput
from ..plugins import Plugins
from ..streams import StreamKind
from ..sync.reader import declared_streams
from ..sync.sync import Sync
from ..tab_types import CurrencyTotal
from ..types import Connection
from . import cursors, filters
from .filters import PaymentFilter, Sort, looked_up
from .finding import found_payments
from .in_full import PaymentInFull, payment_in_full
from .listing import ListedPayment, listed, with_people
from .mirror_view import UserMirror
from .pages import MOST, page_rows
from .recent import RecentFailures, recent_failures
from .summary import Summary, summary
from .totals import totals
from .unlinked import Unlinked, unlinked
from .vocabulary import Vocabulary, vocabularies

_STREAMED_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage:
    """One page of a list; `next_cursor` is None on the last one."""

    payments: tuple[ListedPayment, ...]
    next_cursor: str | None


class Payments:
    def __init__(
        self, database: Database, plugins: Plugins, connections: Connections, sync: Sync
    ) -> None:
        self._database = database
        self._plugins = plugins
        self._connections = connections
        self._sync = sync

    def list(
        self,
        wanted: PaymentFilter | None = None,
        *,
        sort: Sort = "newest",
        cursor: str | None = None,
        limit: int = 100,
    ) -> ListPage:
        """One page of the payments of all users and connections, also of payers without a user.

        `cursor` is the `next_cursor` of the page before, of the same filter and order.

        :raises NotFound: the filter names a connection, customer or user that is not there.
        :raises InvalidInput: the cursor is none of this list, or the filter contradicts itself.
        """
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"A page holds 1 to {MOST:,} payments, not {limit:,}.")
        after = cursors.decoded(sort, cursor) if cursor else None
        with self._database.read() as connection:
            found = looked_up(connection, wanted or PaymentFilter())
            rows, place = page_rows(connection, found, sort, after, limit, with_people)
        return ListPage(
            payments=tuple(listed(rows, vocabularies(self._plugins, self._connections))),
            next_cursor=None if place is None else cursors.encoded(sort, place),
        )

    def stream(
        self, wanted: PaymentFilter | None = None, *, sort: Sort = "newest"
    ) -> Iterator[ListedPayment]:
        """All payments that are wanted, however many: never more than a page in memory, and no
        transaction is held open between pages.

        :raises HostError: as `list`, before the first payment is given out.
        """
        with self._database.read() as connection:
            found = looked_up(connection, wanted or PaymentFilter())
        return self._pages(found, sort)

    def _pages(self, wanted: filters.Wanted, sort: Sort) -> Iterator[ListedPayment]:
        words = vocabularies(self._plugins, self._connections)
        place: cursors.Place | None = None
        while True:
            with self._database.read() as connection:
                rows, place = page_rows(
                    connection, wanted, sort, place, _STREAMED_AT_ONCE, with_people
                )
            yield from listed(rows, words)
            if place is None:
                return

    def totals(self, wanted: PaymentFilter | None = None) -> tuple[CurrencyTotal, ...]:
        """Sums by currency over all that the filter finds."""
        with self._database.read() as connection:
            return totals(connection, looked_up(connection, wanted or PaymentFilter()))

    def summary(self, first_day: date, last_day: date, *, connection: str | None = None) -> Summary:
        """What came in, failed and went back among payments charged in these days.

        :raises NotFound: there is no such connection.
        """
        with self._database.read() as database:
            found = looked_up(
                database,
                PaymentFilter(connection=connection, charged_from=first_day, charged_to=last_day),
            )
            return summary(database, found, first_day, last_day)

    def failures(
        self, since: datetime, *, connection: str | None = None, limit: int = 10
    ) -> RecentFailures:
        """The payments that failed since then, the latest first.

        :raises NotFound: there is no such connection.
        """
        words = vocabularies(self._plugins, self._connections)
        with self._database.read() as database:
            found = looked_up(database, PaymentFilter(connection=connection))
            return recent_failures(database, found, since, limit, words)

    def get(self, payment_id: str, *, connection: str | None = None) -> PaymentInFull:
        """One payment by its id at the provider, with everything around it.

        :raises NotFound: no connection, or not the one that is named, has such a payment.
        :raises InvalidInput: several connections have one of that id.
        """
        words = vocabularies(self._plugins, self._connections)
        with self._database.read() as database:
            return payment_in_full(database, payment_id, connection, words)

    def found(self, text: str, *, limit: int) -> Sequence[ListedPayment]:
        """Payments of any connection whose id or reference is `text`: for a search field."""
        words = vocabularies(self._plugins, self._connections)
        with self._database.read() as database:
            return found_payments(database, text, words, limit=limit)

    def unlinked(self, *, connection: str | None = None) -> Unlinked:
        """How many payments wait for their payer to be linked to a user."""
        with self._database.read() as database:
            return unlinked(database, looked_up(database, PaymentFilter(connection=connection)))

    def known_reasons(self) -> tuple[str, ...]:
        """Every cause that a provider has given for a failure, as filters take it."""
        with self._database.read() as connection:
            return tuple(filters.known_reasons(connection))

    def known_statuses(self, *, connection: str | None = None) -> tuple[str, ...]:
        """Every status that a payment in the mirror has, in the providers' own words."""
        with self._database.read() as database:
            wanted = looked_up(database, PaymentFilter(connection=connection))
            return tuple(filters.known_statuses(database, wanted))

    def statuses(self, *, connection: str | None = None) -> tuple[str, ...]:
        """Every status that the plugins explain, in the order of a payment's life; reads nothing.

        :raises NotFound: there is no such connection.
        """
        slugs = [it.slug for it in self._connections.all()] if connection is None else [connection]
        words = vocabularies(self._plugins, self._connections)
        return tuple(dict.fromkeys(status for slug in slugs for status in words(slug).statuses))

    def mirror_of(self, connection: Connection, payers: tuple[str, ...]) -> UserMirror | None:
        """What a tab reads of these payers; None where the plugin has no stream of payments."""
        streams = declared_streams(self._plugins, connection)
        if StreamKind.PAYMENTS not in streams:
            return None
        return UserMirror(
            self._database,
            connection,
            payers,
            Vocabulary(streams),
            lambda: self._sync.freshness(connection.slug),
        )
