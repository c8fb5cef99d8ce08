"""`halo-host customers`: show and add customers."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..host import Host
from .face import LIMIT, NUMBER, agent, printable, with_host, with_new_host
from .output import print_json, print_table
from .times import second


@click.group()
def command() -> None:
    """Show and add customers.

    Where a command takes a CUSTOMER, give its number, its reference or its name.
    """


@command.command("list")
@click.argument("search", default="")
@click.option("--limit", type=LIMIT, default=100, show_default=True)
@click.option("--after", type=NUMBER, default=0, help="Go on after this number.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@with_host
def list_(host: Host, search: str, limit: int, after: int, as_json: bool) -> None:
    """List customers, all or those found by SEARCH.

    SEARCH is a part of the name, or the whole reference.

    \b
    Example:
      halo-host customers list acme
    """
    found = host.directory.customers(search, limit=limit, after=after)
    if as_json:
        print_json([asdict(customer) for customer in found])
        return
    rows = [(customer.id, customer.name, customer.reference) for customer in found]
    print_table(
        ["Number", "Customer", "Reference"],
        rows,
        empty="No customer is found." if search or after else "There is no customer yet.",
    )
    if len(found) == limit:
        click.echo(f"There may be more: --after {found[-1].id}", err=True)


@command.command()
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_host
def show(host: Host, customer: str, as_json: bool) -> None:
    """Show a customer with its sites.

    \b
    Example:
      halo-host customers show "Acme Ltd"
    """
    found = host.directory.customer(customer)
    sites = host.directory.sites(found.id)
    if as_json:
        print_json(asdict(found) | {"sites": [asdict(site) for site in sites]})
        return
    click.echo(f"Customer {found.id}: {printable(found.name)}")
    if found.reference:
        click.echo(f"Reference: {printable(found.reference)}")
    click.echo(f"Added: {second(found.created_at)} UTC\n")
    print_table(
        ["Number", "Site", "Invoice site"],
        [(site.id, site.name, "yes" if site.is_invoice_site else "") for site in sites],
    )


@command.command()
@click.argument("name")
@click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="NAME",
    help="A site; may be repeated. The first is the invoice site. Default: Main.",
)
@click.option("--reference", help="The customer's unique id in another system.")
@with_new_host
def add(host: Host, name: str, sites: tuple[str, ...], reference: str | None) -> None:
    """Add the customer NAME.

    \b
    Example:
      halo-host customers add "Acme Ltd" --site Headquarters --site Depot
    """
    chosen = {"site_names": sites} if sites else {}
    customer = host.directory.add_customer(name, agent=agent(), reference=reference, **chosen)
    click.echo(f"Customer {customer.id} added: {printable(customer.name)}")
