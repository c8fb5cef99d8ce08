"""The command line: `halo-host`.

A command's module is imported only when the command runs, so that `--help` stays quick; the short
help of each therefore stands here.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from .. import __version__

COMMANDS = {
    "demo": "Try it all: a twin of a payment provider, a small directory, a first import.",
    "serve": "Run the web server and the integrator.",
    "plugins": "Show every plugin found, its state and what to do about it.",
    "connections": "Enable, configure, check and disable integrations.",
    "mappings": "Map the provider's custom fields to Text fields of users.",
    "import": "Import users: preview, run, show, resolve, undo.",
    "sync": "Recurring syncs: status, schedules, runs, failed records.",
    "verify": "Compare mirrors with their providers, and repair what differs.",
    "health": "Tell how recent and how right the mirrors are; for monitoring.",
    "payments": "List, show and sum up payments of all users.",
    "alerts": "Show and acknowledge alerts, and try how they are sent.",
    "integrator": "Run schedules, syncs and other jobs until stopped.",
    "directory": "Load and save customers, sites and users as CSV or XLSX.",
    "customers": "Show and add customers.",
    "sites": "Show and add sites, choose the invoice site.",
    "users": "Show, edit and move users, and open their tabs.",
    "custom-fields": "Show and add custom fields.",
    "agents": "Add the people who sign in; roles, passwords, sessions, API tokens.",
    "webhooks": "Show, replay and prune deliveries of providers; the address to register.",
    "secrets": "Rotate the key that encrypts secrets.",
    "database": "Show, upgrade, copy, back up and restore the database.",
    "audit": "Show who changed what, and when.",
}


class LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f".{name.replace('-', '_')}_command", __name__)
        command: click.Command = module.command
        return command

    def invoke(self, context: click.Context) -> Any:
        """An option of `halo-host` itself that follows the command is told its place."""
        try:
            return super().invoke(context)
        except click.NoSuchOption as error:
            own = {name for option in self.params for name in option.opts}
            if error.ctx is None or error.option_name not in own:
                raise
            command = error.ctx.command_path.removeprefix(context.command_path).strip()
            raise click.UsageError(
                f"{error.option_name} goes before the command: "
                f"{context.command_path} {error.option_name} … {command}",
                ctx=error.ctx,
            ) from None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the database and the key file. Also HALO_HOST_DATA.",
)
@click.option("--database", metavar="URL", help="Another database. Also HALO_HOST_DATABASE_URL.")
@click.version_option(__version__, prog_name="halo-host")
@click.pass_context
def main(context: click.Context, data: Path | None, database: str | None) -> None:
    """Halo Host: a service desk's host for payment plugins."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?"
    context.obj = {"data": data, "database": database}
