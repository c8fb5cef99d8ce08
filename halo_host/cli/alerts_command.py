"""`halo-host alerts`: what somebody should know."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ..alerts.alerts import Alert
from ..host import Host
from .face import LIMIT, NUMBER, agent, printable, with_host
from .output import print_json, print_table

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Show and acknowledge alerts, and try how they are sent.

    \b
    Example:
      halo-host alerts list
      halo-host alerts acknowledge 7
    """


@command.command("list")
@click.argument("connection", required=False)
@click.option("--all", "ended", is_flag=True, help="Also those that have ended.")
@click.option("--before", type=NUMBER, help="Go on with the alerts before this number.")
@click.option("--limit", type=LIMIT, default=50, show_default=True, help="How many, newest first.")
@_JSON
@with_host
def list_(
    host: Host,
    connection: str | None,
    ended: bool,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show open alerts, the newest first."""
    if connection is not None:
        host.connections.get(connection)
    found = host.alerts.list(connection, ended=ended, before=before, limit=limit)
    if as_json:
        print_json(found)
        return
    print_alerts(found, empty="No alert is open." if not ended else "There are no alerts.")
    if len(found) == limit:
        click.echo(f"There may be more: --before {found[-1].id}", err=True)


@command.command()
@click.argument("numbers", type=NUMBER, nargs=-1, required=True)
@with_host
def acknowledge(host: Host, numbers: tuple[int, ...]) -> None:
    """Say that alerts were seen.

    That ends an alert about money, and takes its mark off the user. Other alerts are not sent any
    more, and end by themselves.
    """
    for number in numbers:
        alert = host.alerts.acknowledge(number, agent=agent())
        click.echo(printable(f"Alert {number} is acknowledged: {alert.text}"))


@command.command()
@_JSON
@with_host
def test(host: Host, as_json: bool) -> None:
    """Send a trial message by e-mail and webhook, whichever is configured."""
    tried = host.alert_sender.test()
    if as_json:
        print_json([{"channel": name, "error": error} for name, error in tried])
    elif not tried:
        click.echo(
            "Alerts are not sent anywhere. Set HALO_HOST_SMTP_URL, HALO_HOST_ALERT_FROM and "
            "HALO_HOST_ALERT_TO, or HALO_HOST_ALERT_WEBHOOK."
        )
    else:
        for name, error in tried:
            click.echo(printable(f"{name}: {error or 'sent'}"))
    if not tried or any(error for _, error in tried):
        raise click.exceptions.Exit(1)


def print_alerts(found: Iterable[Alert], *, empty: str) -> None:
    print_table(
        ("Alert", "Connection", "Kind", "Raised (UTC)", "State", "Text"),
        (
            (
                it.id,
                it.connection,
                it.kind.replace("_", " "),
                f"{it.raised_at:%Y-%m-%d %H:%M}",
                _state(it),
                it.text,
            )
            for it in found
        ),
        empty=empty,
    )


def _state(alert: Alert) -> str:
    state = "ended" if alert.ended_at is not None else "open"
    if alert.acknowledged_by:
        state += f", acknowledged by {alert.acknowledged_by}"
    for message in alert.messages:
        if message.sent_at is not None:
            state += f", {message.channel} sent"
        elif message.error:
            state += f", {message.channel}: {message.error}"
    return state
