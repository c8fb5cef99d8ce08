"""Lists of customers and users as pages ask for them: searched, sorted, with their length."""

from __future__ import annotations

from typing import Any

import pytest

from halo_host.errors import InvalidInput
from halo_host.host import Host

AGENT = "tester"


@pytest.fixture
def people(host: Host) -> Host:
    directory = host.directory
    for customer, site in (("Beta Ltd", "North"), ("alpha GmbH", "South")):
        directory.add_customer(customer, site_names=(site,), agent=AGENT)
    for site, fields in (
        ("North", {"given_name": "Jürgen", "family_name": "ÖZIL", "email": "j@beta.example"}),
        ("North", {"given_name": "ada", "family_name": "Palmer", "phone": "+44 20 7946"}),
        ("South", {"company": "Crates_100% \\ Co"}),
        ("South", {"email": "zed@alpha.example"}),
    ):
        directory.add_user(site, fields, agent=AGENT)
    directory.add_user("South", {"given_name": "Mia"}, reference="M-1", agent=AGENT)
    return host


def names(host: Host, text: str = "", **wanted: Any) -> list[str]:
    return [it.name for it in host.directory.user_page(text, **wanted).rows]


def test_users_stand_in_the_order_that_is_asked_for(people: Host) -> None:
    by_name = ["ada Palmer", "Crates_100% \\ Co", "Jürgen ÖZIL", "Mia", "zed@alpha.example"]
    assert names(people) == by_name
    assert names(people, sort="-name") == by_name[::-1]
    assert names(people, sort="added")[0] == "Jürgen ÖZIL"
    assert names(people, sort="-added")[0] == "Mia"
    assert names(people, sort="-email")[:2] == ["zed@alpha.example", "Jürgen ÖZIL"]
    assert names(people, sort="customer")[-2:] == ["Jürgen ÖZIL", "ada Palmer"]
    assert names(people, sort="-site")[0] == "Mia"
    with pytest.raises(InvalidInput, match="cannot be sorted"):
        names(people, sort="password")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PALMER ada", ["ada Palmer"]),
        ("özil", ["Jürgen ÖZIL"]),
        ("JÜRGEN", ["Jürgen ÖZIL"]),
        ("7946", ["ada Palmer"]),
        ("100%", ["Crates_100% \\ Co"]),
        ("s_1", ["Crates_100% \\ Co"]),
        ("\\", ["Crates_100% \\ Co"]),
        ("a_a", []),
        ("M-1", ["Mia"]),
        ("ada alpha", []),
        ("2", ["ada Palmer"]),
        ("  ", ["ada Palmer", "Crates_100% \\ Co", "Jürgen ÖZIL", "Mia", "zed@alpha.example"]),
    ],
)
def test_every_word_is_looked_for_whatever_its_case(
    people: Host, text: str, found: list[str]
) -> None:
    assert [name for name in names(people, text) if name in found] == found
    if text != "2":  # digits of phone numbers are found, too
        assert names(people, text) == found
    assert [it.name for it in people.directory.found_users(text, limit=9)] == names(people, text)


def test_pages_know_how_many_there_are(people: Host) -> None:
    page = people.directory.user_page(number=2, size=2)
    assert (page.total, page.number, len(page.rows)) == (5, 2, 2)
    beyond = people.directory.user_page(number=99, size=2)
    assert (beyond.number, len(beyond.rows)) == (3, 1)
    nothing = people.directory.user_page("nobody", number=3)
    assert (nothing.total, nothing.number, nothing.rows) == (0, 1, ())


def test_users_of_a_customer_or_site_alone(people: Host) -> None:
    site = people.directory.site("North")
    assert names(people, customer=site.customer_id) == ["ada Palmer", "Jürgen ÖZIL"]
    assert names(people, "mia", customer=site.customer_id) == []
    assert names(people, site=people.directory.site("South").id)[-1] == "zed@alpha.example"


def test_customers_stand_in_order_with_what_they_have(people: Host) -> None:
    people.directory.add_site("Beta Ltd", "Depot", agent=AGENT)
    people.directory.add_customer("Gamma", reference="G7", agent=AGENT)

    page = people.directory.customer_page()

    assert [(it.customer.name, it.sites, it.users) for it in page.rows] == [
        ("alpha GmbH", 1, 3),
        ("Beta Ltd", 2, 2),
        ("Gamma", 1, 0),
    ]
    assert [it.customer.name for it in people.directory.customer_page(sort="-added").rows] == [
        "Gamma",
        "alpha GmbH",
        "Beta Ltd",
    ]
    for text in ("gam", "G7", str(page.rows[2].customer.id)):
        assert [it.name for it in people.directory.found_customers(text, limit=5)] == ["Gamma"]


def test_sites_are_found_by_their_own_and_the_customers_words(people: Host) -> None:
    found = people.directory.found_sites("beta nor", limit=5)
    assert [it.label for it in found] == ["Beta Ltd/North"]
    assert [it.label for it in people.directory.found_sites("", limit=1)] == ["alpha GmbH/South"]
    assert people.directory.found_sites("beta south", limit=5) == []


def test_a_customer_is_edited_and_names_stay_apart(people: Host) -> None:
    directory = people.directory
    edited = directory.edit_customer(1, name="Beta plc", reference="B1", agent=AGENT)
    assert (edited.name, edited.reference) == ("Beta plc", "B1")
    assert directory.edit_customer(1, name="Beta plc", reference="B1", agent=AGENT) == edited

    with pytest.raises(InvalidInput, match="already"):
        directory.edit_customer(1, name="Alpha GmbH", reference=None, agent=AGENT)
    with pytest.raises(InvalidInput, match="has the reference"):
        directory.edit_customer(2, name="Alpha", reference="B1", agent=AGENT)
    with pytest.raises(InvalidInput, match="empty"):
        directory.edit_customer(2, name=" ", reference=None, agent=AGENT)
    assert directory.customer(1) == edited


def test_a_site_is_renamed_within_its_customer(people: Host) -> None:
    directory = people.directory
    site = directory.add_site("Beta Ltd", "Depot", agent=AGENT)
    assert directory.rename_site(site.id, "Yard", agent=AGENT).label == "Beta Ltd/Yard"
    assert directory.rename_site(site.id, "YARD", agent=AGENT).name == "YARD"
    with pytest.raises(InvalidInput, match="already"):
        directory.rename_site(site.id, "north", agent=AGENT)


def test_values_of_custom_fields_are_set_together_or_not_at_all(people: Host) -> None:
    directory = people.directory
    text = directory.add_custom_field("Manager", agent=AGENT)
    date = directory.add_custom_field("Ends", type="date", agent=AGENT)

    directory.set_values(1, {text.id: "Olive", date.id: "2027-01-31"}, agent=AGENT)
    assert directory.values(1) == {"Manager": "Olive", "Ends": "2027-01-31"}
    with pytest.raises(InvalidInput, match="Date field"):
        directory.set_values(1, {text.id: "Piet", date.id: "soon"}, agent=AGENT)
    assert directory.values(1)["Manager"] == "Olive"
