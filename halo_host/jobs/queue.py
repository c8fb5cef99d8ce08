"""The queue that wakes integrators: Huey on a file, on PostgreSQL or on Redis.

A message says no more than "look at the jobs table, perhaps at this one". What is to be done stands
in that table alone, so a lost message costs a few seconds, until the next sweep, and a forged one
nothing. Messages are JSON: nothing that comes out of a queue is ever unpickled.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.exceptions import HueyException
from huey.registry import Message
from huey.serializer import Serializer

from ..database.whole_file import make_private
from ..errors import InvalidInput
from ..settings import Settings

NAME = "halo-host"
_FILE = "queue.db"
_LOCK = 0x48414C50  # of PostgreSQL, for whoever makes the tables
_log = logging.getLogger("halo_host.queue")


class JsonSerializer(Serializer):  # type: ignore[misc] # Huey has no types
    """Only what a wake-up consists of: its id, its task's name, the number of a job."""

    def _serialize(self, data: Any) -> bytes:
        return orjson.dumps([data.id, data.name, *data.args])

    def _deserialize(self, data: bytes) -> Message:
        match orjson.loads(bytes(data)):
            case [str(id_), str(name), int(number)]:
                return Message(id=id_, name=name, retries=0, retry_delay=0, args=(number,))
        raise HueyException("a message in the queue is none of the host's")


def queue_address(settings: Settings) -> str:
    """`HALO_HOST_QUEUE`, or the host's PostgreSQL, or a file in the data folder."""
    if settings.queue_url:
        return settings.queue_url
    if urlsplit(settings.database_url).scheme.startswith("postgres"):
        return settings.database_url
    return f"sqlite:///{quote(str(settings.data / _FILE))}"


class Queue:
    """Rings for integrators, from any process; an integrator listens to it as `huey`.

    `answer` is what an integrator does when it rings; other processes only ring. Only an integrator
    makes the queue's file or tables: without one nobody would ever empty it.
    """

    def __init__(self, address: str, answer: Callable[[int], None] | None = None) -> None:
        self._file: Path | None = None
        self._closing = threading.Lock()
        self.huey = self._opened(address, listens=answer is not None)

        def wake(number: int) -> None:
            if answer is not None:
                answer(number)

        self._wake = self.huey.task(name="wake")(wake)

    def ring(self, number: int) -> None:
        """Say that a job was queued; it never fails, for the sweep finds the job as well."""
        if self._file is not None and not self._file.exists():
            return  # no integrator has ever run here
        try:
            self._wake(number)
        except Exception as error:  # whatever the library or the server behind it raises
            _log.info(
                "No integrator could be woken (%s); its sweep will see.", type(error).__name__
            )

    def close(self) -> None:
        """What this thread and all have open; each thread that listens calls it at its end."""
        with self._closing:  # Huey's own lock leaves room for two to close one connection
            self.huey.storage.close()

    def _opened(self, address: str, *, listens: bool) -> Huey:
        options: dict[str, Any] = {"results": False, "serializer": JsonSerializer()}
        url = urlsplit(address)
        if url.scheme == "sqlite":
            file = Path(unquote(url.path).removeprefix("/"))
            if not str(file) or str(file) == ".":
                raise InvalidInput("HALO_HOST_QUEUE names no file.")
            if listens:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                make_private(file)
            self._file = None if listens else file
            return SqliteHuey(
                NAME, filename=str(file), fsync=False, create_tables=listens, **options
            )
        if url.scheme.startswith("postgres"):
            dsn = address.replace("postgresql+psycopg://", "postgresql://", 1)
            huey = PostgresHuey(
                NAME, dsn=dsn, create_tables=False, table_prefix="halo_queue", **options
            )
            if listens:
                _make_tables(dsn, huey.storage.ddl)
            return huey
        if url.scheme in {"redis", "rediss"}:
            return _redis(address, options)
        raise InvalidInput(
            "HALO_HOST_QUEUE is no address of a queue.",
            advice="Give sqlite:////PATH, postgresql://user@server/database or "
            "redis://server:6379/0.",
        )


def _make_tables(dsn: str, statements: Sequence[str]) -> None:
    """Huey's own way fails for all but the first of several integrators that begin at once:
    PostgreSQL's CREATE TABLE IF NOT EXISTS is no protection against another one just then."""
    import psycopg

    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for statement in statements:
            connection.execute(statement.encode())


def _redis(address: str, options: dict[str, Any]) -> Huey:
    try:
        import redis  # noqa: F401 - Huey needs it and says so less clearly
    except ImportError:
        raise InvalidInput(
            "HALO_HOST_QUEUE names a Redis server, but Redis' client is not installed.",
            advice="Install it with: pip install 'halo-host[redis]'",
        ) from None
    return RedisHuey(NAME, url=address, **options)
