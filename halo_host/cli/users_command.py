"""`halo-host users`: show, add, edit and move users."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Literal

import click

from ..directory.users import DirectoryUser
from ..host import Host
from ..types import PaymentQuery
from .face import LIMIT, NUMBER, agent, printable, with_host
from .output import in_utf8, print_json, print_table
from .parameters import Day, Number
from .payment_statuses import print_statuses
from .times import second

REFERENCE = "reference"


@click.group()
def command() -> None:
    """Show, add, edit and move users.

    Where a command takes a USER, give a number, a reference, or an e-mail that one user has.
    """


@command.command("list")
@click.argument("search", default="")
@click.option("--customer", help="Only this customer's: its number, reference or name.")
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@click.option("--after", type=NUMBER, default=0, help="Go on after this number.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@with_host
def list_(
    host: Host, search: str, customer: str | None, limit: int, after: int, as_json: bool
) -> None:
    """List users, all or those found by SEARCH.

    Every word of SEARCH must be in the names, company, e-mail or phone; a reference is found whole.

    \b
    Example:
      halo-host users list archer --customer "Acme Ltd"
    """
    found = host.directory.users(search, customer=customer, limit=limit, after=after)
    if as_json:
        print_json([_as_json(user) for user in found])
        return
    print_table(
        ["Number", "Name", "E-mail", "Customer", "Site"],
        [(user.id, user.name, user.email, user.customer, user.site) for user in found],
        empty="No user is found." if search or customer or after else "There is no user yet.",
    )
    if len(found) == limit:
        click.echo(f"There may be more: --after {found[-1].id}", err=True)


@command.command()
@click.argument("user")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_host
def show(host: Host, user: str, as_json: bool) -> None:
    """Show a user, its values and its links.

    \b
    Example:
      halo-host users show ann@acme.example
    """
    found = host.directory.user(user)
    values = host.directory.values(found.id)
    links = host.directory.links(found.id)
    marks = host.alerts.of_user(found.id)
    if as_json:
        print_json(
            _as_json(found)
            | {
                "custom": values,
                "links": [asdict(link) for link in links],
                "alerts": [asdict(alert) for alert in marks],
            }
        )
        return
    click.echo(f"User {found.id}: {printable(found.name)}")
    for alert in marks:
        click.echo(printable(f"! Alert {alert.id} ({alert.connection}): {alert.text}"))
    facts = {"customer": found.customer, "site": found.site, REFERENCE: found.reference or ""}
    facts |= found.core | {f"custom:{name}": value for name, value in values.items()}
    print_table(["Field", "Value"], [(name, value) for name, value in facts.items() if value])
    if links:
        print_table(
            ["Connection", "Payer", "Linked (UTC)", "Gone at the provider (UTC)"],
            [
                (
                    link.connection,
                    link.external_id,
                    second(link.created_at),
                    link.removed_at and second(link.removed_at),
                )
                for link in links
            ],
        )
    else:
        click.echo("No payer is linked to this user.")


_SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help=f"A core field or {REFERENCE}; may be repeated. An empty VALUE takes it away.",
)


@command.command()
@click.argument("site")
@_SET
@with_host
def add(host: Host, site: str, settings: tuple[str, ...]) -> None:
    """Add a user to SITE.

    SITE is a number, Customer/Site, or a name that one site has.

    \b
    Example:
      halo-host users add "Acme Ltd/Depot" --set given_name=Ann --set email=ann@acme.example
    """
    fields, reference = _parsed(settings)
    user = host.directory.add_user(site, fields, agent=agent(), reference=reference)
    click.echo(f"User {user.id} added: {printable(user.name)}")


@command.command()
@click.argument("user")
@_SET
@with_host
def edit(host: Host, user: str, settings: tuple[str, ...]) -> None:
    """Change core fields of a user.

    \b
    Example:
      halo-host users edit 17 --set phone="+44 20 7946 0018" --set region=
    """
    if not settings:
        raise click.UsageError("Nothing to change: give --set FIELD=VALUE.")
    fields, reference = _parsed(settings)
    changed = host.directory.edit_user(user, fields, agent=agent(), reference=reference)
    click.echo(f"User {changed.id} is up to date: {printable(changed.name)}")


@command.command()
@click.argument("user")
@click.argument("site")
@with_host
def move(host: Host, user: str, site: str) -> None:
    """Move USER to SITE; it keeps its links and values.

    \b
    Example:
      halo-host users move ann@acme.example "Acme Ltd/Depot"
    """
    moved = host.directory.move_user(user, site, agent=agent())
    place = printable(f"{moved.customer}/{moved.site}")
    click.echo(f"User {moved.id}, {printable(moved.name)}, is in {place}.")


@command.command("set-field")
@click.argument("user")
@click.argument("field")
@click.argument("value")
@with_host
def set_field(host: Host, user: str, field: str, value: str) -> None:
    """Set a custom field of USER.

    FIELD is its name or number; an empty VALUE ("") takes the value away.

    \b
    Example:
      halo-host users set-field 17 "Account manager" "Jo Field"
    """
    host.directory.set_value(user, field, value, agent=agent())
    click.echo("The value is set." if value.strip() else "The value is taken away.")


@command.command()
@click.argument("user")
@click.argument("connection")
@click.argument("payer")
@with_host
def link(host: Host, user: str, connection: str, payer: str) -> None:
    """Link PAYER of CONNECTION, by its id, to USER; imports keep to it.

    The payer must be in the mirror and linked to nobody.

    \b
    Example:
      halo-host users link ann@acme.example acme-pay CU00042
    """
    found = host.directory.user(user)
    host.payer_links.link(connection, payer, found.id, agent=agent())
    click.echo(f"{printable(payer)} is linked to user {found.id}, {printable(found.name)}.")


@command.command()
@click.argument("user")
@click.argument("connection")
@click.argument("payer")
@with_host
def unlink(host: Host, user: str, connection: str, payer: str) -> None:
    """Take the link between PAYER of CONNECTION and USER away; both stay.

    The next import places the payer by its rules again.

    \b
    Example:
      halo-host users unlink ann@acme.example acme-pay CU00042
    """
    found = host.directory.user(user)
    host.payer_links.unlink(connection, payer, found.id, agent=agent())
    click.echo(f"{printable(payer)} is no longer linked to user {found.id}.")


def _parsed(settings: Iterable[str]) -> tuple[dict[str, str], str | None]:
    """The core fields, and the reference where one is given."""
    fields: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes FIELD=VALUE, such as phone=123; not {name[:60]}")
        fields[name.strip()] = value
    reference = fields.pop(REFERENCE, None)
    return fields, reference


def _as_json(user: DirectoryUser) -> dict[str, object]:
    return {"name": user.name, **asdict(user)}


@command.command()
@click.argument("user")
@click.argument("connection")
@click.option("--tab", "tab_slug", help="Which of the connection's tabs; the first unless given.")
@click.option("--status", "statuses", multiple=True, help="Only payments of this status.")
@click.option("--from", "first_day", type=Day(), help="Only payments charged on this day or later.")
@click.option("--to", "last_day", type=Day(), help="Only payments charged on this day or earlier.")
@click.option(
    "--sort",
    type=click.Choice(["newest", "oldest", "largest", "smallest"]),
    default="newest",
    show_default=True,
)
@click.option("--limit", type=Number(1, 500), default=100, show_default=True)
@click.option("--cursor", help="Go on with the next page, as the page before names it.")
@click.option("--refresh", is_flag=True, help="Read what the provider says of this user first.")
@with_host
def tab(
    host: Host,
    user: str,
    connection: str,
    tab_slug: str | None,
    statuses: tuple[str, ...],
    first_day: date | None,
    last_day: date | None,
    sort: Literal["newest", "oldest", "largest", "smallest"],
    limit: int,
    cursor: str | None,
    refresh: bool,
) -> None:
    """Print a tab of a user as a whole page, to be opened in a browser.

    Where the plugin has streams the tab shows the mirror, and says how recent it is.

    \b
    Example:
      halo-host users tab 42 acme-pay --refresh > tab.html
    """
    number = host.directory.user(user).id
    if refresh:
        payers = host.tabs.payers_of(number, connection)
        if payers:
            host.sync.refresh_payer(connection, payers, agent=agent())
    query = PaymentQuery(
        statuses=statuses,
        charged_from=first_day,
        charged_to=last_day,
        sort=sort,
        cursor=cursor,
        limit=limit,
    )
    page = host.tabs.page(number, connection, tab_slug, query)
    in_utf8()
    click.echo(page.html)
    if statuses and "payments" in host.schedules.offered(host.connections.get(connection)):
        known = host.payments.known_statuses(connection=connection)
        if not set(statuses) & set(known):
            print_statuses(known)
    if page.next_cursor is not None:
        click.echo(f"More payments: --cursor {shlex.quote(page.next_cursor)}", err=True)
    if page.error is not None:
        raise page.error
