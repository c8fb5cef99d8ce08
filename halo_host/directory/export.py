"""Writing the directory to a file that `load` takes back with the same values."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, CursorResult, Row, Select, func, select

from ..database.database import Database
from ..database.tables import CORE_FIELDS, customers, sites, users
from ..errors import HostError, InvalidInput
from . import custom_fields, spreadsheet
from .columns import COLUMNS, CUSTOM
from .custom_fields import CustomField
from .formulas import neutralised
from .spreadsheet import Format

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ExportReport:
    """How many rows were written, and how many users a load of them could not make again.

    `indistinct_users` have no reference and share e-mail or names with one like them;
    `empty_users` have no value in any column.
    """

    rows: int
    indistinct_users: int
    empty_users: int


def export(database: Database, target: Path | BinaryIO, format: Format) -> ExportReport:  # noqa: A002
    """Write all customers, sites and users, in a stable order: one row a user, and one for each
    site that has none.

    A file appears under its name only when it is whole; a stream gets CSV without a byte order
    mark.

    :raises InvalidInput: `target` cannot be a file, or its format cannot hold so many rows.
    """
    with database.read() as connection:
        fields = [field for field in custom_fields.listed(connection) if field.is_mappable]
        headings = [*COLUMNS, *(CUSTOM + field.name for field in fields)]
        # Closed here, for a writer that fails leaves the rows half read.
        with connection.execute(_query()) as result:
            rows = _Rows(connection, result, fields)
            if isinstance(target, Path):
                with _whole_file(target) as file:
                    spreadsheet.write(file, format, headings, rows)
            else:
                spreadsheet.write(target, format, headings, rows, mark=False)
        return ExportReport(rows.count, _indistinct(connection), rows.empty_users)


@contextmanager
def _whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target` that takes its name at the end, or vanishes on any error."""
    path = target.resolve()
    if path.exists() and not path.is_file():
        raise InvalidInput(f"{target} is no file.", advice="Name a file, or - for the screen.")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
        os.replace(part, path)
    except OSError as error:
        raise HostError(
            f"{target} cannot be written: {error.strerror or error}.",
            advice="Check its folder, the right to write there, and the room on the disk.",
        ) from None
    finally:
        part.unlink(missing_ok=True)


# --- rows --------------------------------------------------------------------------------------


class _Rows:
    """The file's rows, counted as they are written."""

    def __init__(
        self, connection: Connection, result: CursorResult[Any], fields: list[CustomField]
    ) -> None:
        self._connection = connection
        self._result = result
        self._fields = fields
        self.count = 0
        self.empty_users = 0

    def __iter__(self) -> Iterator[list[str]]:
        for rows in self._result.partitions():
            numbers = [row.user_id for row in rows if row.user_id is not None]
            values = custom_fields.values_of(self._connection, numbers) if self._fields else {}
            for row in rows:
                custom = values.get(row.user_id, {})
                place = _place(row)
                user = [*_user(row), *(custom.get(field.id, "") for field in self._fields)]
                self.count += 1
                self.empty_users += row.user_id is not None and not any(user)
                yield [neutralised(cell) for cell in place + user]


def _query() -> Select[Any]:
    return (
        select(
            customers.c.name.label("customer"),
            customers.c.reference.label("customer_ref"),
            sites.c.name.label("site"),
            sites.c.is_invoice_site,
            users.c.id.label("user_id"),
            users.c.reference.label("user_ref"),
            *(users.c[field] for field in CORE_FIELDS),
        )
        .join_from(customers, sites, sites.c.customer_id == customers.c.id)
        .outerjoin(users, users.c.site_id == sites.c.id)
        # Customers without a reference first: `load` takes a name for the one without.
        .order_by(customers.c.reference.is_not(None), customers.c.id, sites.c.id, users.c.id)
        .execution_options(yield_per=_AT_ONCE)
    )


def _place(row: Row[Any]) -> list[str]:
    is_invoice_site = "yes" if row.is_invoice_site else "no"
    return [row.customer, row.customer_ref or "", row.site, is_invoice_site]


def _user(row: Row[Any]) -> list[str]:
    return [row.user_ref or "", *(getattr(row, field) or "" for field in CORE_FIELDS)]


# --- what a file cannot tell apart -------------------------------------------------------------


def _indistinct(connection: Connection) -> int:
    """Users without a reference who share what `load` knows them by."""
    joined = select(func.count().label("users")).join_from(
        users, sites, sites.c.id == users.c.site_id
    )
    plain = users.c.reference.is_(None)
    same_email = (
        joined.where(plain, users.c.email_key != "")
        .group_by(sites.c.customer_id, users.c.email_key)
        .having(func.count() > 1)
    )
    same_names = (
        joined.where(plain, users.c.email_key == "")
        .group_by(users.c.site_id, users.c.given_name, users.c.family_name, users.c.company)
        .having(func.count() > 1)
    )
    return sum(
        connection.scalar(select(func.coalesce(func.sum(groups.c.users), 0))) or 0
        for groups in (same_email.subquery(), same_names.subquery())
    )
