"""Properties that are computed at their first use, once, whichever threads ask for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Self, TypeVar, overload

T = TypeVar("T")


class only_once(cached_property[T]):  # noqa: N801 - named like the one whose place it takes
    """`functools.cached_property` for what is shared by threads and must be closed at the end.

    Since Python 3.12 that one may compute a value twice when two threads are first at the same
    time; a database or a thread that the slower one has opened would never be closed.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        super().__init__(compute)
        self._computing = threading.RLock()

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Self | T:
        with self._computing:
            return super().__get__(instance, owner)
