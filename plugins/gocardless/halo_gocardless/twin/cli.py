"""``halo-gocardless-twin``: run a twin from the command line."""

from __future__ import annotations

import signal
import threading
from datetime import datetime

import click

from .config import TokenKind, TwinConfig
from .knobs import Fault, FaultKind, Knobs
from .server import TwinServer
from .webhooks.endpoints import WebhookEndpoint, require_near


class _FaultType(click.ParamType[Fault]):
    name = "fault"

    def convert(
        self, value: str | Fault, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fault:
        try:
            return value if isinstance(value, Fault) else Fault.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _TimeType(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not an ISO 8601 time", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} needs a time zone, for example a Z at the end", param, ctx)
        return moment


@click.command(epilog="Fault kinds: " + ", ".join(kind.value for kind in FaultKind) + ".")
@click.option("--customers", default=300, show_default=True, type=click.IntRange(0))
@click.option("--seed", default=7, show_default=True, type=int, help="Which business to generate.")
@click.option("--now", type=_TimeType(), help="When the business ends.  [default: now]")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--allow-remote", is_flag=True, help="Permit a --host that others can reach.")
@click.option("--latency-ms", default=0, type=click.IntRange(0), help="Added to every request.")
@click.option("--page-delay-ms", default=0, type=click.IntRange(0), help="Added to every list.")
@click.option("--rate-limit", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--rate-window-seconds", default=60, show_default=True, type=click.IntRange(1))
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=_FaultType(),
    help="KIND[:count=N,probability=PERCENT,path=/customers,method=GET,after=N,seconds=N]; "
    "count=- is without end. Can be given several times.",
)
@click.option("--virtual-clock", is_flag=True, help="Time stands still until it is moved.")
@click.option("--living", is_flag=True, help="The business bills, gains and loses payers.")
@click.option("--webhook-url", help="Where to post events to, signed with --webhook-secret.")
@click.option("--webhook-secret", help="The secret that the receiver knows as well.")
def main(
    customers: int,
    seed: int,
    now: datetime | None,
    host: str,
    port: int,
    allow_remote: bool,
    latency_ms: int,
    page_delay_ms: int,
    rate_limit: int,
    rate_window_seconds: int,
    faults: tuple[Fault, ...],
    virtual_clock: bool,
    living: bool,
    webhook_url: str | None,
    webhook_secret: str | None,
) -> None:
    """Run a local twin of the GoCardless API until Ctrl-C.

    It holds a believable small business, the same one for the same seed. Nothing is kept when it
    stops.
    """
    knobs = Knobs(latency_ms, page_delay_ms, rate_limit, rate_window_seconds, faults)
    config = TwinConfig(
        customers=customers,
        seed=seed,
        now=now,
        host=host,
        port=port,
        allow_remote=allow_remote,
        knobs=knobs,
        virtual_clock=virtual_clock,
        living=living,
        webhook_endpoints=_endpoints(webhook_url, webhook_secret, allow_remote),
    )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        server = TwinServer(config).start()
    except (OSError, ValueError) as error:
        raise click.ClickException(f"cannot listen on {host} port {port}: {error}") from error
    with_tokens = [(kind, server.twin.token(kind)) for kind in TokenKind]
    click.echo(f"Twin of the GoCardless API (not GoCardless), {customers} customers, seed {seed}")
    click.echo(f"  API        {server.url}")
    click.echo(f"  Dashboard  {server.dashboard_url}")
    for kind, token in with_tokens:
        click.echo(f"  {kind.value.replace('_', '-'):<9}  {token}")
    if webhook_url is not None:
        click.echo(f"  Webhooks   {webhook_url}")
    click.echo("Ctrl-C stops it.")
    stopped.wait()
    server.stop()
    click.echo("Stopped.")


def _endpoints(
    url: str | None, secret: str | None, allow_remote: bool
) -> tuple[WebhookEndpoint, ...]:
    """The endpoint of the options, if there is one."""
    if url is None and secret is None:
        return ()
    if url is None or secret is None:
        raise click.UsageError("--webhook-url and --webhook-secret need each other")
    try:
        endpoint = WebhookEndpoint(url, secret)
        require_near(endpoint, allow_remote=allow_remote)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--webhook-url") from error
    return (endpoint,)
