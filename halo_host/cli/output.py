"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
import orjson

from .face import printable


def in_utf8() -> None:
    """What programs read is UTF-8, whatever the terminal speaks. Call it before the first line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def print_json(value: Any) -> None:
    in_utf8()
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = ""
) -> None:
    """A plain table that a terminal can wrap and a pipe can cut: columns by two spaces.

    Without any row it is the sentence `empty`.
    """
    rows = list(rows)
    if empty and not rows:
        click.echo(printable(empty))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable("" if cell is None else str(cell))) for cell in row))
    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)
