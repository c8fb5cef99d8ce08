"""`halo-host sync`: status, schedules, runs and failed records of connections."""

from __future__ import annotations

import click

from ..errors import InvalidInput
from ..host import Host
from ..jobs.job import JobState
from ..jobs.presence import running_integrators
from ..plurals import counted
from ..sync.due import KINDS
from ..sync.quiet import local_time
from ..sync.schedule import LONGEST_MINUTES, MOST_FAILURES, Schedule, check_quiet_hours
from . import run_output
from .face import LIMIT, NUMBER, agent, printable, with_host
from .output import print_json, print_table
from .parameters import Number
from .times import second

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_CONNECTION = click.argument("connection")
_MINUTES = Number(1, LONGEST_MINUTES, "minutes")
_WHICH = {"all": tuple(KINDS), **{part: (part,) for part in KINDS}}


@click.group()
def command() -> None:
    """Recurring syncs: status, schedules, runs, failed records.

    An integrator does the work: `halo-host integrator`, or `halo-host serve`.

    \b
    Example:
      halo-host sync status
      halo-host sync now acme-pay
      halo-host sync schedule acme-pay --payments-every 10 --quiet 22:00-06:00
    """


@command.command()
@_CONNECTION
@click.argument("part", type=click.Choice(sorted(_WHICH)), default="payments")
@click.option("--follow", is_flag=True, help="Show how it goes until it has ended.")
@_JSON
@with_host
def now(host: Host, connection: str, part: str, follow: bool, as_json: bool) -> None:
    """Sync now: payments unless you say users, verify or all.

    Also in quiet hours, and where the connection is paused.
    """
    parts = _WHICH[part]
    if part == "all":
        parts = host.schedules.offered(host.connections.get(connection))
    jobs = host.schedules.sync_now(connection, agent=agent(), parts=parts)
    if follow:
        jobs = [run_output.follow(host, job.id) for job in jobs]
    if as_json:
        print_json(jobs)
    else:
        for job in jobs:
            run_output.print_outcome(job)
        _warn_without_integrator(host)
    if any(job.state is JobState.FAILED for job in jobs):
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("connection", required=False)
@_JSON
@with_host
def status(host: Host, connection: str | None, as_json: bool) -> None:
    """Show when each connection was last synced, what went wrong, and when it is next."""
    slugs = [connection] if connection else [it.slug for it in host.connections.all()]
    found = [run_output.status_of(host, slug) for slug in slugs]
    running = running_integrators(host.database, host.clock())
    if as_json:
        print_json({"connections": found, "integrators": running})
        return
    run_output.print_status(found)
    for it in running:
        click.echo(
            printable(
                f"An integrator runs on {it.machine} (process {it.process_id}, "
                f"{counted(it.threads, 'thread')}) since {run_output.at(it.started_at)} UTC."
            )
        )
    _warn_without_integrator(host)


def _warn_without_integrator(host: Host) -> None:
    if not running_integrators(host.database, host.clock()):
        click.echo(
            "No integrator runs, so nothing begins by itself: halo-host integrator", err=True
        )


@command.command()
@_CONNECTION
@click.option("--users/--no-users", "users_on", default=None, help="Import users by itself.")
@click.option(
    "--users-every",
    "users_minutes",
    type=_MINUTES,
    metavar="MINUTES",
    help="From one import of users to the next.",
)
@click.option("--payments/--no-payments", "payments_on", default=None, help="Sync payments.")
@click.option(
    "--payments-every",
    "payments_minutes",
    type=_MINUTES,
    metavar="MINUTES",
    help="From one sync of payments to the next.",
)
@click.option("--verify/--no-verify", "verify_on", default=None, help="Prove the mirror.")
@click.option(
    "--verify-every",
    "verify_minutes",
    type=_MINUTES,
    metavar="MINUTES",
    help="From one proof to the next.",
)
@click.option("--quiet", metavar="HH:MM-HH:MM", help="Begin nothing by itself then; none: always.")
@click.option(
    "--alert-after",
    "alert_failures",
    type=Number(1, MOST_FAILURES, "failures"),
    metavar="FAILURES",
    help="Raise an alert after so many failures in a row.",
)
@click.option(
    "--alert-age",
    "alert_minutes",
    type=Number(0, LONGEST_MINUTES, "minutes"),
    metavar="MINUTES",
    help="Raise an alert when older than this; 0: as fits the schedule.",
)
@_JSON
@with_host
def schedule(
    host: Host, /, connection: str, quiet: str | None, as_json: bool, **options: int | bool | None
) -> None:
    """Show or change when work begins by itself.

    Times are local, in the zone HALO_HOST_TIMEZONE.

    \b
    Examples:
      halo-host sync schedule acme-pay
      halo-host sync schedule acme-pay --no-users --payments-every 15
      halo-host sync schedule acme-pay --quiet 22:00-06:00
    """
    changes: dict[str, object] = {
        name: value for name, value in options.items() if value is not None
    }
    if quiet is not None:
        changes |= _quiet(quiet)
    if changes:
        host.schedules.set(connection, agent=agent(), **changes)
    chosen = host.schedules.get(connection)
    if as_json:
        print_json(chosen)
        return
    run_output.print_schedule(chosen, host.settings.timezone)


