"""What somebody asks for in the address of a list of payments."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from flask import request

from ...errors import InvalidInput
from ...payments.filters import Sort

# As `ui.table` writes the order of a column: with a minus from the greatest.
ORDERS: dict[str, Sort] = {
    "-created": "newest",
    "created": "oldest",
    "-amount": "largest",
    "amount": "smallest",
}
NEWEST = "-created"


def order() -> str:
    """The order that is asked for; nonsense is the newest first."""
    asked = request.args.get("sort", "")
    return asked if asked in ORDERS else NEWEST


def words(name: str) -> tuple[str, ...]:
    """All values of a parameter that say something."""
    return tuple(it.strip() for it in request.args.getlist(name) if it.strip())


def word(name: str) -> str | None:
    return request.args.get(name, "").strip() or None


def day(name: str) -> date | None:
    """:raises InvalidInput: it is no day."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"“{text[:40]}” is no day.", advice="Write days as 2026-03-31."
        ) from None


def days(name: str) -> int | None:
    """A number of days.

    :raises InvalidInput: it is none, or reaches back further than any mirror does.
    """
    text = request.args.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) > 0):
        raise InvalidInput(
            f"“{text[:40]}” is no number of days.", advice="Give a whole number such as 7."
        )
    return int(text)


def filter_text() -> str:
    """The query of this address without its page, for lists and files of the same filter."""
    kept = [(name, it) for name, it in request.args.items(multi=True) if it and name != "after"]
    return f"?{urlencode(kept)}" if kept else ""
