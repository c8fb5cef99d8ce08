"""`halo-host webhooks`: what providers delivered."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
import orjson

from ..host import Host
from ..plurals import counted
from ..webhooks.inbox import DeliveryDetails, Selection
from ..webhooks.tables import FAILED, NEW, PROCESSED
from .face import LIMIT, NUMBER, agent, printable, with_host
from .output import print_json, print_table
from .parameters import Time

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SINCE = click.option("--since", type=Time(), help="Received then or later, in UTC.")
_UNTIL = click.option("--until", type=Time(), help="Received before then, in UTC.")
_STATE = click.option("--state", type=click.Choice([NEW, PROCESSED, FAILED]))


@click.group("webhooks")
def command() -> None:
    """Show, replay and prune deliveries of providers; the address to register.

    \b
    Examples:
      halo-host webhooks url acme-pay
      halo-host webhooks list --state failed
      halo-host webhooks replay --connection acme-pay --since 2026-11-01
    """


@command.command()
@click.argument("connection")
@_JSON
@with_host
def url(host: Host, connection: str, as_json: bool) -> None:
    """Print the address to register at the provider."""
    address = host.webhooks.address(connection)
    if as_json:
        print_json({"connection": connection, "url": address})
        return
    click.echo(address)
    if not host.settings.public_url:
        click.echo(
            f"Made from HALO_HOST_LISTEN ({host.settings.listen}); where `serve --listen` or a "
            "proxy has another address, set HALO_HOST_PUBLIC_URL, such as https://desk.example.",
            err=True,
        )


@command.command("list")
@click.argument("connection", required=False)
@_STATE
@_SINCE
@_UNTIL
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@_JSON
@with_host
def list_(
    host: Host,
    connection: str | None,
    state: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show deliveries, the newest first."""
    wanted = _selection(connection, state, since, until)
    found = host.webhooks.find(wanted, limit=limit)
    if as_json:
        print_json([asdict(it) for it in found])
        return
    print_table(
        ("Number", "Received (UTC)", "Connection", "State", "Events", "Attempts", "Why"),
        (
            (
                it.id,
                f"{it.received_at:%Y-%m-%d %H:%M:%S}",
                it.connection,
                f"{it.state} (test)" if it.is_test else it.state,
                it.events,
                it.attempts,
                it.reason,
            )
            for it in found
        ),
        empty="There is no such delivery."
        if wanted != Selection()
        else "Nothing was delivered yet.",
    )


@command.command()
@click.argument("number", type=NUMBER)
@_JSON
@with_host
def show(host: Host, number: int, as_json: bool) -> None:
    """Show one delivery with its payload."""
    details = host.webhooks.get(number)
    if as_json:
        print_json(_as_json(details))
        return
    delivery = details.delivery
    click.echo(f"Delivery {delivery.id} of {delivery.connection}: {delivery.state}")
    for label, value in (
        ("Why", delivery.reason),
        ("Received", f"{delivery.received_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Attempts", delivery.attempts),
        ("Last attempt", f"{delivery.last_received_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Processed", delivery.processed_at and f"{delivery.processed_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Events", delivery.events),
        ("Replays", delivery.replays or None),
        ("Named", delivery.key),
    ):
        if value not in {None, ""}:
            click.echo(printable(f"  {label}: {value}"))
    for name, value in details.headers.items():
        click.echo(printable(f"  {name}: {value}"))
    click.echo(printable(_readable(details.body)))


@command.command()
@click.argument("numbers", nargs=-1, type=NUMBER)
@click.option("--connection", help="Every delivery of this connection.")
@_STATE
@_SINCE
@_UNTIL
@with_host
def replay(
    host: Host,
    numbers: tuple[int, ...],
    connection: str | None,
    state: str | None,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Have deliveries processed again: by number, or all of a connection, a state or a time.

    What they name is read again at the provider; nothing is done twice.
    """
    selection = _selection(connection, state, since, until)
    if bool(numbers) is (selection != Selection()):
        raise click.UsageError("Give numbers, or --connection, --state, --since and --until.")
    if numbers:
        count = host.webhooks.replay(numbers, agent=agent())
    else:
        count = host.webhooks.replay_all(selection, agent=agent())
    if not count:
        waiting = len(set(numbers)) if numbers else host.webhooks.count_waiting(selection)
        click.echo(_nothing_replayed(waiting))
        return
    is_are, them = ("is", "it") if count == 1 else ("are", "them")
    said = counted(count, "delivery", "deliveries")
    click.echo(f"{said} {is_are} replayed; the integrator processes {them} next.")


@command.command()
@click.argument("connection")
@with_host
def process(host: Host, connection: str) -> None:
    """Process what waits now, without an integrator."""
    with host.jobs.holding("webhooks", connection, agent=agent()) as held:
        held.result = host.webhooks.process(held.lease) or "No delivery waits to be processed."
    click.echo(held.result)


@command.command()
@with_host
def prune(host: Host) -> None:
    """Delete processed deliveries that are older than HALO_HOST_WEBHOOK_DAYS.

    The integrator does it by itself.
    """
    count = host.webhooks.prune()
    deleted = f"{counted(count, 'delivery', 'deliveries')} {'is' if count == 1 else 'are'} deleted"
    click.echo(f"{deleted}: processed and older than {counted(host.settings.webhook_days, 'day')}.")


@command.command()
@click.argument("connection", required=False)
@_JSON
@with_host
def counts(host: Host, connection: str | None, as_json: bool) -> None:
    """Show how many deliveries of each day were accepted, came twice, or were rejected and why."""
    found = host.webhooks.tallies(connection)
    if as_json:
        print_json([asdict(it) for it in found])
        return
    print_table(
        ("Day", "Connection", "Outcome", "Count", "Why"),
        ((it.day, it.connection or "(none)", it.outcome, it.count, it.reason) for it in found),
        empty="Nothing was delivered yet.",
    )


def _nothing_replayed(waiting: int) -> str:
    if not waiting:
        return "No delivery is like that, so none is replayed."
    wait, them = ("waits", "it") if waiting == 1 else ("wait", "them")
    said = counted(waiting, "delivery", "deliveries")
    return f"{said} {wait} to be processed already; the integrator processes {them} next."


def _selection(
    connection: str | None, state: str | None, since: datetime | None, until: datetime | None
) -> Selection:
    return Selection(connection=connection, state=state, since=since, until=until)


def _as_json(details: DeliveryDetails) -> dict[str, Any]:
    """With the payload as JSON where it is JSON, else in base 64."""
    whole: dict[str, Any] = {**asdict(details.delivery), "headers": details.headers}
    try:
        return {**whole, "payload": orjson.loads(details.body)}
    except orjson.JSONDecodeError:
        return {**whole, "payload_base64": base64.b64encode(details.body).decode()}


def _readable(body: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")
