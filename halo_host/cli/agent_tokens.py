"""`halo-host agents tokens`: tokens of the JSON API."""

from __future__ import annotations

import click

from ..agents.api_tokens import LONGEST_DAYS, USUAL_DAYS
from ..agents.roles import Role
from ..host import Host
from .face import NUMBER, agent, printable, with_host
from .output import print_json, print_table
from .parameters import Number
from .times import minute

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
ROLE = click.Choice([role.value for role in Role])


@click.group()
def tokens() -> None:
    """Make, show and revoke tokens of the JSON API.

    \b
    Example:
      halo-host agents tokens add olive@example.com "Nightly export" --days 30
    """


@tokens.command("add")
@click.argument("who", metavar="AGENT")
@click.argument("name")
@click.option(
    "--role",
    type=ROLE,
    default=Role.VIEWER.value,
    show_default=True,
    help="What the token may do; never more than its agent.",
)
@click.option(
    "--days",
    type=Number(1, LONGEST_DAYS, "days"),
    default=USUAL_DAYS,
    show_default=True,
    help="For how long it is good.",
)
@with_host
def add_token(host: Host, who: str, name: str, role: str, days: int) -> None:
    """Make a token that acts as AGENT; NAME says what it is for.

    The token itself is printed once, alone on standard output, and kept nowhere.
    """
    owner = host.agents.find(who)
    made = host.agents.tokens.add(owner.id, name, Role(role), agent=agent(), days=days)
    click.echo(made.secret)
    click.echo(
        printable(
            f"API token {made.token.id} acts as {owner.name} ({made.token.role.value}) until "
            f"{made.token.expires_at:%Y-%m-%d}. Keep it now: it is not shown again."
        ),
        err=True,
    )


@tokens.command("list")
@click.argument("who", metavar="AGENT", required=False)
@click.option("--all", "ended", is_flag=True, help="Also those that are revoked or expired.")
@JSON
@with_host
def list_tokens(host: Host, who: str | None, ended: bool, as_json: bool) -> None:
    """Show the API tokens of AGENT, or of all. The tokens themselves are not kept."""
    owner = None if who is None else host.agents.find(who).id
    found = host.agents.tokens.list(owner, ended=ended)
    if as_json:
        print_json(found)
        return
    names = {it.id: it.name for it in host.agents.all()}
    now = host.clock()
    print_table(
        ("Number", "Agent", "Name", "Begins with", "Role", "Good until (UTC)", "Last used (UTC)"),
        (
            (
                it.id,
                names.get(it.agent_id, it.agent_id),
                it.name,
                it.hint,
                it.role.value,
                "revoked"
                if it.revoked_at
                else f"{minute(it.expires_at)}{', expired' * (it.expires_at <= now)}",
                minute(it.last_used_at) if it.last_used_at else "never",
            )
            for it in found
        ),
        empty="There is no API token: halo-host agents tokens add AGENT NAME",
    )


@tokens.command("revoke")
@click.argument("number", type=NUMBER)
@with_host
def revoke_token(host: Host, number: int) -> None:
    """Refuse the token from now on."""
    revoked = host.agents.tokens.revoke(number, agent=agent())
    click.echo(printable(f"API token {number} ({revoked.name}) is revoked."))
