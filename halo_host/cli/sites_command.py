"""`halo-host sites`: show and add sites, choose the invoice site."""

from __future__ import annotations

from dataclasses import asdict

import click

from ..host import Host
from .face import agent, printable, with_host
from .output import print_json, print_table


@click.group()
def command() -> None:
    """Show and add sites, choose the invoice site.

    Where a command takes a SITE, give its number, Customer/Site, or a name that one site has.
    """


@command.command("list")
@click.option("--customer", help="Only this customer's: its number, reference or name.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@with_host
def list_(host: Host, customer: str | None, as_json: bool) -> None:
    """List the sites of all customers, or of one.

    \b
    Example:
      halo-host sites list --customer "Acme Ltd"
    """
    found = host.directory.sites(customer)
    if as_json:
        print_json([asdict(site) for site in found])
        return
    print_table(
        ["Number", "Customer", "Site", "Invoice site"],
        [
            (site.id, site.customer, site.name, "yes" if site.is_invoice_site else "")
            for site in found
        ],
        empty="There is no site yet: halo-host customers add NAME makes a customer and its first.",
    )


@command.command()
@click.argument("customer")
@click.argument("name")
@click.option("--invoice", is_flag=True, help="Make it the customer's invoice site.")
@with_host
def add(host: Host, customer: str, name: str, invoice: bool) -> None:
    """Add the site NAME to CUSTOMER.

    \b
    Example:
      halo-host sites add "Acme Ltd" Depot
    """
    site = host.directory.add_site(customer, name, agent=agent(), invoice_site=invoice)
    click.echo(f"Site {site.id} added: {printable(site.label)}")


@command.command()
@click.argument("site")
@with_host
def invoice(host: Host, site: str) -> None:
    """Make SITE its customer's invoice site.

    It takes the place of the one there is: a customer has exactly one.

    \b
    Example:
      halo-host sites invoice "Acme Ltd/Depot"
    """
    chosen = host.directory.set_invoice_site(site, agent=agent())
    click.echo(f"The invoice site of {printable(chosen.customer)} is {printable(chosen.name)}.")
