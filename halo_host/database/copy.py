"""Move a whole database: from SQLite to PostgreSQL when one machine is outgrown, or any other way.

The target is there with everything, or it is not there: on PostgreSQL all is one transaction, on
SQLite a file that gets its name at the end. So a copy that was killed is simply made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Table, delete, insert, inspect, text
from sqlalchemy.exc import DataError, IntegrityError

from ..errors import DatabaseError
from .copy_ids import go_on_after, last_id
from .copy_rows import Contents, Row, contents, copy_rows, stored_rows
from .database import Database
from .failures import explained
from .in_use import refuse_open_file, refuse_while_in_use
from .store import HOST, Store
from .tables import audit_log
from .upgrade import Age, age, wait_for_turn
from .whole_file import is_unfinished, unfinished

_NOT_COPIED = {"alembic_version"}  # the target's migrations write it


class CopiedTable(NamedTuple):
    """A table that is the same on both sides: as many rows, with the same digest."""

    name: str
    rows: int
    digest: str


class Copy(NamedTuple):
    """What was copied; `left_out` names tables of the source that are not the host's."""

    tables: list[CopiedTable]
    left_out: list[str]


class _Side(NamedTuple):
    database: Database
    connection: Connection


def copy_database(
    stores: Sequence[Store],
    source_url: str,
    target_url: str,
    *,
    agent: str,
    now: datetime,
    on_table: Callable[[CopiedTable], None] = lambda table: None,
) -> Copy:
    """Copy everything to an empty database, and compare every row of it.

    `stores` are all of the host's, its own first. `on_table` is called after each table. The source
    is only read, and nobody else can write to it meanwhile. Secrets stay encrypted, so the target
    needs the same key.

    :raises DatabaseError: the source is in use or of another version, the target is not empty, or
        what arrived is not what was sent. The target is then as it was.
    """
    present = [store for store in stores if store is HOST or _exists(store, source_url)]
    _refuse_unusable(source_url)
    _prepare(present, source_url, now)
    _refuse_unless_empty(stores, target_url)
    copied: list[CopiedTable] = []
    left_out: set[str] = set()
    with _reading(present, source_url) as senders, _making(present, target_url) as receivers:
        _refuse_if_made_meanwhile(receivers[HOST.name])
        for store in present:
            sender, receiver = senders[store.name], receivers[store.name]
            store.make(receiver.connection)
            _empty(store, receiver.connection)
            for table in store.metadata.sorted_tables:
                copied.append(_copied(sender, receiver.connection, table))
                on_table(copied[-1])
            left_out.update(inspect(sender.connection).get_table_names())
        _note(receivers[HOST.name].connection, senders[HOST.name].database, agent, now, copied)
    return Copy(copied, sorted(left_out - {table.name for table in copied} - _NOT_COPIED))


def _exists(store: Store, url: str) -> bool:
    """Whether there is such a store; one that nobody needed yet is made when somebody does."""
    if (file := store.file(url)) is not None:
        return file.exists()
    with closing(Database(store.address(url))) as database, database.session() as connection:
        tables = inspect(connection).get_table_names()
    return not set(store.metadata.tables).isdisjoint(tables)


def _refuse_unusable(url: str) -> None:
    with closing(Database(url)) as source:
        file = HOST.file(url)
        found = Age.EMPTY if file and not file.exists() else age(source)
        if found is Age.EMPTY:
            raise DatabaseError(
                f"There is nothing to copy: the database {source.label} is empty.",
                advice="Name the right one with --data or HALO_HOST_DATA, or with --database or "
                "HALO_HOST_DATABASE_URL.",
            )
        if found is Age.OLDER:
            raise DatabaseError(
                f"The database {source.label} was made by an older version of Halo Host.",
                advice="Make a back-up, run `halo-host database upgrade`, then copy it.",
            )


def _prepare(stores: Sequence[Store], url: str, now: datetime) -> None:
    with closing(Database(url)) as source:
        refuse_while_in_use(source, now)
    for store in stores:
        if file := store.file(url):
            refuse_open_file(file)
        if store.make_current is not None:
            with closing(Database(store.address(url))) as database:
                store.make_current(database)


def _refuse_unless_empty(stores: Sequence[Store], url: str) -> None:
    with closing(Database(url)) as target:
        host_file = HOST.file(url)
        if host_file is None or host_file.exists():
            if age(target) is not Age.EMPTY:
                raise _not_empty(target.label)
        # What a copy that was killed at its very end has finished already, is made again.
        elif is_unfinished(host_file):
            return
    for store in stores:
        if (file := store.file(url)) and file.exists() and file.stat().st_size:
            raise _not_empty(str(file))


