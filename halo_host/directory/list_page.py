"""One page of a list whose whole length is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage(Generic[T]):
    """`total` counts the rows of all pages; `number` is this page's, from 1."""

    rows: tuple[T, ...]
    total: int
    number: int
    size: int


def place_of(number: int, size: int, total: int) -> int:
    """The page that is shown where `number` is asked for: the last one, where there are fewer."""
    return max(1, min(number, -(-total // size)))
