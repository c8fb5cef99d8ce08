"""`halo-host audit`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from ..audit import entries
from ..host import Host
from .change_set_output import field_names
from .face import LIMIT, with_host
from .output import print_json, print_table


@click.command("audit")
@click.option("--entity", help="Only changes of this kind of thing, such as user or connection.")
@click.option("--id", "entity_id", help="With --entity: only this one.")
@click.option("--limit", type=LIMIT, default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def command(
    host: Host, entity: str | None, entity_id: str | None, limit: int, as_json: bool
) -> None:
    """Show who changed what, and when.

    \b
    Example:
      halo-host audit --entity user --id 42
    """
    found = entries(host.database, entity=entity, entity_id=entity_id, limit=limit)
    if as_json:
        print_json([asdict(entry) for entry in found])
        return
    names = field_names(host)
    print_table(
        ("When (UTC)", "Who", "Action", "What", "Before", "After"),
        (
            (
                f"{it.at:%Y-%m-%d %H:%M:%S}",
                it.agent,
                it.action,
                f"{it.entity} {it.entity_id}",
                _named(it.before, names),
                _named(it.after, names),
            )
            for it in found
        ),
        empty="No change is kept." if entity is None else f"No change of {entity} is kept.",
    )


def _named(values: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    return ", ".join(f"{names.get(key, key)}: {value}" for key, value in (values or {}).items())
