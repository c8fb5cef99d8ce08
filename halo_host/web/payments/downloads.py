"""Payments as a CSV file that begins at once and is never whole in memory."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from ...csv_texts import csv_texts
from ...payments.csv_rows import HEADINGS, csv_rows
from ...payments.listing import ListedPayment


def csv_download(found: Iterable[ListedPayment], name: str) -> Response:
    """`name` is that of the file, of letters, digits and hyphens."""
    response = Response(csv_texts(HEADINGS, csv_rows(found)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
