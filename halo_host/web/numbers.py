"""Numbers that a request brings: as a database counts.

A larger one would reach the database, which fails at it.
"""

from __future__ import annotations

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # of rows, positions and pages alike


class Number(IntegerConverter):
    """`<int:…>` of every address, in place of werkzeug's own; where it is larger, nothing is."""

    regex = "[0-9]{1,10}"

    def __init__(self, routes: Map) -> None:
        super().__init__(routes, max=LARGEST)


def number_of(text: str) -> int:
    """For `request.form.get("user", type=number_of)`.

    :raises ValueError: it is no number, or larger than any.
    """
    if len(text) > 10 or not (text.isascii() and text.isdecimal()) or int(text) > LARGEST:
        raise ValueError("no number of a row")
    return int(text)
