"""`halo-host database`"""

from __future__ import annotations

import click

from ..database.database import Database
from ..database.upgrade import HEAD, age
from ..database.upgrade import upgrade as upgrade_tables
from ..errors import HostError
from .face import Failure, settings_of


@click.group("database")
def command() -> None:
    """Show or upgrade the database."""


@command.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Say where the database is and whether its tables fit this version."""
    settings = settings_of(context)
    try:
        database = Database(settings.database_url)
        click.echo(f"Data folder: {settings.data}")
        click.echo(f"Database:    {database.label}")
        click.echo(f"Tables:      {age(database).value} (this version: {HEAD})")
    except HostError as error:
        raise Failure(error) from None


@command.command()
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the tables of an older version to this one. Make a back-up first."""
    try:
        database = Database(settings_of(context).database_url)
        age(database)
        upgrade_tables(database)
    except HostError as error:
        raise Failure(error) from None
    click.echo(f"The tables of {database.label} are at {HEAD}.")
