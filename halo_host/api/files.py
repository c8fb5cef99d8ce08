"""Files: payments, the audit log and the directory as CSV, and loading a directory from one."""

from __future__ import annotations

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Annotated, Any

from pydantic import Field

from .. import audit_file
from ..agents.roles import Role
from ..audit_search import streamed_entries
from ..csv_texts import csv_texts
from ..payments import csv_rows as payment_rows
from ..payments.filters import Sort
from .audit import AuditFilters
from .callers import the_caller, the_host
from .payments import Filters
from .routes import Routes
from .shapes import Query, Shape

CSV = "text/csv"
_AT_ONCE = 64 * 1024  # characters

routes = Routes(
    "Files",
    "The same lists as CSV in UTF-8, whole, for what reads no JSON. Texts that a spreadsheet "
    "program would run as a formula have an apostrophe in front.",
)


class PaymentFile(Filters):
    sort: Sort = "newest"


class Load(Query):
    create_fields: Annotated[
        bool, Field(description="Add Text fields of users that the file has and the host lacks.")
    ] = False


class Counts(Shape):
    added: int
    changed: int
    unchanged: int


class SkippedRow(Shape):
    line: int
    message: str


class Loaded(Shape):
    """What the file did. `problems` are the rows that were skipped."""

    customers: Counts
    sites: Counts
    users: Counts
    problems: list[SkippedRow]
    warnings: list[str]


@routes.download("/payments.csv", sends=CSV)
def payments(query: PaymentFile) -> Iterator[str]:
    """Download all payments that the filters find."""
    found = the_host().payments.stream(query.wanted(), sort=query.sort)
    return csv_texts(payment_rows.HEADINGS, payment_rows.csv_rows(found))


@routes.download("/audit.csv", sends=CSV, role=Role.ADMINISTRATOR)
def audit(query: AuditFilters) -> Iterator[str]:
    """Download all changes that the filters find, the newest first."""
    found = streamed_entries(the_host().database, query.wanted())
    return csv_texts(audit_file.HEADINGS, audit_file.csv_rows(found))


@routes.download("/directory.csv", sends=CSV)
def directory() -> Iterator[str]:
    """Download customers, sites and users, as loading takes them back."""
    with TemporaryFile() as file:
        the_host().directory.export(file, "csv")
        file.seek(0)
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        while part := text.read(_AT_ONCE):
            yield part


@routes.upload("/directory.csv", takes=CSV, answer=Loaded, role=Role.OPERATOR)
def load(file: bytes, query: Load) -> Any:
    """Load customers, sites and users, found again by reference or name.

    The columns are those of `halo-host directory import`. A bad row is skipped and told; the same
    file again changes nothing. At most 4 MiB: send a larger directory in parts.
    """
    with TemporaryDirectory(prefix="halo-host-") as folder:
        path = Path(folder, "directory.csv")
        path.write_bytes(file)
        return the_host().directory.load(
            path, agent=the_caller().name, create_fields=query.create_fields
        )
