"""How runs, schedules and the status of connections are printed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import click

from ..host import Host
from ..jobs.job import ENDED, Job, JobState
from ..plurals import counted
from ..sync.due import KINDS, Standing
from ..sync.schedule import Schedule
from .face import printable
from .output import print_table

_POLL = 0.5  # seconds between two looks at a run that is followed


def at(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionStatus:
    connection: str
    enabled: bool
    paused_at: datetime | None
    quiet: str
    parts: Sequence[Standing]
    running: Sequence[Job]
    open_alerts: int
    failed_records: int


def status_of(host: Host, slug: str) -> ConnectionStatus:
    details = host.connections.get(slug)
    schedule = host.schedules.get(slug)
    return ConnectionStatus(
        connection=slug,
        enabled=details.enabled,
        paused_at=schedule.paused_at,
        quiet=_quiet(schedule),
        parts=host.schedules.standing(slug),
        running=host.jobs.list(slug, states=("running",)),
        open_alerts=len(host.alerts.list(slug, limit=1_000)),
        failed_records=len(host.sync.failed(slug)),
    )


def print_status(found: Iterable[ConnectionStatus]) -> None:
    rows = []
    for it in found:
        for part in it.parts:
            rows.append(
                (
                    it.connection,
                    part.part,
                    at(part.last) or "never",
                    at(part.next),
                    part.note,
                    f"{part.failures} in a row: {part.error}" if part.failures else "",
                )
            )
        if not it.parts:
            note = "offers nothing that recurs" if it.enabled else "the connection is disabled"
            rows.append((it.connection, "", "", "", note, ""))
    print_table(
        ("Connection", "Part", "Last (UTC)", "Next (UTC)", "Note", "Failures"),
        rows,
        empty="There is no connection yet.",
    )
    for it in found:
        _print_marks(it)


def _print_marks(it: ConnectionStatus) -> None:
    if it.paused_at is not None:
        click.echo(printable(f"{it.connection} is paused since {at(it.paused_at)} UTC."))
    if it.quiet:
        click.echo(printable(f"{it.connection} is quiet from {it.quiet}."))
    for job in it.running:
        click.echo(
            printable(f"{it.connection}: run {job.id} ({job.kind}) is {job.state}{_progress(job)}")
        )
    if it.open_alerts:
        alerts = counted(it.open_alerts, "open alert")
        click.echo(f"{it.connection} has {alerts}: halo-host alerts list {it.connection}")
    if it.failed_records:
        click.echo(
            f"{it.connection} has {counted(it.failed_records, 'record')} that could not be read: "
            f"halo-host sync failed {it.connection}"
        )


def print_schedule(schedule: Schedule, timezone: str) -> None:
    rows = [
        (part, "on" if schedule.is_on(part) else "off", f"every {_minutes(schedule, part)}")
        for part in KINDS
    ]
    print_table(("Part", "", "How often"), rows)
    if schedule.paused_at is not None:
        click.echo(f"Paused since {at(schedule.paused_at)} UTC.")
    click.echo(f"Quiet hours ({timezone}): {_quiet(schedule) or 'none'}")
    minutes = schedule.alert_minutes
    age = counted(minutes, "minute") if minutes else "fits the schedule"
    click.echo(f"Alerts: after {counted(schedule.alert_failures, 'failure')} in a row; age {age}.")


def print_runs(jobs: Iterable[Job], *, narrowed: bool) -> None:
    """`narrowed`: some were asked for, not all."""
    print_table(
        ("Run", "Connection", "Kind", "Why", "State", "Started (UTC)", "Took", "Rows", "Outcome"),
        (
            (
                job.id,
                job.connection,
                job.kind,
                job.why,
                job.state,
                at(job.started_at or job.queued_at),
                _took(job),
                _rows(job),
                job.result or job.error or job.step,
            )
            for job in jobs
        ),
        empty="There is no such run." if narrowed else "Nothing has run yet.",
    )


def print_run(job: Job) -> None:
    facts = asdict(job)
    for name in ("queued_at", "not_before", "started_at", "finished_at"):
        facts[name] = at(facts[name])
    facts["waited_ms"] = f"{job.waited_ms:,} ms for the rate limit" if job.waited_ms else ""
    facts["arguments"] = ", ".join(f"{key}={value}" for key, value in job.arguments.items())
    print_table(
        ("Field", "Value"),
        ((name.replace("_", " "), value) for name, value in facts.items() if value not in ("", 0)),
    )


def print_outcome(job: Job) -> None:
    """A run in a sentence, and what it came to where it has ended."""
    told = job.result or job.error
    click.echo(printable(f"Run {job.id} ({job.kind}) is {job.state}{f': {told}' if told else '.'}"))


def follow(host: Host, number: int) -> Job:
    """Show a run's progress on standard error until it has ended, or Ctrl-C ends the watching."""
    shown = ""
    live = sys.stderr.isatty()
    while True:
        job = host.jobs.get(number)
        # What it came to is said at the end, by `print_outcome`.
        said = printable(f"Run {job.id} is {job.state}{_progress(job)}")
        if said != shown:
            click.echo(f"\r\x1b[K{said}" if live else said, nl=not live, err=True)
            shown = said
        if job.state in ENDED:
            if live:
                click.echo(err=True)
            return job
        time.sleep(_POLL)


def _progress(job: Job) -> str:
    done = f"{counted(job.pages, 'page')}, {_rows(job)}, {counted(job.requests, 'request')}"
    if job.state is JobState.QUEUED:
        return "."
    if job.state in ENDED:
        return f": {done}."
    return f": {job.step or 'begins'}, {done}."


def _rows(job: Job) -> str:
    counts = {
        "new": job.new,
        "changed": job.changed,
        "unchanged": job.unchanged,
        "failed": job.failed,
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no rows"


def _took(job: Job) -> str:
    if job.started_at is None or job.finished_at is None:
        return ""
    seconds = (job.finished_at - job.started_at).total_seconds()
    return f"{seconds:.1f} s" if seconds < 120 else f"{int(seconds) // 60} min"


def _minutes(schedule: Schedule, part: str) -> str:
    minutes = int(schedule.every(part).total_seconds()) // 60
    if minutes % (24 * 60) == 0:
        return counted(minutes // (24 * 60), "day") if minutes > 24 * 60 else "day"
    if minutes % 60 == 0:
        return counted(minutes // 60, "hour") if minutes > 60 else "hour"
    return counted(minutes, "minute") if minutes > 1 else "minute"


def _quiet(schedule: Schedule) -> str:
    if schedule.quiet_from is None:
        return ""
    return f"{schedule.quiet_from} to {schedule.quiet_to}"
