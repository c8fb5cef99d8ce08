"""Files of rows: which kind one is, by its content, and reading and writing both kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from ..errors import InvalidInput
from . import csv_file
from .sheet import Sheet

Format = Literal["csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx")

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an .xls workbook, or an .xlsx with a password


@contextmanager
def opened(path: Path, encoding: str | None = None) -> Iterator[Sheet]:
    """The rows of a CSV or XLSX file; the suffix does not matter.

    :raises InvalidInput: the file is not there, empty, damaged, or of another kind.
    """
    start = _start(path)
    if start.startswith(_OLE) or (path.suffix.lower() == ".xls" and not start.startswith(_ZIP)):
        raise InvalidInput(
            f"{path.name} is a workbook of the old .xls kind, or has a password.",
            advice="Save it as .xlsx without a password, or as “CSV UTF-8”.",
        )
    if start.startswith(_ZIP):
        from . import xlsx_file

        with xlsx_file.opened(path) as sheet:
            yield sheet
    else:
        with csv_file.opened(path, encoding) as sheet:
            yield sheet


def write(
    file: BinaryIO,
    format: Format,  # noqa: A002
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    mark: bool = True,
) -> None:
    """Write the rows; `mark` is for CSV alone (see `csv_file.write`)."""
    if format == "csv":
        csv_file.write(file, headings, rows, mark=mark)
    else:
        from . import xlsx_file

        xlsx_file.write(file, headings, rows)


def _start(path: Path) -> bytes:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", advice="Name a CSV or XLSX file.")
    if not path.exists():
        raise InvalidInput(f"There is no file {path}.", advice="Name a CSV or XLSX file.")
    if not path.is_file():
        raise InvalidInput(f"{path} is no ordinary file.", advice="Save its rows in a file first.")
    try:
        with path.open("rb") as file:
            start = file.read(len(_OLE))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    if not start:
        raise InvalidInput(f"{path.name} is empty.", advice="Its first row must hold headings.")
    return start
