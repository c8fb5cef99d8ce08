"""Following several lists behind one cursor, also long after the cursor was handed out.

A cursor says which of the lists it belongs to, when the last record before it was created, and what
GoCardless called its place. GoCardless asks that its own cursors are not kept for long: should it
no longer take one, the list is entered by that time instead, and a few records come twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from .client import Client, Page
from .errors import GoCardlessError
from .lists import Listing
from .values import moment, timestamp

_log = logging.getLogger(__name__)

_REFUSALS = (400, 404, 410, 422)  # how GoCardless may answer a cursor that it no longer knows
_SEPARATOR = "|"


class _Place(NamedTuple):
    list_number: int
    created_at: str  # up to the next millisecond; empty where the last record does not tell
    after: str  # empty for the beginning of the list


def read_page(
    client: Client, lists: Sequence[Listing], cursor: str | None
) -> tuple[Page, str | None]:
    """One page, and the cursor of the next one; None after the last page of the last list.

    :raises GoCardlessError: the cursor is none of these lists', or the page cannot be read.
    """
    place = _Place(0, "", "") if cursor is None else _decoded(cursor, len(lists))
    page = _page(client, lists[place.list_number], place)
    if page.after is not None:
        upcoming = _Place(
            place.list_number, _created_at(page.records) or place.created_at, page.after
        )
    elif place.list_number + 1 < len(lists):
        upcoming = _Place(place.list_number + 1, "", "")
    else:
        return page, None
    return page, _SEPARATOR.join(map(str, upcoming))


def _page(client: Client, listing: Listing, place: _Place) -> Page:
    if not place.after:
        return client.page(listing.resource, listing.filters)
    try:
        return client.page(listing.resource, listing.filters, after=place.after)
    except GoCardlessError as error:
        if error.status not in _REFUSALS or not place.created_at:
            raise
        _log.info("GoCardless no longer knows a place in its list of %s.", listing.resource)
        # Earlier than what the list was limited to, since it is a time of one of its records.
        limited = {**listing.filters, "created_at[lte]": place.created_at}
        return client.page(listing.resource, limited)


def _created_at(records: Sequence[Any]) -> str | None:
    last = records[-1] if records else None
    created_at = moment(last.get("created_at")) if isinstance(last, dict) else None
    try:
        return None if created_at is None else timestamp(created_at + timedelta(milliseconds=1))
    except OverflowError:
        return None


def _decoded(cursor: str, lists: int) -> _Place:
    number, _, rest = cursor.partition(_SEPARATOR)
    created_at, separator, after = rest.partition(_SEPARATOR)
    if separator and number.isdecimal() and number.isascii() and int(number) < lists:
        return _Place(int(number), created_at, after)
    raise GoCardlessError(
        "The mark of the next page is not one that belongs to this list.",
        advice="Reset the connection's last sync, so that it is read from the start.",
    )
