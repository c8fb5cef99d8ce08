"""`halo-host serve`"""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from .. import logs
from ..errors import HostError
from .face import Failure, settings_of
from .parameters import Number


@click.command("serve")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where. Also HALO_HOST_LISTEN.")
@click.option(
    "--workers",
    type=Number(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer requests; more than one needs PostgreSQL.",
)
@click.option(
    "--threads",
    type=Number(1, 64),
    default=8,
    show_default=True,
    help="Threads of each of them.",
)
@click.option("--no-integrator", is_flag=True, help="Leave the integrator to another machine.")
@click.pass_context
def command(
    context: click.Context, listen: str | None, workers: int, threads: int, no_integrator: bool
) -> None:
    """Run the web server and the integrator until Ctrl-C or a polite kill.

    Answers browsers, webhooks, /healthz, /readyz and /metrics. Put a proxy that speaks HTTPS before
    it where it can be reached from outside. On an empty database it prints a link for the first
    administrator.
    """
    from ..web.supervisor import Supervisor

    try:
        settings = settings_of(context)
        settings = replace(settings, listen=listen or settings.listen)
        logs.set_up(settings.log_format)
        supervisor = Supervisor(
            settings, workers=workers, threads=threads, with_integrator=not no_integrator
        )
        status = supervisor.run()
    except HostError as error:
        raise Failure(error) from None
    sys.exit(status)