def _refuse_if_made_meanwhile(target: _Side) -> None:
    """By a host that was started on it, or by another copy."""
    wait_for_turn(target.connection)
    if inspect(target.connection).has_table(audit_log.name):
        raise _not_empty(target.database.label)


def _not_empty(label: str) -> DatabaseError:
    return DatabaseError(
        f"The target {label} is not empty: it holds data of Halo Host. Nothing was changed.",
        advice="Name an empty database, or empty this one yourself if nobody needs it.",
    )


@contextmanager
def _reading(stores: Sequence[Store], url: str) -> Iterator[dict[str, _Side]]:
    """Transactions during which nobody else writes, so that no row is left behind."""
    with ExitStack() as stack:
        sides: dict[str, _Side] = {}
        for address, sharing in _by_address(stores, url).items():
            source = stack.enter_context(closing(Database(address)))
            connection = stack.enter_context(source.write())
            if not source.is_sqlite:
                names = ", ".join(f'"{name}"' for name in inspect(connection).get_table_names())
                connection.execute(text("SET LOCAL lock_timeout = '10s'"))
                connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
            sides |= dict.fromkeys(sharing, _Side(source, connection))
        yield sides


@contextmanager
def _making(stores: Sequence[Store], url: str) -> Iterator[dict[str, _Side]]:
    """Transactions in which the target is made. Files get their names last, the host's at the very
    end: until it has one, the target counts as empty."""
    with ExitStack() as stack:
        addresses = {
            _draft(stack, address): sharing for address, sharing in _by_address(stores, url).items()
        }
        sides: dict[str, _Side] = {}
        for address, sharing in addresses.items():
            target = stack.enter_context(closing(Database(address)))
            connection = stack.enter_context(target.migration())
            sides |= dict.fromkeys(sharing, _Side(target, connection))
        yield sides
        host = sides[HOST.name]
        if not host.database.is_sqlite:
            host.connection.execute(text("ANALYZE"))


def _by_address(stores: Sequence[Store], url: str) -> dict[str, list[str]]:
    """Addresses, and the names of the stores that are there."""
    found: dict[str, list[str]] = {}
    for store in stores:
        found.setdefault(store.address(url), []).append(store.name)
    return found


def _draft(stack: ExitStack, address: str) -> str:
    """The address at which to make a database, until it has its name."""
    with closing(Database(address)) as database:
        if not database.is_sqlite:
            return address
        draft = stack.enter_context(unfinished(Path(database.label).absolute()))
        return database.url.set(database=str(draft)).render_as_string(hide_password=False)


def _empty(store: Store, target: Connection) -> None:
    """Migrations put a few rows into new tables."""
    for table in reversed(store.metadata.sorted_tables):
        target.execute(delete(table))


def _explained_rows(source: _Side, table: Table) -> Iterator[Row]:
    """What fails in here fails at the source, although the target is being written to."""
    with explained(source.database.label):
        yield from stored_rows(source.connection, table)


def _copied(source: _Side, target: Connection, table: Table) -> CopiedTable:
    try:
        sent = copy_rows(_explained_rows(source, table), target, table)
    except (DataError, IntegrityError) as error:
        raise DatabaseError(
            f"A row of {table.name} does not fit into the target ({type(error.orig).__name__}). "
            "The target is as it was.",
            advice="Report this as a bug of Halo Host.",
        ) from None
    go_on_after(target, table, last_id(source.connection, table))
    arrived = contents(target, table)
    _refuse_unless_equal(table, sent, arrived)
    return CopiedTable(table.name, arrived.rows, arrived.digest)


def _refuse_unless_equal(table: Table, sent: Contents, arrived: Contents) -> None:
    if (sent.rows, sent.digest) != (arrived.rows, arrived.digest):
        raise DatabaseError(
            f"The table {table.name} did not arrive as it was: {sent.rows} rows were sent and "
            f"{arrived.rows} arrived, or their values differ. The target is as it was.",
            advice="Report this as a bug of Halo Host.",
        )


def _note(
    target: Connection, source: Database, agent: str, now: datetime, copied: list[CopiedTable]
) -> None:
    target.execute(
        insert(audit_log).values(
            at=now,
            agent=agent,
            action="database.copied",
            entity="database",
            entity_id="",
            after={"from": source.label, "rows": sum(table.rows for table in copied)},
        )
    )
