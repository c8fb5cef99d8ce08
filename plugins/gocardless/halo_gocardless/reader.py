"""An open GoCardless account, read page by page into the host's mirror (`halo_host.StreamReader`).

One `Client` with one connection to GoCardless reads everything, 500 records a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from halo_host import Batch, EventRecord, StreamKind, StreamPage, Usage

from .account import Account
from .addresses import is_safe_id
from .client import Client, Page
from .cursors import read_page
from .customers import to_external_user
from .errors import GoCardlessError
from .events import is_nameless_bounce, to_event
from .lists import (
    WITH_EVENTS,
    Listing,
    changes,
    everything,
    items_of,
    payouts_before,
    unsettled,
)
from .records import (
    to_mandate,
    to_payment_record,
    to_payout,
    to_payout_item,
    to_refund,
    to_subscription,
)
from .retries import FOR_IMPORT

_TRANSLATIONS: Mapping[StreamKind, Callable[[object], Any]] = {
    StreamKind.CUSTOMERS: to_external_user,
    StreamKind.MANDATES: to_mandate,
    StreamKind.SUBSCRIPTIONS: to_subscription,
    StreamKind.PAYMENTS: to_payment_record,
    StreamKind.REFUNDS: to_refund,
    StreamKind.PAYOUTS: to_payout,
    StreamKind.EVENTS: to_event,
}

# From so many records on, those that changed lately are looked for among the newest events, since a
# page of events brings up to 500 records in one request; as long as a page brings so many of them.
WORTH_A_PAGE = 5


@contextmanager
def opened_reader(account: Account) -> Iterator[Reader]:
    """Open the account for a run of the integrator.

    :raises GoCardlessError: when the token cannot be one.
    """
    with account.client(FOR_IMPORT) as client:
        yield Reader(client)


class Reader:
    """Reads through one client; used from one thread."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ways: dict[tuple[str, StreamKind], dict[str, str | None]] = {}

    def list_page(
        self, kind: StreamKind, *, cursor: str | None, until: datetime | None, of: str | None = None
    ) -> StreamPage:
        if kind is StreamKind.PAYOUT_ITEMS:
            return self._items_page(of, cursor)
        page, upcoming = self._page("list", kind, everything(kind, until), cursor)
        return StreamPage(_batch(kind, page.records), upcoming, at=self._client.answered_at)

    def changes_page(self, kind: StreamKind, *, cursor: str | None, since: datetime) -> StreamPage:
        page, upcoming = self._page("changes", kind, changes(kind, since), cursor)
        events = _batch(StreamKind.EVENTS, page.records)
        current = _batch(kind, page.linked.get(kind.value) or self._bounced(kind, events))
        return StreamPage(
            events,
            upcoming,
            current=(current,) if current.raw else (),
            at=self._client.answered_at,
        )

    def recheck_page(self, kind: StreamKind, *, cursor: str | None, now: datetime) -> StreamPage:
        page, upcoming = self._page("recheck", kind, unsettled(kind, now), cursor)
        return StreamPage(_batch(kind, page.records), upcoming, at=self._client.answered_at)

    def read(self, kind: StreamKind, ids: Sequence[str]) -> StreamPage:
        wanted = dict.fromkeys(ids)
        found = self._changed_lately(kind, wanted) if len(wanted) >= WORTH_A_PAGE else {}
        missing = []
        for identity in wanted:
            if identity in found:
                continue
            # An id that cannot stand in a URL is none of GoCardless's, whoever made it up.
            record = self._client.one(kind.value, identity) if is_safe_id(identity) else None
            if record is None:
                missing.append(identity)
            else:
                found[identity] = record
        return StreamPage(_batch(kind, list(found.values())), missing=tuple(missing))

    def usage(self) -> Usage:
        asked = self._client.asked
        return Usage(asked.requests, asked.waited, asked.rate_limited)

    def _items_page(self, payout_id: str | None, cursor: str | None) -> StreamPage:
        """A payout's items, or none where GoCardless no longer keeps them (six months)."""
        if payout_id is None:
            raise ValueError("payout items are listed by payout")
        try:
            page, upcoming = self._page(
                payout_id, StreamKind.PAYOUT_ITEMS, items_of(payout_id), cursor
            )
        except GoCardlessError as error:
            if error.status not in (404, 410):
                raise
            page, upcoming = Page([], None), None
        records = [to_payout_item(record, payout_id) for record in page.records]
        return StreamPage(Batch(StreamKind.PAYOUT_ITEMS, records, page.records), upcoming)

    def _bounced(self, kind: StreamKind, events: Batch) -> Sequence[Any]:
        """The payouts of the days before those of these events that tell of one which bounced, but
        not of which. They are few: GoCardless makes one a day and currency."""
        told = [
            it.created_at
            for it in events.records
            if isinstance(it, EventRecord) and is_nameless_bounce(it)
        ]
        if kind is not StreamKind.PAYOUTS or not told:
            return ()
        listing = payouts_before(min(told), max(told))
        return self._client.page(listing.resource, listing.filters).records

    def _changed_lately(self, kind: StreamKind, wanted: Mapping[str, None]) -> dict[str, Any]:
        """Those of the wanted records that the newest events bring with them, as they are now."""
        found: dict[str, Any] = {}
        cursor = None
        while kind in WITH_EVENTS:
            page, cursor = read_page(self._client, changes(kind, None)[:1], cursor)
            brought = {
                identity: record
                for record in page.linked.get(kind.value, ())
                if isinstance(record, dict)
                and isinstance(identity := record.get("id"), str)
                and identity in wanted
                and identity not in found
            }
            found |= brought
            left = len(wanted) - len(found)
            if cursor is None or min(len(brought), left) < WORTH_A_PAGE:
                break
        return found

    def _page(
        self, way: str, kind: StreamKind, lists: Sequence[Listing], cursor: str | None
    ) -> tuple[Page, str | None]:
        """As `read_page`, minding that a way through a list never comes back to where it was."""
        page, upcoming = read_page(self._client, lists, cursor)
        if cursor is None:
            self._ways[way, kind] = {}
        came_from = self._ways.setdefault((way, kind), {})
        if upcoming is not None and came_from.setdefault(upcoming, cursor) != cursor:
            raise GoCardlessError(
                f"GoCardless's list of {kind} is malformed: a page leads back to an earlier one.",
                advice="Try again; if it stays, tell GoCardless.",
            )
        return page, upcoming


def _batch(kind: StreamKind, raw: Sequence[Any]) -> Batch:
    return Batch(kind, list(map(_TRANSLATIONS[kind], raw)), raw)
