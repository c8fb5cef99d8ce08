"""One database: SQLite embedded beside the program, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, NoSuchModuleError

from ..errors import DatabaseError, InvalidInput
from .failures import explained
from .index_hints import take_index_hints
from .whole_file import make_private

_WRITES = "halo_writes"
BUSY_SECONDS = 30
_ASK_AGAIN = 0.002  # seconds
_PAUSE = 1.0  # seconds


class Database:
    """Opens connections, and gives every failure of the database an operator's words.

    `url` is an SQLAlchemy URL. On SQLite, query parameters are `mode=ro` (open for reading only)
    and `max_page_count=N` (refuse to grow beyond N pages).

    What is committed outlives the end of the process. With `durable` it also outlives a power cut,
    which is what somebody was promised whom the commit was reported to.
    """

    def __init__(self, url: str, *, durable: bool = False) -> None:
        self.url = _parsed(url)
        self._reader = _engine(self.url, durable)
        self._writer = self._reader.execution_options(**{_WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        return self._reader.dialect.name == "sqlite"

    @property
    def label(self) -> str:
        """The database as messages name it, and as operators write it: without a password."""
        if self.is_sqlite:
            return self.url.database or "memory"
        known = self.url.difference_update_query(["password"])._replace(password=None)
        return known.set(drivername=known.get_backend_name()).render_as_string(hide_password=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction for reading."""
        with explained(self.label), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction for writing: committed at the end, rolled back on any error.

        On SQLite it takes the write lock at once, so that it waits at its start instead of failing
        half-way. Keep it short, and never call a provider inside it.
        """
        with explained(self.label), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """One connection for many short read transactions: temporary tables outlive each.

        It is closed at the end, not kept for later: it takes its memory with it.
        """
        with explained(self.label), self._reader.connect() as connection:
            connection.detach()
            yield connection

    def tidy(self) -> None:
        """Copy what SQLite has put aside into the database file, outside of any transaction.

        Long work calls it now and then, so that the wait for the disk falls on it and not on
        somebody else's small write. The copying blocks nobody; what then begins the log anew takes
        the write lock for a moment, and gives up if somebody else has it.
        """
        if self.is_sqlite:
            with explained(self.label), self._reader.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None  # noqa: S101 - for the type checker
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
                raw.execute("PRAGMA busy_timeout=0")
                raw.execute("PRAGMA wal_checkpoint(RESTART)")
                raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """A transaction for changing tables.

        SQLite changes a table by rebuilding it, which with foreign keys on would delete the rows
        that refer to it; so they are off, and checked before the commit.
        """
        with explained(self.label), self._writer.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    yield connection
                return
            raw = connection.connection.driver_connection
            assert raw is not None  # noqa: S101 - for the type checker
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken is not None:
                        raise DatabaseError(
                            f"The upgrade of {self.label} would leave broken references in "
                            f"{broken[0]}; nothing was changed.",
                            advice="Report this as a bug of Halo Host.",
                        )
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        self._reader.dispose()


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
        if url.drivername in {"postgresql", "postgres"}:
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        raise InvalidInput(
            "The database address cannot be read.",
            advice="Give one such as sqlite:////var/lib/halo-host/halo-host.db "
            "or postgresql://user@server/database.",
        ) from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise InvalidInput(
            f"Halo Host does not run on {url.get_backend_name()}.",
            advice="Use SQLite or PostgreSQL.",
        )
    return url


def _engine(url: URL, durable: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, durable)
    # Never prepared, each statement is planned with its values when it runs. The plan of a prepared
    # one, made while a table was small, would read the whole table for each page of a first fill;
    # and `plan_cache_mode` would have the server plan its checks of references for every row.
    arguments = {"connect_timeout": 10, "prepare_threshold": None}
    engine = create_engine(url, connect_args=arguments)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_ask_whether_it_lives, engine))
    if durable:
        event.listen(engine, "begin", _wait_for_the_disk)
    return engine


def _note_use(connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ask_whether_it_lives(engine: Engine, connection: Any, record: Any, proxy: Any) -> None:
    """As `pool_pre_ping`, but only after a pause: a fill takes its connection again at once, and
    the question would cost each of its pages a round trip.

    :raises InvalidatePoolError: it does not, so the pool opens new ones.
    """
    used = record.info.get("used")
    if used is None or time.monotonic() - used < _PAUSE:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        raise InvalidatePoolError from None


def _wait_for_the_disk(connection: Connection) -> None:
    """Even where the server's own setting is not to wait; a stronger one than `on` stays."""
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql(
            "SELECT set_config('synchronous_commit', 'on', true) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )


def _sqlite_engine(url: URL, durable: bool) -> Engine:
    options = dict(url.query)
    mode = str(options.pop("mode", "rwc"))
    limit = str(options.pop("max_page_count", "0"))
    if mode not in {"ro", "rw", "rwc"} or not limit.isdecimal() or options:
        raise InvalidInput(
            "The database address has a setting that SQLite databases do not take.",
            advice="Known are mode=ro, mode=rw and max_page_count=NUMBER.",
        )
    if not url.database:
        raise InvalidInput("The database address names no file.")
    file = Path(url.database).absolute()

    def connect() -> sqlite3.Connection:
        if mode == "rwc":
            make_private(file)
        # isolation_level None: transactions begin where we say, see _begin.
        return sqlite3.connect(
            f"{file.as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = create_engine(url.set(query={}), creator=connect)
    take_index_hints(engine)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-16384")
        if int(limit):
            connection.execute(f"PRAGMA max_page_count={int(limit)}")
        if mode != "ro":
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            # Whoever commits past this many pages copies them into the database file, and waits
            # for the disk; imports do so themselves, more often (see `tidy`).
            connection.execute(f"PRAGMA wal_autocheckpoint={1000 if durable else 16384}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITES):
            _begin_writing(connection)
        else:  # straight to the driver: a page begins a dozen of these
            raw: Any = connection.connection.dbapi_connection
            raw.execute("BEGIN")

    return engine


def _begin_writing(connection: Connection) -> None:
    """Take the write lock, asking every few milliseconds.

    SQLite itself asks more and more seldom, up to every 100 ms, and so misses the short pauses that
    an import leaves between its transactions; others then waited for seconds.
    """
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - for the type checker
    raw.execute("PRAGMA busy_timeout=0")
    try:
        give_up = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or (
                    time.monotonic() > give_up
                ):
                    raise DBAPIError.instance(
                        "BEGIN IMMEDIATE", None, error, sqlite3.Error
                    ) from None
            time.sleep(_ASK_AGAIN)
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
