"""CSV files: the encoding, the separator and the records, read as a stream.

Lines are physical lines of the file, as an editor counts them: a record whose cells hold line
breaks starts at one line and the next record some lines later.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from ..errors import InvalidInput
from . import formulas
from .sheet import Problem, Row, Sheet
from .texts import quoted

SEPARATORS = (",", ";", "\t")
MAX_CELL = 16 * 1024 * 1024  # characters that are read before the file is given up
_CHUNK = 1024 * 1024
_QUOTED = re.compile(r'"[^"]*"')
_OTHER_SEPARATORS = re.compile(r"[|^~]|\s{2,}")
_FORMULA = "looks like a formula; put an apostrophe in front if it is meant as text"


@contextmanager
def opened(path: Path, encoding: str | None = None) -> Iterator[Sheet]:
    """The file as a sheet. The whole file is decoded once before any row is given out.

    :raises InvalidInput: the file is empty, not text in its encoding, or has no headings.
    """
    with path.open("rb") as file:
        encoding = _encoding(file, encoding)
        _check_text(file, encoding, path.name)
        file.seek(0)
        with io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            separator = _separator(text)
            records = _records(text, separator)
            headings = _headings(records)
            _check_separator(headings, path.name)
            yield Sheet(headings, _rows(records))


def write(
    file: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[str]], *, mark: bool
) -> None:
    """Write UTF-8 CSV (RFC 4180). `mark` puts the byte order mark in front that Excel needs."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig" if mark else "utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows(rows)
    text.flush()
    text.detach()


# --- encoding ----------------------------------------------------------------------------------


def _encoding(file: BinaryIO, named: str | None) -> str:
    start = file.read(4)
    if named is None:
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        return "utf-8-sig"
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=named)
        known = codecs.lookup(named).name
    except LookupError:
        raise InvalidInput(
            f"{quoted(named)} is no text encoding.",
            advice="Encodings are, for example, utf-8, cp1252 (Western Europe) and cp1250.",
        ) from None
    return "utf-8-sig" if known == "utf-8" else known


def _check_text(file: BinaryIO, encoding: str, name: str) -> None:
    """Decode the whole file, so that a bad byte at its end is found before a row is loaded."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    line, read, empty = 1, 0, True
    while chunk := file.read(_CHUNK):
        read += len(chunk)
        try:
            text = decoder.decode(chunk, final=len(chunk) < _CHUNK)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, errors="ignore")
            line += newlines.decode(before, final=True).count("\n")
            byte = read - len(error.object) + error.start + 1
            raise InvalidInput(
                f"{name} is not {_spoken(encoding)} text: line {line}, byte {byte:,} of the file.",
                advice="Save it as “CSV UTF-8”, or name its encoding, such as --encoding cp1252.",
            ) from None
        except UnicodeError:
            raise InvalidInput(f"{name} cannot be read as {_spoken(encoding)} text.") from None
        if "\0" in text:
            line += newlines.decode(text[: text.index("\0")], final=True).count("\n")
            raise InvalidInput(
                f"{name} is no text file: line {line} holds a NUL character.",
                advice="Save it as “CSV UTF-8”, or give an XLSX workbook.",
            )
        line += newlines.decode(text).count("\n")
        empty = empty and not text.strip()
    if empty:
        raise InvalidInput(f"{name} is empty.", advice="Its first row must hold the headings.")


def _spoken(encoding: str) -> str:
    return "UTF-8" if encoding == "utf-8-sig" else encoding.upper()


# --- records -----------------------------------------------------------------------------------


def _separator(text: TextIO) -> str:
    """The separator that the first line has most of. Leaves `text` at its start."""
    line = next((line for line in _lines(text) if line.strip()), "")
    text.seek(0)
    unquoted = _QUOTED.sub("", line)
    return max(SEPARATORS, key=unquoted.count)


def _check_separator(headings: Sequence[str], name: str) -> None:
    if len(headings) == 1 and (found := _OTHER_SEPARATORS.search(headings[0].strip())):
        raise InvalidInput(
            f"The columns of {name} are not separated by commas, semicolons or tabs; "
            f"its first row is {quoted(headings[0].strip())}, perhaps separated by "
            f"{quoted(found.group())}.",
            advice="Save it with one of those separators.",
        )


def _headings(records: Iterator[Row | Problem]) -> Sequence[str]:
    match _first(records):
        case Row() as row:
            return row.cells
        case problem:
            raise InvalidInput(
                f"The headings in line {problem.line} cannot be read. {problem.message}"
            )


def _first(records: Iterator[Row | Problem]) -> Row | Problem:
    """The first record that is not blank."""
    for record in records:
        if isinstance(record, Problem) or not record.is_blank:
            return record
    return Problem(1, "All cells of the file are empty.")


def _rows(records: Iterable[Row | Problem]) -> Iterator[Row | Problem]:
    for record in records:
        if isinstance(record, Problem):
            yield record
            continue
        suspects = [
            position
            for position, cell in enumerate(record.cells)
            if formulas.looks_like_formula(cell)
        ]
        yield Row(record.line, record.cells, dict.fromkeys(suspects, _FORMULA))


def _records(text: TextIO, separator: str) -> Iterator[Row | Problem]:
    # The limit is the process's; ours is checked where a row is read (`texts.MAX_TEXT`).
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield Row(line, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            message, goes_on = _said(str(error))
            yield Problem(line, message)
            if not goes_on:
                return


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(MAX_CELL):
        if len(line) == MAX_CELL and not line.endswith(("\n", "\r")):
            raise csv.Error("field larger than field limit")
        yield line


def _said(error: str) -> tuple[str, bool]:
    """The csv module's error in an operator's words, and whether the next row can be read."""
    if "field limit" in error:
        return (
            f"A cell has more than {MAX_CELL:,} characters; perhaps a quotation mark is never "
            "closed. Reading stopped here: the rows below were not loaded.",
            False,
        )
    if "unexpected end" in error:
        return (
            "A quotation mark is never closed; this row and all below it were not loaded.",
            False,
        )
    return (
        "Text stands behind a closing quotation mark; inside a quoted cell, write quotation "
        "marks twice.",
        True,
    )
