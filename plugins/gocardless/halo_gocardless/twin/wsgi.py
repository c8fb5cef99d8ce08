"""The part of the WSGI protocol that server and middleware share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def closing(answer: Iterable[bytes]) -> Iterator[Iterable[bytes]]:
    """Close an app's answer when it has been read, if it can be closed, as PEP 3333 asks."""
    try:
        yield answer
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
