"""`halo-host mappings`: which provider field fills which custom field, and by which policy."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..connections.matching import Policy
from ..database.tables import CORE_FIELDS
from ..errors import HostError
from ..host import Host
from .face import agent, printable, with_host
from .output import print_json, print_table

_POLICY = click.Choice([policy.value for policy in Policy])
_POLICY_HELP = (
    "follow (the default): fill an empty value, update what an import wrote, never what a person "
    "wrote. keep: fill an empty value only. new-users: only for new users. overwrite: always, "
    "unless the provider's value is empty. write-empty: always, empty values too."
)


@click.group("mappings")
def command() -> None:
    """Map the provider's custom fields to Text fields of users.

    \b
    Example:
      halo-host connections fields acme-pay
      halo-host custom-fields add "Contract"
      halo-host mappings add acme-pay contract_no "Contract"
    """


@command.command("list")
@click.argument("connection")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_host
def list_(host: Host, connection: str, as_json: bool) -> None:
    """Show the mappings of a connection and the policy of every core field."""
    mappings = host.connections.mappings(connection)
    core = host.connections.core_policies(connection)
    policies = {field: core.get(field, Policy.FOLLOW) for field in CORE_FIELDS}
    if as_json:
        print_json({"field_mappings": [asdict(it) for it in mappings], "core_fields": policies})
        return
    print_table(
        ("Provider field", "User field", "Policy"),
        [
            *((it.metadata_key, it.custom_field_name, it.policy) for it in mappings),
            *((f"({field})", field, policy) for field, policy in policies.items()),
        ],
    )


@command.command()
@click.argument("connection")
@click.argument("provider_field")
@click.argument("custom_field")
@click.option("--policy", type=_POLICY, default=Policy.FOLLOW.value, help=_POLICY_HELP)
@with_host
def add(host: Host, connection: str, provider_field: str, custom_field: str, policy: str) -> None:
    """Map a provider field to a custom field, or change the mapping it has."""
    mapping = host.connections.map_field(
        connection, provider_field, custom_field, Policy(policy), agent=agent()
    )
    click.echo(
        printable(
            f"{mapping.metadata_key} fills {mapping.custom_field_name} ({mapping.policy}) "
            "from the next import on."
        )
    )
    _warn_if_unseen(host, connection, provider_field)


@command.command()
@click.argument("connection")
@click.argument("custom_field")
@with_host
def remove(host: Host, connection: str, custom_field: str) -> None:
    """Take a mapping out. Values that it wrote stay."""
    mapping = host.connections.unmap_field(connection, custom_field, agent=agent())
    click.echo(printable(f"{mapping.metadata_key} no longer fills {mapping.custom_field_name}."))


@command.command()
@click.argument("connection")
@click.argument("field", type=click.Choice(CORE_FIELDS))
@click.argument("policy", type=_POLICY)
@with_host
def core(host: Host, connection: str, field: str, policy: str) -> None:
    """Set the policy of a core field, such as phone."""
    host.connections.set_core_policy(connection, field, Policy(policy), agent=agent())
    click.echo(f"{field}: {policy}.")


def _warn_if_unseen(host: Host, connection: str, provider_field: str) -> None:
    """A key that no payer has yet is allowed, and more often a slip of the pen."""
    try:
        keys = {field.key for field in host.connections.mappable_fields(connection)}
    except HostError:
        return
    if keys and provider_field not in keys:
        click.echo(
            printable(
                f"Note: no payer was seen with {provider_field}. Seen: {', '.join(sorted(keys))}."
            ),
            err=True,
        )
