"""`halo-host health`: is every mirror right, recent and proved?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import click

from ..host import Host
from ..payments.health import HostHealth, MirrorHealth
from ..plurals import counted
from .face import printable, with_host
from .output import print_json
from .times import ago, minute, span


@click.command("health")
@click.argument("connection", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_host
def command(host: Host, connection: str | None, as_json: bool) -> None:
    """Tell how old each mirror is, when it was last proved, and what is wrong.

    The exit status is 0 where all is well and 1 where something is not, for monitoring. No
    provider is asked.

    \b
    Example:
      halo-host health || echo "look at the host"
    """
    health = host.health.look(connection)
    if as_json:
        print_json(_as_json(health))
    else:
        _print(health, host.clock())
    if not health.is_healthy:
        sys.exit(1)


def _as_json(health: HostHealth) -> dict[str, object]:
    mirrors = []
    for mirror in health.mirrors:
        facts = asdict(mirror)
        age = facts.pop("age")
        mirrors.append(facts | {"age_seconds": None if age is None else int(age.total_seconds())})
    return {
        "healthy": health.is_healthy,
        "problems": health.problems,
        "mirrors": mirrors,
        "unmirrored": health.unmirrored,
    }


def _print(health: HostHealth, now: datetime) -> None:
    for mirror in health.mirrors:
        state = "something is wrong" if mirror.problems else "healthy"
        click.echo(printable(f"{mirror.connection} ({mirror.name}): {state}"))
        for problem in mirror.problems:
            click.echo(printable(f"  ! {problem}"))
        for name, text in _facts(mirror, now):
            click.echo(printable(f"  {name:<9} {text}"))
    for slug in health.unmirrored:
        click.echo(f"{slug}: its plugin has no streams; payments are asked from the provider")
    for problem in health.problems:
        click.echo(printable(f"! {problem}"))
    if not health.mirrors and not health.unmirrored:
        click.echo("No connection is enabled.")


def _facts(mirror: MirrorHealth, now: datetime) -> Iterator[tuple[str, str]]:
    yield "mirror", "not filled yet" if mirror.age is None else f"{span(mirror.age)} old"
    yield "proof", _proof(mirror, now)
    waiting = mirror.waiting
    yield (
        "waiting",
        f"{counted(waiting.payments, 'payment')} of {counted(waiting.payers, 'payer')} "
        "without a user",
    )
    yield "failed", counted(mirror.failed_records, "record")
    yield (
        "alerts",
        f"{mirror.alerts:,} open, and {mirror.money_alerts:,} about money to be acknowledged",
    )
    yield "last run", _last_run(mirror, now)
    yield "next run", _next_run(mirror, now)
    if mirror.review is not None:
        yield "users", f"wait for the review of import {mirror.review}"


def _proof(mirror: MirrorHealth, now: datetime) -> str:
    proof = mirror.proof
    if proof is None:
        return "never verified"
    text = (
        f"verified {ago(proof.at, now)}, {counted(proof.differences, 'difference')} "
        f"in {counted(proof.payers, 'payer')}"
    )
    return f"{text} left, {proof.repaired:,} repaired" if proof.repaired else text


def _last_run(mirror: MirrorHealth, now: datetime) -> str:
    run = mirror.last_run
    if run is None:
        return "none yet"
    at = run.finished_at or run.started_at or run.queued_at
    said = run.error or run.result or run.step
    return f"{run.id}, {run.state} {ago(at, now)}{f': {said}' if said else ''}"


def _next_run(mirror: MirrorHealth, now: datetime) -> str:
    planned = mirror.next_run
    if planned is None:
        return "none"
    if planned.due is None:
        return f"none: {planned.note}"
    when = "now" if planned.due <= now else f"in {span(planned.due - now)}"
    note = f", {planned.note}" if planned.note else ""
    return f"{when} ({minute(planned.due)} UTC{note})"
