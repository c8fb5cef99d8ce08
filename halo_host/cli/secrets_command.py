"""`halo-host secrets`"""

from __future__ import annotations

import click

from ..host import Host
from ..plurals import counted
from .face import agent, with_host


@click.group("secrets")
def command() -> None:
    """Look after the key that encrypts secrets."""


@command.command()
@with_host
def rotate(host: Host) -> None:
    """Encrypt every secret with a new key.

    With HALO_HOST_SECRET_KEY set, put the new key in front of the old one there (separated by a
    comma), run this, then take the old one out. Else the key file is renewed.
    """
    count = host.connections.rotate_secrets(agent=agent())
    click.echo(f"{counted(count, 'secret')} {'is' if count == 1 else 'are'} encrypted anew.")
    if host.keyring.from_environment:
        click.echo("Now take the old key out of HALO_HOST_SECRET_KEY.")


@command.command()
@click.confirmation_option(prompt="Forget every stored secret?")
@with_host
def reset(host: Host) -> None:
    """Forget every secret and the key, when the key is lost. Then give each secret again."""
    count = host.connections.reset_secrets(agent=agent())
    click.echo(
        f"{counted(count, 'secret')} {'is' if count == 1 else 'are'} forgotten. Give each again:\n"
        "  halo-host connections configure CONNECTION --set NAME=VALUE"
    )
