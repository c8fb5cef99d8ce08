"""Customers, sites, users, activity, agents and search in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from support.acme import AGENT, CONNECTION, Desk
from support.browser import barriers, overflow, picture, pressed_until

from halo_host.agents.roles import Role
from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.host import Host

from .conftest import SignIn

PEOPLE = ("Ada Palmer", "Björn Åkesson", "Chloé Duval", "Dmitri Orlov", "Esther Nkemelu")


@pytest.fixture
def directory(desk: Desk) -> Desk:
    """A few customers with people, one of whom is linked to a payer whose money went back."""
    host = desk.host
    host.directory.add_custom_field("Account manager", agent=AGENT)
    host.directory.add_custom_field("Contract ends", type="date", agent=AGENT)
    for name in ("Brightwater Dental", "Calder & Sons", "Northgate Logistics"):
        host.directory.add_customer(name, site_names=("Main", "Depot"), agent=AGENT)
    for number, name in enumerate(PEOPLE):
        given, family = name.split()
        user = desk.add_user(
            "Warehouse" if number % 2 else "Head office",
            given_name=given,
            family_name=family,
            email=f"{given.lower()}@acme.example",
            phone=f"+44 20 7946 0{number:03}",
            city="Leeds",
        )
        host.directory.set_value(user, "Account manager", "Olive Jones", agent=AGENT)
    desk.run({"id": "CU0001", "given_name": "Faye", "family_name": "Marsh", "company": "Acme Ltd"})
    with host.database.write() as connection:
        raise_alerts(
            connection,
            [
                NewAlert(
                    host.connections.get(CONNECTION).id,
                    "chargeback",
                    "chargeback:PM1",
                    "A payment of £120.00 that was paid out was charged back: "
                    "“I did not agree to this”.",
                    "CU0001",
                    host.clock(),
                )
            ],
        )
    return desk


def addresses(desk: Desk) -> dict[str, str]:
    faye = desk.user_of("CU0001")
    customer = desk.host.directory.user(faye).customer_id
    site = desk.site("Warehouse")
    agent = desk.host.agents.find("administrator@example.com").id
    run = desk.host.jobs.list(limit=1)[0].id
    return {
        "customers": "/customers",
        "customer": f"/customers/{customer}",
        "customer-users": f"/customers/{desk.acme.id}/users",
        "site": f"/customers/{desk.acme.id}/sites/{site}",
        "site-edit": f"/customers/{desk.acme.id}/sites/{site}/edit",
        "users": "/users",
        "user": f"/users/{faye}",
        "user-edit": f"/users/{faye}/edit",
        "user-move": f"/users/{faye}/move",
        "user-fields": f"/users/{faye - 1}/custom-fields",
        "user-fields-edit": f"/users/{faye - 1}/custom-fields/edit",
        "user-activity": f"/users/{faye}/activity",
        "user-new": "/users/new",
        "configuration": "/configuration",
        "custom-fields": "/configuration/custom-fields",
        "custom-field-new": "/configuration/custom-fields/new",
        "runs": "/activity",
        "run": f"/activity/runs/{run}",
        "audit": "/activity/audit",
        "agents": "/configuration/agents",
        "agent": f"/configuration/agents/{agent}",
        "agent-new": "/configuration/agents/new",
        "account": "/account",
        "account-password": "/account/password",
        "token-new": "/account/tokens/new",
        "search": "/search?q=ac",
    }


@pytest.mark.parametrize(
    ("width", "colours"), [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]
)
def test_no_page_has_a_barrier_or_sticks_out(
    page: Page, directory: Desk, sign_in: SignIn, width: int, colours: str
) -> None:
    page.set_viewport_size({"width": width, "height": 860})
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    sign_in()
    found: list[str] = []
    for name, path in addresses(directory).items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        picture(page, f"directory-{name}-{width}-{colours}")
        found += barriers(page)
        if (wider := overflow(page)) > 0:
            found.append(f"{path} is {wider} pixels too wide")

    assert found == []


def test_from_customer_to_site_to_user_and_to_another_site(
    page: Page, directory: Desk, sign_in: SignIn
) -> None:
    sign_in(Role.OPERATOR)
    page.get_by_role("link", name="Customers", exact=True).click()
    page.get_by_role("row", name=re.compile("Acme Ltd")).get_by_role("cell").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Acme Ltd")
    page.get_by_role("link", name="Warehouse", exact=True).click()
    page.get_by_role("link", name="Björn Åkesson").click()
    crumbs = page.get_by_role("navigation", name="Breadcrumb")
    expect(crumbs.get_by_role("link")).to_have_text(["Customers", "Acme Ltd", "Warehouse"])

    page.get_by_role("link", name="Move to another site").click()
    page.get_by_role("combobox", name="New site").fill("calder dep")
    page.get_by_role("option", name="Calder & Sons / Depot").click()
    page.get_by_role("button", name="Move").click()

    expect(page.get_by_text("Björn Åkesson belongs to Calder & Sons / Depot now.")).to_be_visible()
    expect(crumbs.get_by_role("link")).to_have_text(["Customers", "Calder & Sons", "Depot"])
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_user_is_looked_at_first_and_edited_with_the_keyboard(
    page: Page, directory: Desk, sign_in: SignIn
) -> None:
    sign_in(Role.OPERATOR)
    page.goto("/users?q=ada")
    row = page.get_by_role("link", name="Ada Palmer")
    row.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Edit", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("City").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("York")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_text("York")).to_be_visible()
    page.get_by_role("link", name="Activity", exact=True).last.click()
    expect(page.locator("ins", has_text="York")).to_be_visible()


def test_the_list_follows_what_one_types(page: Page, directory: Desk, sign_in: SignIn) -> None:
    sign_in(Role.VIEWER)
    page.goto("/users")
    page.get_by_label("Search users", exact=True).last.fill("björn")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=bj"))
    page.reload()
    expect(page.locator("#rows tbody tr")).to_have_count(1)


def test_money_that_went_back_stays_until_acknowledged(
    page: Page, directory: Desk, sign_in: SignIn
) -> None:
    sign_in(Role.OPERATOR)
    page.goto("/users")
    row = page.get_by_role("row", name=re.compile("Faye Marsh"))
    expect(row).to_contain_text("Money went back")
    row.get_by_role("link", name="Faye Marsh").click()
    expect(page.get_by_role("alert")).to_contain_text("charged back")

    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_text("Acknowledged.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_search_field_finds_from_any_page(page: Page, directory: Desk, sign_in: SignIn) -> None:
    sign_in(Role.VIEWER)
    page.keyboard.press("/")
    page.keyboard.type("esther")
    found = page.locator("#finder-found")
    expect(found.get_by_role("link", name=re.compile("Esther Nkemelu"))).to_be_visible()
    picture(page, "search-suggestions")
    assert barriers(page) == []
    pressed_until(
        page,
        "ArrowDown",
        lambda: "Esther" in (page.evaluate("document.activeElement.innerText") or ""),
        most=3,
    )
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Esther Nkemelu")

    page.keyboard.press("/")
    page.keyboard.type("calder")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    expect(page.get_by_role("main").get_by_role("link", name="Calder & Sons")).to_be_visible()


def test_an_administrator_adds_an_agent_who_chooses_a_password(
    page: Page, host: Host, sign_in: SignIn
) -> None:
    sign_in()
    page.goto("/configuration")
    page.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="New").click()
    page.get_by_label("Name", exact=False).first.fill("Piet Mond")
    page.get_by_label("E-mail address").fill("piet@example.com")
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Add agent").click()
    link = page.get_by_label("The link").input_value()
    picture(page, "agents-link")
    assert barriers(page) == []

    page.context.clear_cookies()
    page.goto(re.sub(r"^https?://[^/]+", "", link))
    page.get_by_label("New password").fill("a quite long sentence of mine")
    page.get_by_label("The same password again").fill("a quite long sentence of mine")
    page.get_by_role("button", name=re.compile("password", re.I)).click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    page.get_by_role("link", name="Configuration").click()
    expect(page.get_by_role("main").get_by_role("link", name="Custom Fields")).to_be_visible()
    expect(page.get_by_role("link", name="Agents")).to_have_count(0)
