"""Where the next page of a list begins: the place of the last payment shown.

A place is what the list is sorted by and the row's number, which no two share; so payments that
come in meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import NamedTuple

import orjson

from ..errors import InvalidInput
from .filters import Sort

_LARGEST = 2**63 - 1


class Place(NamedTuple):
    """`key` is the time of creation or the amount; None where the payment has no time."""

    key: datetime | int | None
    id: int


def is_by_time(sort: Sort) -> bool:
    return sort in ("newest", "oldest")


def encoded(sort: Sort, place: Place) -> str:
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    return base64.urlsafe_b64encode(orjson.dumps([sort, key, place.id])).decode().rstrip("=")


def decoded(sort: Sort, cursor: str) -> Place:
    """:raises InvalidInput: it is no cursor of a list in this order."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        said, key, number = orjson.loads(base64.b64decode(padded, b"-_", validate=True))
        if said == sort and _is_number(number):
            if not is_by_time(sort):
                if _is_number(key):
                    return Place(key, number)
            elif key is None:
                return Place(None, number)
            elif isinstance(key, str) and (moment := datetime.fromisoformat(key)).tzinfo:
                return Place(moment, number)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise InvalidInput(
        "The mark of the next page does not belong to this list of payments.",
        advice="Open the list again from its first page, or keep its sort order.",
    )


def _is_number(value: object) -> bool:
    return type(value) is int and -_LARGEST <= value <= _LARGEST
