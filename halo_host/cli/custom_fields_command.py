"""`halo-host custom-fields`: show and add custom fields."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..directory.custom_fields import ENTITIES, TYPES
from ..host import Host
from .face import agent, printable, with_host, with_new_host
from .output import print_json, print_table


@click.group()
def command() -> None:
    """Show and add custom fields. Only Text fields of users can be mapped to a provider's."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@with_host
def list_(host: Host, as_json: bool) -> None:
    """List all custom fields.

    \b
    Example:
      halo-host custom-fields list
    """
    found = host.directory.custom_fields()
    if as_json:
        print_json([asdict(field) | {"mappable": field.is_mappable} for field in found])
        return
    print_table(
        ["Number", "Name", "Of", "Type", "Can be mapped"],
        [
            (field.id, field.name, field.entity, TYPES[field.type], "yes" * field.is_mappable)
            for field in found
        ],
        empty="There is no custom field yet: halo-host custom-fields add NAME",
    )


@command.command()
@click.argument("name")
@click.option("--entity", type=click.Choice(ENTITIES), default="user", show_default=True)
@click.option("--type", "type_", type=click.Choice(list(TYPES)), default="text", show_default=True)
@with_new_host
def add(host: Host, name: str, entity: str, type_: str) -> None:
    """Add the custom field NAME.

    Name and type cannot be changed later.

    \b
    Example:
      halo-host custom-fields add "Account manager"
    """
    field = host.directory.add_custom_field(name, agent=agent(), entity=entity, type=type_)
    click.echo(f"Custom field {field.id} added: {printable(field.name)}, {field.kind}.")
