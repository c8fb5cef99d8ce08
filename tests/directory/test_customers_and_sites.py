"""Customers and their sites, of which exactly one is the invoice site."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from halo_host import audit
from halo_host.database.database import Database
from halo_host.database.tables import sites
from halo_host.directory.directory import Directory
from halo_host.errors import InvalidInput, NotFound

AGENT = "tester"


def test_a_new_customer_has_its_first_site_as_its_invoice_site(directory: Directory) -> None:
    customer = directory.add_customer("Acme Ltd", site_names=("HQ", "Depot"), agent=AGENT)

    shown = [(site.label, site.is_invoice_site) for site in directory.sites(customer.id)]
    assert shown == [("Acme Ltd/HQ", True), ("Acme Ltd/Depot", False)]


def test_a_customer_without_named_sites_gets_the_site_main(directory: Directory) -> None:
    directory.add_customer("Acme Ltd", agent=AGENT)

    assert [site.name for site in directory.sites()] == ["Main"]


def test_a_second_customer_of_a_name_needs_a_reference_of_its_own(directory: Directory) -> None:
    first = directory.add_customer("Acme Ltd", agent=AGENT)

    with pytest.raises(InvalidInput, match=r"“Acme Ltd” already .*\n.*reference of its own"):
        directory.add_customer("ACME, Ltd.", agent=AGENT)
    second = directory.add_customer("ACME, Ltd.", reference="A2", agent=AGENT)

    with pytest.raises(InvalidInput, match=f"numbers {first.id}, {second.id}"):
        directory.customer("acme ltd")
    assert directory.customer("A2") == second
    assert directory.customer(first.id) == first


def test_a_reference_belongs_to_one_customer(directory: Directory) -> None:
    directory.add_customer("Acme Ltd", reference="A1", agent=AGENT)

    with pytest.raises(InvalidInput, match="has the reference “A1” already"):
        directory.add_customer("Beta", reference=" A1 ", agent=AGENT)
    assert len(directory.customers()) == 1


def test_a_customer_that_is_refused_leaves_nothing_behind(directory: Directory) -> None:
    with pytest.raises(InvalidInput, match="has a site “HQ” already"):
        directory.add_customer("Acme Ltd", site_names=("HQ", "hq"), agent=AGENT)
    with pytest.raises(InvalidInput, match="at least one site"):
        directory.add_customer("Acme Ltd", site_names=(), agent=AGENT)

    assert directory.customers() == []
    assert directory.sites() == []


def test_customers_are_found_by_a_part_of_their_name_page_by_page(directory: Directory) -> None:
    for name in ("Acme North", "Beta", "ACME south", "100% Organic"):
        directory.add_customer(name, agent=AGENT)

    assert [found.name for found in directory.customers("acme")] == ["Acme North", "ACME south"]
    first = directory.customers("acme", limit=1)
    assert [found.name for found in directory.customers("acme", after=first[-1].id)] == [
        "ACME south"
    ]
    assert [found.name for found in directory.customers("0 org")] == ["100% Organic"]


def test_an_unknown_customer_is_told_with_the_way_to_the_list(directory: Directory) -> None:
    with pytest.raises(NotFound, match=r"no customer “Nobody”.\n.*customers list"):
        directory.customer("Nobody")
    with pytest.raises(NotFound, match="no customer “999999999999999999999”"):
        directory.customer("9" * 21)


def test_the_invoice_site_moves_in_one_step(directory: Directory, database: Database) -> None:
    directory.add_customer("Acme Ltd", site_names=("HQ", "Depot"), agent=AGENT)

    directory.set_invoice_site("Acme Ltd/Depot", agent=AGENT)
    directory.set_invoice_site("Acme Ltd/Depot", agent=AGENT)

    assert [site.name for site in directory.sites() if site.is_invoice_site] == ["Depot"]
    moves = [row for row in audit.entries(database) if row.action == "customer.invoice-site"]
    assert [(row.agent, row.before, row.after) for row in moves] == [
        (AGENT, {"invoice_site": 1}, {"invoice_site": 2})
    ]


def test_the_database_itself_refuses_a_second_invoice_site(
    directory: Directory, database: Database
) -> None:
    customer = directory.add_customer("Acme Ltd", agent=AGENT)
    row = {"id": 99, "customer_id": customer.id, "name": "X", "name_key": "x"}

    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(
            insert(sites).values(**row, is_invoice_site=True, created_at=customer.created_at)
        )


def test_a_later_site_may_become_the_invoice_site_at_once(directory: Directory) -> None:
    directory.add_customer("Acme Ltd", agent=AGENT)

    directory.add_site("acme ltd", "HQ", invoice_site=True, agent=AGENT)

    assert [(site.name, site.is_invoice_site) for site in directory.sites()] == [
        ("Main", False),
        ("HQ", True),
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2", "Acme Ltd/Depot"),
        ("acme ltd/depot", "Acme Ltd/Depot"),
        ("A1/HQ", "Acme Ltd/HQ"),
        ("DEPOT", "Acme Ltd/Depot"),
        ("R/D Lab/Wing 1/2", "R/D Lab/Wing 1/2"),
        ("wing 1/2", "R/D Lab/Wing 1/2"),
    ],
)
def test_a_site_is_found_by_number_customer_and_name_or_unique_name(
    directory: Directory, text: str, label: str
) -> None:
    directory.add_customer("Acme Ltd", site_names=("HQ", "Depot"), reference="A1", agent=AGENT)
    directory.add_customer("R/D Lab", site_names=("HQ", "Wing 1/2"), agent=AGENT)

    assert directory.site(text).label == label


def test_a_site_name_that_several_customers_use_is_not_guessed(directory: Directory) -> None:
    directory.add_customer("Acme Ltd", agent=AGENT)
    directory.add_customer("Beta", agent=AGENT)

    with pytest.raises(InvalidInput, match=r"1 \(“Acme Ltd/Main”\), 2 \(“Beta/Main”\)"):
        directory.site("Main")
    with pytest.raises(NotFound, match="sites list"):
        directory.site("Beta/Depot")


def test_texts_are_cleaned_and_a_long_one_is_refused_without_being_shown(
    directory: Directory,
) -> None:
    assert directory.add_customer("  Acme\0Ltd \n", agent=AGENT).name == "Acme\ufffdLtd"
    with pytest.raises(InvalidInput, match="2,001 characters; at most 2,000") as refused:
        directory.add_customer("q" * 2_001, agent=AGENT)
    assert "qq" not in str(refused.value)
    with pytest.raises(InvalidInput, match="customer's name is empty"):
        directory.add_customer(" \t", agent=AGENT)


def test_every_addition_leaves_its_audit_row(directory: Directory, database: Database) -> None:
    directory.add_customer("Acme Ltd", reference="A1", agent=AGENT)

    site, customer = audit.entries(database)
    assert (customer.agent, customer.action, customer.entity_id) == (AGENT, "customer.added", "1")
    assert customer.after == {"name": "Acme Ltd", "reference": "A1"}
    assert (site.entity, site.after) == (
        "site",
        {"customer_id": 1, "name": "Main", "is_invoice_site": True},
    )
