"""A plugin's reader as the integrator uses it: whatever goes wrong in it is attributed, and what it
returns is checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from ..errors import InvalidInput, PluginError
from ..plugins import Plugins
from ..streams import Stream, StreamKind, StreamPage, StreamReader, Usage
from ..types import Connection

Streams = Mapping[StreamKind, Stream]


def declared_streams(plugins: Plugins, connection: Connection) -> Streams:
    """The streams of the connection's plugin by kind; empty where it has none."""
    owner = plugins.owner_of(connection)
    with plugins.attributed(owner, "halo_streams", connection):
        found = list(plugins.ask("halo_streams", connection) or ())
        if not all(isinstance(stream, Stream) for stream in found):
            raise TypeError("it yields something that is no halo_host.Stream")
    return {stream.kind: stream for stream in found}


class Reader:
    """One opened account."""

    def __init__(self, plugins: Plugins, connection: Connection, reader: StreamReader) -> None:
        self._plugins = plugins
        self._connection = connection
        self._owner = plugins.owner_of(connection)
        self._reader = reader

    def list_page(
        self, kind: StreamKind, cursor: str | None, until: datetime | None, of: str | None = None
    ) -> StreamPage:
        return self._page("list_page", kind, kind, cursor=cursor, until=until, of=of)

    def changes_page(self, kind: StreamKind, cursor: str | None, since: datetime) -> StreamPage:
        return self._page("changes_page", StreamKind.EVENTS, kind, cursor=cursor, since=since)

    def recheck_page(self, kind: StreamKind, cursor: str | None, now: datetime) -> StreamPage:
        return self._page("recheck_page", kind, kind, cursor=cursor, now=now)

    def read(self, kind: StreamKind, ids: Sequence[str]) -> StreamPage:
        return self._page("read", kind, kind, ids)

    def usage(self) -> Usage:
        with self._attributed("usage"):
            return self._reader.usage()

    def _page(self, method: str, expected: StreamKind, /, *args: Any, **named: Any) -> StreamPage:
        with self._attributed(method):
            page = getattr(self._reader, method)(*args, **named)
        if not isinstance(page, StreamPage):
            raise PluginError(f"The reader's {method} of {self._owner} returned no StreamPage.")
        for batch in (page.batch, *page.current):
            if len(batch.records) != len(batch.raw):
                raise PluginError(
                    f"The reader's {method} of {self._owner} returned {len(batch.records)} records "
                    f"with {len(batch.raw)} raw ones."
                )
        if page.batch.kind is not expected:
            raise PluginError(
                f"The reader's {method} of {self._owner} returned {page.batch.kind} "
                f"where {expected} were asked for."
            )
        return page

    def _attributed(self, method: str) -> AbstractContextManager[None]:
        return self._plugins.attributed(self._owner, f"the reader's {method}", self._connection)


@contextmanager
def opened_reader(plugins: Plugins, connection: Connection) -> Iterator[Reader]:
    """Open the connection's account for reading.

    :raises InvalidInput: its plugin has no streams.
    """
    owner = plugins.owner_of(connection)
    manager = plugins.ask("halo_open_reader", connection)
    if manager is None:
        raise InvalidInput(
            f"The integration {connection.integration} offers nothing that could be mirrored.",
            advice="Its plugin has no streams; a newer version of it may.",
        )
    with plugins.attributed(owner, "halo_open_reader", connection):
        reader = manager.__enter__()
    raised: tuple[Any, Any, Any] = (None, None, None)
    try:
        yield Reader(plugins, connection, reader)
    except BaseException as error:
        raised = (type(error), error, error.__traceback__)
        raise
    finally:
        with plugins.attributed(owner, "halo_open_reader", connection):
            manager.__exit__(*raised)
