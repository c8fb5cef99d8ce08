"""XLSX workbooks: the first sheet, read and written as a stream.

Bounds against archives that unpack to far more than they seem to hold: MAX_UNPACKED for the whole
workbook, MAX_PART for each part that has to be in memory at once (all but the sheets).
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from ..errors import InvalidInput
from .sheet import Problem, Row, Sheet
from .texts import quoted

MAX_UNPACKED = 1024 * 1024 * 1024
MAX_PART = 128 * 1024 * 1024
MAX_ROWS = 1_048_576  # of a sheet, in Excel

# ECMA-376 part 1, 22.9.2.19 (ST_Xstring): characters that XML cannot hold are written _xHHHH_.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FORMULA = "holds a formula; paste its value"
_ZEROS = re.compile(r"0+")


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """The first sheet of the workbook.

    :raises InvalidInput: it is damaged, too large once unpacked, or has no headings.
    """
    with path.open("rb") as file, warnings.catch_warnings():
        # openpyxl warns of what it leaves out, such as drop-down lists; no value is among it.
        warnings.simplefilter("ignore")
        _check_archive(file, path.name)
        try:
            workbook = load_workbook(file, read_only=True)
            sheet = workbook.worksheets[0]
            sheet.reset_dimensions()
            rows = _rows(sheet)
            headings = next((row for row in rows if not row.is_blank), None)
        except Exception:
            # openpyxl raises whatever its parts raise: KeyError, ValueError, ParseError and more.
            raise _damaged(path.name) from None
        if headings is None:
            raise InvalidInput(
                f"{path.name} is empty.", advice="The first row of its first sheet holds headings."
            )
        others = workbook.sheetnames[1:]
        notes = [f"Only the first sheet, {quoted(sheet.title)}, was read."] if others else []
        try:
            yield Sheet(headings.cells, _until_damaged(rows), notes)
        finally:
            workbook.close()


def write(file: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a workbook of one sheet, every cell as text.

    :raises InvalidInput: there are more rows than a sheet can hold.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Directory")
    sheet.freeze_panes = "A2"
    for number, row in enumerate(chain([headings], rows), start=1):
        if number > MAX_ROWS:
            sheet.close()
            raise InvalidInput(
                f"A sheet holds at most {MAX_ROWS:,} rows.", advice="Export as CSV instead."
            )
        sheet.append([_text_cell(sheet, text) if text else None for text in row])
    workbook.save(file)


def _text_cell(sheet: Any, text: str) -> Any:
    escaped = _UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", text)
    cell = WriteOnlyCell(sheet, escaped)
    # openpyxl takes “#N/A” for an error and “=…” for a formula; here all is text.
    cell.data_type = "s"
    return cell


# --- reading -----------------------------------------------------------------------------------


def _check_archive(file: BinaryIO, name: str) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            whole = [part for part in parts if not part.filename.startswith("xl/worksheets/")]
            largest = max((part.file_size for part in whole), default=0)
            if unpacked > MAX_UNPACKED or largest > MAX_PART:
                raise InvalidInput(
                    f"{name} unpacks to {unpacked / 1024**2:,.0f} MiB, which is more than a "
                    f"workbook may: {MAX_UNPACKED // 1024**2:,} MiB, of which no part but a sheet "
                    f"may take {MAX_PART // 1024**2:,} MiB.",
                    advice="Save it as CSV, or split it.",
                )
            if archive.testzip() is not None:
                raise _damaged(name)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise _damaged(name) from None


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is no XLSX workbook, or it is damaged.",
        advice="Open it in your spreadsheet program and save it again as .xlsx or “CSV UTF-8”.",
    )


def _until_damaged(rows: Iterator[Row]) -> Iterator[Row | Problem]:
    """The rows; where the sheet's XML breaks off, a problem instead of a crash."""
    line = 1
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception:
            yield Problem(line + 1, "The sheet is damaged here; the rows below were not loaded.")
            return
        line = row.line
        yield row


def _rows(sheet: Any) -> Iterator[Row]:
    for line, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS), start=1):
        refused = {
            position: reason
            for position, cell in enumerate(cells)
            if (reason := _refusal(cell)) is not None
        }
        yield Row(line, [_seen(cell) for cell in cells], refused)


def _refusal(cell: Any) -> str | None:
    if cell.data_type == "f":
        return _FORMULA
    if cell.data_type == "e":
        return "holds an error of the spreadsheet program; paste a value"
    return None


def _seen(cell: Any) -> str:
    """The cell as the text that a person sees in it, near enough: dates are in ISO 8601."""
    match cell.value:
        case None:
            return ""
        case str(text):
            return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
        case bool(truth):
            return "TRUE" if truth else "FALSE"
        case int(number):
            return _digits(number, cell.number_format)
        case float(number) if number.is_integer() and abs(number) < 1e15:
            return _digits(int(number), cell.number_format)
        case float(number):
            return format(number, ".15g")
        case datetime() as moment if moment.time() == time():
            return moment.date().isoformat()
        case datetime() as moment:
            return moment.isoformat(sep=" ", timespec="seconds")
        case date() | time() as moment:
            return moment.isoformat()
        case other:
            return str(other)


def _digits(number: int, number_format: str | None) -> str:
    """A postal code 01234 is stored as 1234 with the number format 00000."""
    zeros = _ZEROS.fullmatch(number_format or "")
    return str(number).zfill(len(number_format or "")) if zeros else str(number)
