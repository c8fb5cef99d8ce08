"""Users: found, shown, edited, moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from halo_host import audit
from halo_host.database.database import Database
from halo_host.directory import users
from halo_host.directory.directory import Directory
from halo_host.errors import InvalidInput, NotFound
from halo_host.types import User

AGENT = "tester"


@pytest.fixture(autouse=True)
def _acme(directory: Directory) -> None:
    directory.add_customer("Acme Ltd", site_names=("HQ", "Depot"), agent=AGENT)


def add(directory: Directory, site: str = "Acme Ltd/HQ", **fields: str) -> int:
    return directory.add_user(site, fields, agent=AGENT).id


def test_a_user_keeps_what_it_was_given(directory: Directory) -> None:
    user = directory.add_user(
        "HQ", {"given_name": " Ann ", "email": "Ann@Acme.example"}, reference="U1", agent=AGENT
    )

    assert directory.user(user.id) == user
    assert (user.given_name, user.email, user.reference) == ("Ann", "Ann@Acme.example", "U1")
    assert (user.customer, user.site, user.phone) == ("Acme Ltd", "HQ", "")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"given_name": "Ann", "family_name": "Archer", "company": "Acme"}, "Ann Archer"),
        ({"given_name": "", "family_name": "Archer"}, "Archer"),
        ({"company": "Acme", "email": "a@acme.example"}, "Acme"),
        ({"email": "a@acme.example", "reference": "U1"}, "a@acme.example"),
        ({"reference": "U1", "email": ""}, "U1"),
        ({"given_name": None, "reference": None}, "user 7"),
    ],
)
def test_a_user_always_has_a_name_to_show(row: Mapping[str, Any], name: str) -> None:
    assert users.display_name({"id": 7, **row}) == name


def test_a_user_is_found_by_number_reference_or_email(directory: Directory) -> None:
    user = directory.add_user("HQ", {"email": "Ann@Acme.example"}, reference="U-1", agent=AGENT)

    for text in (user.id, "U-1", " ann@acme.EXAMPLE "):
        assert directory.user(text) == user
    with pytest.raises(NotFound, match="no user “bob”"):
        directory.user("bob")


def test_an_email_of_two_users_is_not_guessed(directory: Directory) -> None:
    first = add(directory, email="info@acme.example", given_name="Ann")
    second = add(directory, email="info@acme.example", given_name="Bob")

    with pytest.raises(InvalidInput, match=f"numbers {first}, {second}"):
        directory.user("info@acme.example")


def test_search_finds_every_word_in_any_case_page_by_page(directory: Directory) -> None:
    directory.add_customer("Beta", agent=AGENT)
    elodie = add(directory, given_name="Élodie", family_name="Archer")
    ann = add(directory, "Depot", given_name="Ann", email="ann@archers.example")
    bob = add(directory, "Beta/Main", given_name="Bob", family_name="ARCHER")

    def found(text: str, **options: Any) -> list[int]:
        return [user.id for user in directory.users(text, **options)]

    assert found("éLODIE") == [elodie]
    assert found("archer") == [elodie, ann, bob]
    assert found("archer bob") == [bob]
    assert found("archer", customer="Acme Ltd") == [elodie, ann]
    assert found("archer", limit=1) == [elodie]
    assert found("archer", limit=2, after=elodie) == [ann, bob]
    assert found("%") == []


def test_an_edit_changes_what_differs_and_says_so_in_the_audit_log(
    directory: Directory, database: Database
) -> None:
    user = add(directory, given_name="Ann", phone="1", city="Leeds")

    directory.edit_user(user, {"phone": "2", "city": "", "given_name": "Ann"}, agent="Jo")

    edited = directory.user(user)
    assert (edited.phone, edited.city, edited.given_name) == ("2", "", "Ann")
    row = audit.entries(database, entity="user", limit=1)[0]
    assert (row.agent, row.action) == ("Jo", "user.changed")
    assert row.before == {"phone": "1", "city": "Leeds"}
    assert row.after == {"phone": "2", "city": ""}


def test_an_edit_that_changes_nothing_leaves_no_audit_row(
    directory: Directory, database: Database
) -> None:
    user = add(directory, given_name="Ann")
    before = audit.entries(database)

    directory.edit_user(user, {"given_name": " Ann "}, agent=AGENT)
    directory.move_user(user, "HQ", agent=AGENT)

    assert audit.entries(database) == before


def test_a_changed_email_is_found_at_once(directory: Directory) -> None:
    user = add(directory, email="ann@acme.example")

    directory.edit_user(user, {"email": "Archer@acme.example"}, agent=AGENT)

    assert directory.user("archer@acme.example").id == user
    with pytest.raises(NotFound):
        directory.user("ann@acme.example")


def test_unknown_fields_and_long_values_are_refused_by_name(directory: Directory) -> None:
    with pytest.raises(InvalidInput, match=r"no field “colour”.\n.*given_name, family_name"):
        add(directory, colour="red")
    with pytest.raises(InvalidInput, match="phone has 3,000 characters") as refused:
        add(directory, phone="7" * 3_000)
    assert "777" not in str(refused.value)
    with pytest.raises(InvalidInput, match="needs a name, an e-mail"):
        add(directory, given_name=" ")


def test_a_reference_belongs_to_one_user_and_can_be_taken_away(directory: Directory) -> None:
    ann = directory.add_user("HQ", {"given_name": "Ann"}, reference="U1", agent=AGENT)
    bob = directory.add_user("HQ", {"given_name": "Bob"}, agent=AGENT)

    with pytest.raises(InvalidInput, match=r"“Ann” \(number 1\) has the reference “U1”"):
        directory.edit_user(bob.id, {}, reference="U1", agent=AGENT)
    directory.edit_user(ann.id, {}, reference="", agent=AGENT)
    directory.edit_user(bob.id, {}, reference="U1", agent=AGENT)

    assert directory.user("U1").id == bob.id


def test_a_plugin_sees_the_user_with_its_customer_and_site(
    directory: Directory, database: Database
) -> None:
    number = add(directory, company="Archer Repairs", email="ann@acme.example")

    with database.read() as connection:
        seen = users.as_plugin_user(connection, number)

    assert seen == User(
        id=number,
        name="Archer Repairs",
        given_name=None,
        family_name=None,
        email="ann@acme.example",
        customer="Acme Ltd",
        site="HQ",
    )
