"""`halo-host import take` and `leave-out`: which rows of a change set that waits are applied."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..host import Host
from ..imports.listing import RowFilter
from ..imports.rules import Action
from ..plurals import counted
from .face import NUMBER, agent, with_host

_WHICH = (
    click.argument("number", type=NUMBER),
    click.argument("rows", type=NUMBER, nargs=-1),
    click.option("--all", "every", is_flag=True, help="Every row."),
    click.option("--action", type=click.Choice([it.value for it in Action]), help="Such rows."),
    click.option("--search", default="", help="Rows with these words in name, payer or e-mail."),
)


@click.command("leave-out")
@_WHICH[0]
@_WHICH[1]
@_WHICH[2]
@_WHICH[3]
@_WHICH[4]
@with_host
def leave_out(
    host: Host, number: int, rows: Sequence[int], every: bool, action: str | None, search: str
) -> None:
    """Leave rows of a change set that waits out of what will be applied.

    \b
    Examples:
      halo-host import leave-out 3 17 18
      halo-host import leave-out 3 --action update --search kestrel
    """
    _tick(host, number, False, _meant(rows, every, action, search))


@click.command("take")
@_WHICH[0]
@_WHICH[1]
@_WHICH[2]
@_WHICH[3]
@_WHICH[4]
@with_host
def take(
    host: Host, number: int, rows: Sequence[int], every: bool, action: str | None, search: str
) -> None:
    """Take rows that were left out into what will be applied again."""
    _tick(host, number, True, _meant(rows, every, action, search))


def _meant(
    rows: Sequence[int], every: bool, action: str | None, search: str
) -> Sequence[int] | RowFilter:
    filtered = action is not None or bool(search.split())
    if sum((bool(rows), every, filtered)) != 1:
        raise click.UsageError("Name rows, or --action and --search, or --all.")
    return rows or RowFilter(action=Action(action) if action else None, text=search)


def _tick(host: Host, number: int, wanted: bool, rows: Sequence[int] | RowFilter) -> None:
    host.imports.get(number)
    changed = host.reviews.tick(number, wanted, rows, agent=agent())
    said = "will be applied again" if wanted else "left out"
    click.echo(f"{counted(changed, 'row')} {said}.")
