"""`halo-host integrator`: what runs schedules and jobs, or starts them from another machine."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click

from .. import logs
from ..host import Host
from .face import printable, with_new_host
from .parameters import Number, Seconds

TOKEN = "HALO_HOST_API_TOKEN"  # noqa: S105 - the name of the variable


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
@click.option("--api", metavar="URL", help="Work for the host at this address, by its API.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"With --api: a file that holds the API token. Also {TOKEN}.",
)
@click.option("--once", is_flag=True, help="With --api: start what is due, follow it, and end.")
@with_new_host
def command(
    host: Host,
    threads: int | None,
    sweep_seconds: float,
    api: str | None,
    token_file: Path | None,
    once: bool,
) -> None:
    """Run schedules, syncs, imports and webhooks' work, straight on the database.

    Stays up until it is stopped (Ctrl-C, SIGTERM): running jobs then write the page that they are
    at, and go on when an integrator runs again. Any number may run on one database.

    With --api it needs no database: from any machine it has the host start what is due, follows it
    and reports. The token needs the role operator.

    \b
    Examples:
      halo-host integrator --threads 4
      halo-host integrator --api https://desk.example --token-file token.txt
    """
    stop = threading.Event()
    _stop_by_signal(stop)
    if api is not None:
        if threads is not None:
            raise click.UsageError("--threads is for the host's own integrator, without --api.")
        _work_by_api(api, _token(token_file), sweep_seconds, once, stop)
        return
    if token_file is not None or once:
        raise click.UsageError("--token-file and --once go with --api.")
    from ..integrator.integrator import run

    logs.set_up(host.settings.log_format)
    run(host, stop, threads=threads or host.settings.workers, sweep_seconds=sweep_seconds)


def _stop_by_signal(stop: threading.Event) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stopped(number: int, frame: object) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)  # a second signal ends the process at once
        stop.set()

    for number in before:
        signal.signal(number, stopped)


def _token(file: Path | None) -> str:
    if file is None:
        return os.environ.get(TOKEN, "").strip()
    return file.read_text(encoding="utf-8", errors="replace").strip()


def _work_by_api(address: str, token: str, every: float, once: bool, stop: threading.Event) -> None:
    from ..integrator.api_client import TRIES, ApiClient
    from ..integrator.remote import RemoteIntegrator

    # One that stays up asks again by itself, and says soon that the host is away.
    client = ApiClient(address, token, wait=stop.wait, tries=TRIES if once else 3)
    integrator = RemoteIntegrator(client, stop, lambda line: click.echo(printable(line)))
    try:
        integrator.run(every=every, once=once)
    finally:
        client.close()
    if once and integrator.failed:
        raise click.exceptions.Exit(1)
