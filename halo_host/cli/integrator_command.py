"""`halo-host integrator`: the worker that runs schedules and jobs, in the foreground."""

from __future__ import annotations

import signal
import threading

import click

from .. import logs
from ..host import Host
from .face import with_new_host
from .parameters import Number, Seconds


@click.command("integrator")
@click.option(
    "--threads",
    type=Number(1, 64),
    help="How many jobs are carried out at once. Also HALO_HOST_WORKERS; 2 unless set.",
)
@click.option(
    "--sweep",
    "sweep_seconds",
    type=Seconds(0.05, 3600),
    default=5.0,
    show_default=True,
    help="Seconds between two looks at what is due.",
)
@with_new_host
def command(host: Host, threads: int | None, sweep_seconds: float) -> None:
    """Run schedules, syncs, imports and webhooks' work, straight on the database.

    Stays up until it is stopped (Ctrl-C, SIGTERM): running jobs then write the page that they are
    at, and go on when an integrator runs again. Any number may run on one database.

    \b
    Example:
      halo-host integrator --threads 4
    """
    from ..integrator.integrator import run

    logs.set_up(host.settings.log_format)
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stopped(number: int, frame: object) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)  # a second signal ends the process at once
        stop.set()

    for number in before:
        signal.signal(number, stopped)
    run(host, stop, threads=threads or host.settings.workers, sweep_seconds=sweep_seconds)
