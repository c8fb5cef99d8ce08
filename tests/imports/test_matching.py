"""Where payers go: the rules in their order, and why."""

from __future__ import annotations

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.errors import InvalidInput
from halo_host.imports.rules import Action, Rule


def payer(number: int = 1, **fields: object) -> dict[str, object]:
    return {"id": f"CU{number}", **fields}


def test_a_linked_payer_stays_with_its_user_wherever_the_user_was_moved(desk: Desk) -> None:
    desk.run(payer(given_name="Ann", company="Acme Ltd", phone="1"))
    user = desk.user_of("CU1")
    desk.host.directory.move_user(user, desk.default_site.id, agent=AGENT)

    row = desk.only_row(desk.run(payer(given_name="Ann", company="Acme Ltd", phone="2")))

    assert (row.action, row.rule, row.user_id) == (Action.UPDATE, Rule.PROVIDER_ID, user)
    assert desk.host.directory.user(user).site_id == desk.default_site.id
    assert desk.host.directory.user(user).phone == "2"


def test_the_user_id_in_the_metadata_decides_before_the_email(desk: Desk) -> None:
    desk.host.connections.configure(CONNECTION, agent=AGENT, matching={"user_id_key": "halo_user"})
    named = desk.add_user("Acme Ltd/Head office", given_name="Ann")
    desk.add_user("Acme Ltd/Head office", given_name="Bob", email="bob@acme.example")

    row = desk.only_row(
        desk.run(
            payer(email="bob@acme.example", company="Acme Ltd", metadata={"halo_user": str(named)})
        )
    )

    assert (row.action, row.rule, row.user_id) == (Action.LINK, Rule.USER_ID, named)
    assert "halo_user" in row.why


def test_an_existing_user_with_the_same_email_in_the_named_customer_is_linked(desk: Desk) -> None:
    there = desk.add_user("Acme Ltd/Warehouse", given_name="Bob", email="Bob@Acme.example")

    row = desk.only_row(desk.run(payer(email="bob@ACME.example", company="acme  LTD.", phone="7")))

    assert (row.action, row.rule, row.user_id) == (Action.LINK, Rule.EMAIL, there)
    user = desk.host.directory.user(there)
    assert (user.given_name, user.phone, user.email) == ("Bob", "7", "Bob@Acme.example")
    assert len(desk.names()) == 1


@pytest.mark.parametrize(
    "company", ["Acme Ltd", "ACME LTD", "  acme   ltd. ", "Acme, Ltd", "Ａｃｍｅ Ltd"]
)
def test_a_new_user_goes_to_the_invoice_site_of_the_customer_of_that_name(
    desk: Desk, company: str
) -> None:
    row = desk.only_row(desk.run(payer(given_name="Ann", company=company)))

    assert (row.action, row.rule) == (Action.NEW, Rule.COMPANY_NAME)
    assert desk.host.directory.user(desk.user_of("CU1")).site == "Head office"
    assert "Acme Ltd" in row.why
    assert "Head office" in row.why


def test_without_such_a_customer_the_site_of_that_name_takes_the_user(desk: Desk) -> None:
    row = desk.only_row(desk.run(payer(given_name="Ann", company="warehouse")))

    assert (row.action, row.rule) == (Action.NEW, Rule.SITE_NAME)
    assert row.site_id == desk.site("Acme Ltd/Warehouse")


@pytest.mark.parametrize("company", [None, "", "Nobody Knows Ltd"])
def test_everyone_else_goes_to_the_default_site(desk: Desk, company: str | None) -> None:
    row = desk.only_row(desk.run(payer(given_name="Ann", company=company)))

    assert (row.action, row.rule) == (Action.NEW, Rule.DEFAULT_SITE)
    assert row.site_id == desk.default_site.id


def test_company_name_matching_can_be_switched_off(desk: Desk) -> None:
    desk.host.connections.configure(
        CONNECTION, agent=AGENT, matching={"company_name_matching": False}
    )

    row = desk.only_row(desk.run(payer(given_name="Ann", company="Acme Ltd")))

    assert (row.rule, row.site_id) == (Rule.DEFAULT_SITE, desk.default_site.id)
    assert "off" in row.why


def test_a_payer_with_a_company_name_only_becomes_a_user_of_that_name(desk: Desk) -> None:
    desk.run(payer(company="Acme Ltd"))

    assert desk.names() == ["Acme Ltd"]


def test_payers_without_any_email_or_name_are_imported(desk: Desk) -> None:
    change_set = desk.run(payer(1), payer(2))

    assert change_set.rows == {"new": {"applied": 2}}
    assert len(desk.names()) == 2


def test_a_default_site_is_needed(desk: Desk) -> None:
    desk.host.connections.configure(CONNECTION, agent=AGENT, matching={"default_site": None})

    with pytest.raises(InvalidInput, match="no Default Site"):
        desk.run(payer())


def test_two_connections_keep_their_links_apart(desk: Desk) -> None:
    desk.enable("acme-south")
    desk.run(payer(given_name="Ann"))
    desk.run(slug="acme-south")

    assert desk.user_of("CU1") != desk.user_of("CU1", "acme-south")
