"""What a provider's statuses mean and where its records are opened: from the plugin's streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import TypeVar
from urllib.parse import quote

from ..connections.connections import Connections
from ..errors import HostError
from ..plugins import Plugins
from ..streams import Stream, StreamKind
from ..sync.reader import declared_streams

S = TypeVar("S", bound=Enum)


class Vocabulary:
    """The words of one connection's plugin; `streams` is empty where it cannot be asked."""

    def __init__(self, streams: Mapping[StreamKind, Stream]) -> None:
        self._streams = streams

    @property
    def statuses(self) -> Sequence[str]:
        """The statuses of payments that the plugin explains."""
        stream = self._streams.get(StreamKind.PAYMENTS)
        return () if stream is None else tuple(stream.meanings)

    def url(self, kind: StreamKind, identity: str) -> str | None:
        stream = self._streams.get(kind)
        if stream is None or stream.url is None:
            return None
        return stream.url.replace("{id}", quote(identity, safe=""))

    def explanation(self, kind: StreamKind, status: str) -> str:
        stream = self._streams.get(kind)
        if stream is None:
            return f"The provider's status is “{status}”; no installed plugin explains it."
        meaning = stream.meanings.get(status)
        if meaning is None:
            return f"The provider's status “{status}” is not known to this version of the plugin."
        return meaning.explanation


def state(kind: type[S], value: str) -> S:
    """The neutral state as it is stored; one that this version does not know is unknown."""
    try:
        return kind(value)
    except ValueError:
        return kind("unknown")


def vocabularies(plugins: Plugins, connections: Connections) -> Callable[[str], Vocabulary]:
    """The vocabulary of a connection by its slug, each asked for once."""

    @cache
    def of(slug: str) -> Vocabulary:
        try:
            return Vocabulary(declared_streams(plugins, connections.for_plugin(slug)))
        except HostError:  # no plugin for it any more, or no key for its secrets: rows stay shown
            return Vocabulary({})

    return of
