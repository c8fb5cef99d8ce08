"""`halo-host custom-fields`: show, add, rename and delete custom fields."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..directory.custom_fields import ENTITIES, TYPES
from ..host import Host
from .face import agent, printable, with_host, with_new_host
from .output import print_json, print_table


@click.group()
def command() -> None:
    """Show, add, rename and delete custom fields. Only Text fields of users can be mapped."""


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

    Its type cannot be changed later.

    \b
    Example:
      halo-host custom-fields add "Account manager"
    """
    field = host.directory.add_custom_field(name, agent=agent(), entity=entity, type=type_)
    click.echo(f"Custom field {field.id} added: {printable(field.name)}, {field.kind}.")


@command.command()
@click.argument("field")
@click.argument("name")
@with_host
def rename(host: Host, field: str, name: str) -> None:
    """Give the custom field FIELD, a number or name, the name NAME.

    Its values and mappings stay with it.

    \b
    Example:
      halo-host custom-fields rename "Account manager" "Account owner"
    """
    before = host.directory.custom_field(field)
    after = host.directory.rename_custom_field(before.id, name, agent=agent())
    click.echo(printable(f"Custom field {after.id} is called {after.name} now."))


@command.command()
@click.argument("field")
@with_host
def delete(host: Host, field: str) -> None:
    """Delete the custom field FIELD, a number or name, that nothing uses.

    It is refused while a user has a value of it, a connection fills it, or an import that waits
    would.

    \b
    Example:
      halo-host custom-fields delete "Account manager"
    """
    gone = host.directory.remove_custom_field(field, agent=agent())
    click.echo(printable(f"Custom field {gone.id} is deleted: {gone.name}, {gone.kind}."))
