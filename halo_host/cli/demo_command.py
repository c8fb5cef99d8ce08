"""`halo-host demo`"""

from __future__ import annotations

import shlex
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace

import click

from ..demo.agent import demo_agent
from ..demo.demo import RunningDemo, first_import, first_sync, running_twins, seed_directory
from ..demo.folder import demo_folder
from ..errors import HostError
from ..host import Host
from ..plurals import counted
from ..settings import embedded_database
from .change_set_output import print_change_set
from .face import Failure, printable, settings_of
from .progress import import_progress


@click.command("demo")
@click.option("--once", is_flag=True, help="Exit after the import instead of staying up.")
@click.option("--keep", is_flag=True, help="Go on with the data of the last demo.")
@click.pass_context
def command(context: click.Context, once: bool, keep: bool) -> None:
    """Try it all, without a provider, a password or a network.

    Makes a small directory, starts the twin of every installed provider plugin, enables a
    connection to it, imports its payers and mirrors its payments. Stays up until Ctrl-C, with the
    pages for your browser and an integrator that syncs again and again, so that you can look
    around.

    Everything is kept in the folder "demo" inside the data folder. It starts clean each time,
    unless you say --keep; your own data is never touched.
    """
    from ..web.beside import pages_beside

    settings = settings_of(context)
    data = settings.data / "demo"
    settings = replace(settings, data=data, database_url=embedded_database(data))
    try:
        with ExitStack() as stack:
            stack.enter_context(demo_folder(data, keep=keep))
            host = stack.enter_context(Host(settings))
            customers = seed_directory(host)
            sites = host.directory.sites()
            click.echo(
                f"Directory: {counted(len(customers), 'customer')}, "
                f"{counted(len(sites), 'site')}, in {data}"
            )
            twins = stack.enter_context(running_twins(host, customers))
            for running in twins:
                _import(host, running)
            if once:
                _say_what_next(host, [])
                click.echo("Run the demo without --once to look around in the twin, too.")
            else:
                agent = demo_agent(host)
                address = stack.enter_context(pages_beside(settings))
                _say_what_next(host, twins)
                click.echo(f"\nThe pages: {address}")
                click.echo(f"  Sign in as {agent.email} with the password {agent.password}")
                click.echo("\nThe demo stays up. Press Ctrl-C to stop.")
                _work_until_stopped(host)
                click.echo("Stopped.")
    except HostError as error:
        raise Failure(error) from None


def _work_until_stopped(host: Host) -> None:
    """Run the integrator until Ctrl-C, or a polite kill."""
    from ..integrator.integrator import run

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    run(host, stopped, threads=1)


def _import(host: Host, running: RunningDemo) -> None:
    check = host.connections.check(running.connection)
    click.echo(printable(f"Connection {running.connection}: account {check.account}"))
    with import_progress() as progress:
        result = first_import(host, running.connection, progress)
    print_change_set(result.change_set)
    sync = first_sync(host, running.connection)
    if sync is not None:
        click.echo(
            f"Mirror of {running.connection}: {counted(sync.new, 'record')} read in "
            f"{counted(sync.requests, 'request')}"
        )


def _say_what_next(host: Host, twins: list[RunningDemo]) -> None:
    """What to try; what needs a twin is said of those that run."""
    click.echo("\nTry next, in another terminal:" if twins else "\nTry next:")
    click.echo(f"  export HALO_HOST_DATA={shlex.quote(str(host.settings.data))}")
    for running in twins:
        for hint in running.hints:
            click.echo(f"  {printable(hint)}")
        click.echo(f"  halo-host import run {running.connection} --dry-run")
        linked = _somebody_linked(host, running.connection)
        if linked is not None:
            click.echo(f"  halo-host users tab {linked} {running.connection} > tab.html")
    newest = host.imports.newest(limit=1)[0].number
    click.echo("  halo-host payments list --status failed")
    click.echo("  halo-host payments summary")
    click.echo("  halo-host health")
    for running in twins:
        if host.sync.mirrors(running.connection):
            click.echo(f"  halo-host verify {running.connection}")
    click.echo("  halo-host users list")
    click.echo(f"  halo-host import show {newest} --action conflict")
    click.echo(f"  halo-host import undo {newest}")


def _somebody_linked(host: Host, connection: str) -> int | None:
    for user in host.directory.users(limit=1_000):
        if any(link.connection == connection for link in host.directory.links(user.id)):
            return user.id
    return None
