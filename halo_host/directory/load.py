"""Loading customers, sites and users from a file, so that loading it again changes nothing.

Rows are committed in batches, so that others can write in between; after a kill, the same command
finds what is there and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from ..database.database import Database
from ..database.ids import allocate_ids
from ..database.tables import customers, sites, users
from ..errors import InvalidInput
from . import custom_fields, spreadsheet
from .author import Author
from .columns import Heading, missing_fields, parse_headings, resolve
from .custom_fields import CustomField
from .file_memory import FileMemory
from .placing import Placing
from .report import LoadReport
from .rows import DirectoryRow, read_row
from .sheet import Problem, Row

# Rows a transaction: others who write wait for about a tenth of a second.
BATCH = 100


def load(
    database: Database,
    path: Path,
    *,
    agent: str,
    clock: Callable[[], datetime],
    encoding: str | None = None,
    create_fields: bool = False,
    progress: Callable[[int], None] | None = None,
) -> LoadReport:
    """Load a CSV or XLSX file. A bad row is skipped and told of in the report.

    `encoding` is the file's, when it is CSV and neither UTF-8 nor marked UTF-16. `create_fields`
    adds the Text fields of users that the file has and the directory lacks. `progress` is told how
    many good rows have been loaded, after each batch.

    :raises InvalidInput: the file as a whole cannot be loaded; nothing was.
    """
    memory = FileMemory()
    loaded = 0
    problems: list[Problem] = []
    with spreadsheet.opened(path, encoding) as sheet:
        headings = parse_headings(sheet.headings)
        if create_fields:
            _create_fields(database, headings, Author(agent, clock()))
        with database.read() as connection:
            columns = resolve(headings, custom_fields.listed(connection))
        rows = _read(sheet.rows, columns, problems)
        while batch := list(islice(rows, BATCH)):
            with database.write() as connection:
                _take_turn(connection)
                placing = Placing(connection, memory, Author(agent, clock()))
                for row in batch:
                    try:
                        placing.place(row)
                    except InvalidInput as error:
                        problems.append(Problem(row.line, error.message))
            loaded += len(batch)
            if progress is not None:
                progress(loaded)
    return LoadReport(
        customers=memory.customers.counts,
        sites=memory.sites.counts,
        users=memory.users.counts,
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        warnings=tuple(sheet.warnings),
    )


def _create_fields(database: Database, headings: Iterable[Heading], author: Author) -> None:
    headings = list(headings)
    with database.write() as connection:
        there = custom_fields.listed(connection)
        names = missing_fields(headings, there)
        made = [custom_fields.add(connection, name, author=author) for name in names]
        # Refuses the file, and takes the new fields back, if another of its fields will not do.
        resolve(headings, there + made)


def _read(
    rows: Iterable[Row | Problem],
    columns: list[str | CustomField | None],
    problems: list[Problem],
) -> Iterator[DirectoryRow]:
    for row in rows:
        if isinstance(row, Problem):
            problems.append(row)
        elif not row.is_blank:
            try:
                yield read_row(row, columns)
            except InvalidInput as error:
                problems.append(Problem(row.line, error.message))


def _take_turn(connection: Connection) -> None:
    """Make other writers of the directory wait until this batch is committed.

    SQLite does so by itself. On PostgreSQL they queue up where ids are handed out, always in this
    order; taking no id still takes the place in the queue.
    """
    for table in (customers, sites, users):
        allocate_ids(connection, table, 0)