def _quiet(text: str) -> dict[str, object]:
    if text.strip().lower() == "none":
        return {"quiet_from": None, "quiet_to": None}
    begin, dash, end = text.partition("-")
    if not dash:
        raise click.UsageError("--quiet takes HH:MM-HH:MM, such as 22:00-06:00, or none.")
    try:
        quiet = Schedule(quiet_from=local_time(begin), quiet_to=local_time(end))
        check_quiet_hours(quiet)
    except InvalidInput as error:
        said = f"{error.message} {error.advice}"
        raise click.BadParameter(said, param_hint="'--quiet'") from None
    return {"quiet_from": quiet.quiet_from, "quiet_to": quiet.quiet_to}


@command.command()
@_CONNECTION
@with_host
def pause(host: Host, connection: str) -> None:
    """Let nothing of a connection begin by itself, until `resume`.

    What runs goes on to its end. `sync now` still works.
    """
    before = host.schedules.get(connection).paused_at
    host.schedules.pause(connection, agent=agent())
    state = "is paused" if before is None else f"is paused already, since {second(before)} UTC"
    click.echo(f"{connection} {state}; go on with: halo-host sync resume {connection}")


@command.command()
@_CONNECTION
@with_host
def resume(host: Host, connection: str) -> None:
    """Let the work of a paused connection begin by itself again."""
    before = host.schedules.get(connection).paused_at
    host.schedules.resume(connection, agent=agent())
    if before is None:
        click.echo(f"{connection} is not paused; nothing was changed.")
    else:
        click.echo(f"{connection} is synced again; it was paused since {second(before)} UTC.")


@command.command()
@_CONNECTION
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_host
def reset(host: Host, connection: str, yes: bool) -> None:
    """Reset the last sync: the next one reads everything again.

    Nothing is deleted; records stay as they are until they have been read again.
    """
    host.connections.get(connection)
    if not yes:
        click.confirm(f"Read everything of {connection} again?", abort=True)
    host.sync.reset(connection, agent=agent())
    click.echo(f"The next sync of {connection} reads everything again.")


@command.command()
@click.argument("connection", required=False)
@click.option("--kind", type=click.Choice(["import", "sync", "verify", "reread", "webhooks"]))
@click.option("--state", type=click.Choice([it.value for it in JobState]))
@click.option("--before", type=NUMBER, help="Go on with the runs before this number.")
@click.option("--limit", type=LIMIT, default=20, show_default=True, help="How many, newest first.")
@_JSON
@with_host
def runs(
    host: Host,
    connection: str | None,
    kind: str | None,
    state: str | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the history of runs, the newest first."""
    found = host.jobs.list(
        connection,
        kinds=(kind,) if kind else (),
        states=(state,) if state else (),
        before=before,
        limit=limit,
    )
    if as_json:
        print_json(found)
        return
    run_output.print_runs(found, narrowed=any((connection, kind, state, before)))
    if len(found) == limit:
        click.echo(f"There may be more: --before {found[-1].id}", err=True)


@command.command("run")
@click.argument("number", type=NUMBER)
@click.option("--follow", is_flag=True, help="Show how it goes until it has ended.")
@_JSON
@with_host
def run_(host: Host, number: int, follow: bool, as_json: bool) -> None:
    """Show one run in full."""
    job = run_output.follow(host, number) if follow else host.jobs.get(number)
    if as_json:
        print_json(job)
    else:
        run_output.print_run(job)


@command.command()
@_CONNECTION
@_JSON
@with_host
def failed(host: Host, connection: str, as_json: bool) -> None:
    """Show the records that could not be read, each with its reason."""
    records = host.sync.failed(connection)
    if as_json:
        print_json(records)
        return
    print_table(
        ("Kind", "Record", "Since (UTC)", "Last tried (UTC)", "Reason"),
        (
            (it.kind, it.id, run_output.at(it.first_at), run_output.at(it.last_at), it.reason)
            for it in records
        ),
        empty=f"Every record of {connection} could be read.",
    )


@command.command()
@_CONNECTION
@click.option("--run", "number", type=NUMBER, help="Queue this run's work again.")
@click.option("--follow", is_flag=True, help="Show how it goes until it has ended.")
@with_host
def retry(host: Host, connection: str, number: int | None, follow: bool) -> None:
    """Try the failed records of a connection again, or the work of a run that has ended."""
    if number is not None:
        if host.jobs.get(number).connection != connection:
            raise click.UsageError(f"Run {number} is none of {connection}.")
        job = host.jobs.retry(number, agent=agent())
    else:
        host.connections.get(connection)
        job = host.jobs.enqueue("reread", connection, why="hand", agent=agent())
    if follow:
        job = run_output.follow(host, job.id)
    run_output.print_outcome(job)
    _warn_without_integrator(host)


@command.command()
@click.argument("number", type=NUMBER)
@with_host
def cancel(host: Host, number: int) -> None:
    """End a run that is queued or at work. What it has written stands."""
    host.jobs.cancel(number, agent=agent())
    click.echo(f"Run {number} is cancelled.")
