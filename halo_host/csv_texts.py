"""Rows as a CSV file that begins at once and is never whole in memory, for downloads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_ROWS = 500  # sent together


def csv_texts(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file piece by piece (RFC 4180). Texts of others must be neutralised already, see
    `directory.formulas`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(headings)
    for number, row in enumerate(rows, start=1):
        writer.writerow(row)
        if number % _ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
