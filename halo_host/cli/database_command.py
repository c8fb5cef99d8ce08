"""`halo-host database`"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from ..database.database import Database
from ..database.upgrade import HEAD, age
from ..database.upgrade import upgrade as upgrade_tables
from ..errors import HostError
from ..settings import make_folder
from .face import Failure, settings_of


@click.group("database")
def command() -> None:
    """Show or upgrade the database."""


@command.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Say where the database is and whether its tables fit this version."""
    try:
        settings = settings_of(context)
        with closing(Database(settings.database_url)) as database:
            click.echo(f"Data folder: {settings.data}")
            click.echo(f"Database:    {database.label}")
            click.echo(f"Tables:      {_age(database)} (this version: {HEAD})")
    except HostError as error:
        raise Failure(error) from None


@command.command()
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the tables of an older version to this one. Make a back-up first."""
    try:
        settings = settings_of(context)
        make_folder(settings)
        with closing(Database(settings.database_url)) as database:
            age(database)
            upgrade_tables(database)
            click.echo(f"The tables of {database.label} are at {HEAD}.")
    except HostError as error:
        raise Failure(error) from None


def _age(database: Database) -> str:
    if database.is_sqlite and not Path(database.label).exists():
        return "not made yet; the first command that needs them makes them"
    return age(database).value
