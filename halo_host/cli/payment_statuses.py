"""The statuses that there are, beside one that may have been mistyped."""

from __future__ import annotations

from collections.abc import Iterable

import click

from .face import printable


def print_statuses(known: Iterable[str]) -> None:
    """On standard error, for whoever found no payment of the status that was asked for."""
    click.echo(printable(f"Statuses of payments: {', '.join(known) or 'none yet'}"), err=True)
