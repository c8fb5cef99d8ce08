"""Pages of long lists, and addresses of the same list with another filter, order or page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pager:
    """What the macro `pager` shows: addresses, None where there is none, and "1–50 of 1,204"."""

    text: str = ""
    first: str | None = None
    previous: str | None = None
    next: str | None = None


def here(**changes: object) -> str:
    """This page's address with other query parameters; None takes one away.

    In a list's template: `here(sort="-amount", after=None)`.
    """
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    new: list[tuple[str, str]] = []
    for name, value in changes.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        new += [(name, str(each)) for each in values if each is not None]
    query = urlencode([*kept, *new])
    return f"{request.path}?{query}" if query else request.path


def page_number(name: str = "page", *, most: int = 1_000_000) -> int:
    """The page that the address asks for, from 1; nonsense is page 1."""
    text = request.args.get(name, "")
    if text.isascii() and text.isdecimal() and len(text) < 12:
        return min(max(int(text), 1), most)
    return 1


def numbered(number: int, size: int, total: int, *, name: str = "page") -> Pager:
    """For lists that know how many there are: pages 1, 2, 3 of `size` each."""
    last = max(1, -(-total // size))
    number = min(number, last)
    start = (number - 1) * size
    text = f"{start + 1:,}–{min(start + size, total):,} of {total:,}" if total else ""
    return Pager(
        text=text,
        first=here(**{name: None}) if number > 2 else None,
        previous=here(**{name: number - 1 if number > 2 else None}) if number > 1 else None,
        next=here(**{name: number + 1}) if number < last else None,
    )


def followed(
    read: Callable[..., Sequence[T]], size: int, mark: Callable[[T], Any], *, name: str = "after"
) -> tuple[Sequence[T], Pager]:
    """For lists that go on after a mark: calls `read(limit=…, after=…)`, `mark` of the last row.

    Any list is a page long at most, however many rows there are.
    """
    text = request.args.get(name, "0")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    rows = read(limit=size + 1, after=after)
    more = len(rows) > size
    rows = rows[:size]
    return rows, Pager(
        first=here(**{name: None}) if after else None,
        next=here(**{name: mark(rows[-1])}) if more else None,
    )
