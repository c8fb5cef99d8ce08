"""Payments as a CSV file that begins at once and is never whole in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from flask import Response

from ...payments.csv_rows import HEADINGS, csv_rows
from ...payments.listing import ListedPayment

_ROWS = 500  # sent together


def csv_download(found: Iterable[ListedPayment], name: str) -> Response:
    """`name` is that of the file, of letters, digits and hyphens."""
    response = Response(_written(found), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _written(found: Iterable[ListedPayment]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(HEADINGS)
    for number, row in enumerate(csv_rows(found), start=1):
        writer.writerow(row)
        if number % _ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
