"""`halo-host database`"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from ..connections.keyring import Keyring
from ..database.database import Database
from ..database.upgrade import HEAD, age
from ..database.upgrade import upgrade as upgrade_tables
from ..errors import HostError
from ..host import STORES
from ..plurals import counted
from ..settings import Settings, make_folder, settings_from
from .face import Failure, agent, printable, settings_of
from .parameters import Number


@click.group("database")
def command() -> None:
    """Show, upgrade, copy, back up and restore the database."""


@command.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Say where the database is and whether its tables fit this version."""
    with _failures():
        settings = settings_of(context)
        with closing(Database(settings.database_url)) as database:
            click.echo(f"Data folder: {settings.data}")
            click.echo(f"Database:    {database.label}")
            click.echo(f"Tables:      {_age(database)} (this version: {HEAD})")


@command.command()
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the tables of an older version to this one. Make a back-up first."""
    with _failures():
        settings = settings_of(context)
        make_folder(settings)
        with closing(Database(settings.database_url)) as database:
            age(database)
            upgrade_tables(database)
            click.echo(f"The tables of {database.label} are at {HEAD}.")
        for store in STORES:
            if store.make_current is not None:
                with closing(Database(store.address(settings.database_url))) as database:
                    store.make_current(database)


@command.command()
@click.argument("target", metavar="TARGET_URL")
@click.pass_context
def copy(context: click.Context, target: str) -> None:
    """Copy everything to an empty database, and compare every row.

    The host must be stopped. The database that is copied stays as it is. Where a password is
    wanted, leave it out of TARGET_URL: it is taken from HALO_HOST_DATABASE_PASSWORD_FILE or from
    PostgreSQL's own .pgpass.
    """
    from ..database.copy import CopiedTable, copy_database

    def show_table(table: CopiedTable) -> None:
        if table.rows:
            rows = "row, " if table.rows == 1 else "rows,"  # in columns
            click.echo(f"{table.name:<22}{table.rows:>14,} {rows} the same on both sides")

    with _failures():
        settings = settings_of(context)
        target_url = settings_from(os.environ, data=settings.data, database=target).database_url
        done = copy_database(
            STORES,
            settings.database_url,
            target_url,
            agent=agent(),
            now=datetime.now(UTC),
            on_table=show_table,
        )
        if done.left_out:
            click.echo(f"Left out, not being the host's: {printable(', '.join(done.left_out))}.")
        empty = sum(not table.rows for table in done.tables)
        rows = sum(table.rows for table in done.tables)
        with closing(Database(target_url)) as database:
            click.echo(
                f"{counted(rows, 'row')} of {counted(len(done.tables), 'table')} "
                f"({empty} of them empty) are in {database.label}."
            )
        click.echo("Next: give every machine this address as HALO_HOST_DATABASE_URL, and the key")
        click.echo(f"file {settings.key_file}, before you start the host.")


@command.command()
@click.argument("to", metavar="FILE_OR_FOLDER")
@click.option("--with-key", is_flag=True, help="Put the key file in. Then guard the file as a key.")
@click.option(
    "--keep",
    type=Number(1, 1_000_000),
    metavar="NUMBER",
    help="Remove all but so many of the newest back-ups of the folder.",
)
@click.pass_context
def backup(context: click.Context, to: str, with_key: bool, keep: int | None) -> None:
    """Write a back-up of everything, while the host runs.

    A folder gets a file named by the time; one that is not there yet is made where a slash is at
    its end. A file has an ending, such as host.tar.gz.

    The key of the secrets is left out, since a back-up that has both lets whoever finds it read
    every secret: keep the key file elsewhere.
    """
    from ..database.backup import back_up

    with _failures():
        settings = settings_of(context)
        made = back_up(
            STORES,
            settings.database_url,
            Path(to),
            now=datetime.now(UTC),
            key_file=settings.key_file if with_key else None,
            keep=keep,
            make_folder=_is_new_folder(to),
        )
        size = made.path.stat().st_size / 2**20
        held = counted(made.rows, "row")
        click.echo(f"{printable(str(made.path))} ({size:,.1f} MiB) holds {held}.")
        for path in made.removed:
            click.echo(f"Removed {printable(str(path))}.")
        if with_key:
            click.echo("The key is in it: whoever has this file can read every secret.")
        elif settings.key_file.exists():
            click.echo(f"The key is not in it: keep a copy of {settings.key_file} elsewhere.")


def _is_new_folder(to: str) -> bool:
    """Whether a folder is to be made; a name that might be either is refused."""
    if Path(to).is_dir():
        return False
    if to.endswith(("/", os.sep)):
        return True
    if not Path(to).suffix and not Path(to).exists():
        raise HostError(
            f"There is no folder {to}, and the name of a file needs an ending.",
            advice=f"Name the folder {to}/ to have it made, or the file {to}.tar.gz.",
        )
    return False


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Take the place of what is in the database.")
@click.pass_context
def restore(context: click.Context, file: Path, force: bool) -> None:
    """Bring back a back-up. The host must be stopped, and the database empty."""
    from ..database.backup_restore import restore as bring_back

    with _failures():
        settings = settings_of(context)
        make_folder(settings)
        restored = bring_back(
            STORES,
            file,
            settings.database_url,
            key_file=settings.key_file,
            force=force,
            agent=agent(),
            now=datetime.now(UTC),
        )
        for path in restored.aside:
            click.echo(f"What was there is kept as {path}.")
        if restored.aside:
            click.echo("Delete what is kept when you have seen that all is well.")
        with closing(Database(settings.database_url)) as database:
            click.echo(
                f"{database.label} is as it was at "
                f"{datetime.fromisoformat(restored.manifest.made_at):%Y-%m-%d %H:%M:%S} UTC "
                f"(Halo Host {restored.manifest.host})."
            )
        if restored.key_added:
            click.echo(f"Its key was put into {settings.key_file}.")
        elif restored.secrets and not _has_key(settings):
            click.echo(
                f"Bring back the key file {settings.key_file} too: secrets are encrypted with it."
            )
        if restored.needs_upgrade:
            click.echo("Next: halo-host database upgrade")
        else:
            click.echo("Next: halo-host connections check CONNECTION, for each of them")


@contextmanager
def _failures() -> Iterator[None]:
    """A `HostError` in an operator's form; and a file that cannot be read or written."""
    try:
        yield
    except HostError as error:
        raise Failure(error) from None
    except OSError as error:
        raise Failure(
            HostError(
                f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.",
                advice="Check the disk, and that this account may write there; then run the same "
                "command again.",
            )
        ) from None


def _has_key(settings: Settings) -> bool:
    return Keyring(settings.key_file, os.environ.get("HALO_HOST_SECRET_KEY")).exists()


def _age(database: Database) -> str:
    if database.is_sqlite and not Path(database.label).exists():
        return "not made yet; the first command that adds something makes them"
    return age(database).value
