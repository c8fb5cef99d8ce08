"""Two people at once, and people who go back: nothing is lost or done twice, and it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.acme import AGENT, CONNECTION, Desk
from support.agents import add_agent
from support.browser import Watch, barriers, picture
from support.working import work

from halo_host import audit
from halo_host.agents.roles import Role
from halo_host.connections.matching import Policy
from halo_host.host import Host
from halo_host.imports.change_sets import State

from .conftest import PATIENCE, SignIn, sign_in_at

PAYERS = [{"id": f"CU{it}", "given_name": name} for it, name in enumerate(("Ann", "Ben", "Cat"))]


@pytest.fixture
def other(browser: Browser, address: str, host: Host) -> Iterator[Page]:
    """A colleague's window."""
    context = browser.new_context(base_url=address)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch = Watch(page, address)
    sign_in_at(page, add_agent(host, "Bea Second", Role.ADMINISTRATOR))
    yield page
    context.close()
    assert watch.wrong == []


@pytest.fixture
def user(desk: Desk) -> int:
    return desk.add_user("Warehouse", given_name="Ada", family_name="Palmer", city="Leeds")


@pytest.fixture
def review(desk: Desk) -> str:
    """An import that waits to be applied."""
    desk.ledger.write(*PAYERS)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    return f"/imports/{number}"


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def apply(page: Page) -> None:
    page.get_by_role("button", name="Apply 3").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()


def test_two_who_edit_a_user_lose_nothing(
    page: Page, other: Page, sign_in: SignIn, desk: Desk, user: int
) -> None:
    sign_in(Role.OPERATOR)
    for each in (page, other):
        each.goto(f"/users/{user}/edit")
    other.get_by_label("City").fill("York")
    other.get_by_label("Phone").fill("+44 1904 1")
    save(other)
    expect(other.get_by_text("Saved.")).to_be_visible()

    page.get_by_label("City").fill("Hull")
    page.get_by_label("Region").fill("Humberside")
    save(page)
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("City was changed by somebody else meanwhile, to “York”.")
    expect(page.get_by_label("City")).to_have_value("Hull")
    expect(page.get_by_label("Phone")).to_have_value("+44 1904 1")
    assert barriers(page) == []
    picture(page, "two-edit-a-user")
    assert desk.host.directory.user(user).city == "York"

    save(page)
    expect(page.get_by_text("Saved.")).to_be_visible()
    found = desk.host.directory.user(user)
    assert (found.city, found.phone, found.region) == ("Hull", "+44 1904 1", "Humberside")


def test_two_who_configure_a_connection_lose_nothing(
    page: Page, other: Page, sign_in: SignIn, desk: Desk
) -> None:
    sign_in()
    for each in (page, other):
        each.goto(f"/integrations/{CONNECTION}/details/edit")
    other.get_by_label("Name of the connection").fill("Acme Leeds")
    other.get_by_label("Region").select_option("south")
    save(other)
    expect(other.get_by_text("The settings are saved.")).to_be_visible()

    page.get_by_label("Retries").fill("3")
    page.get_by_label("Name of the connection").fill("Acme York")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("to “Acme Leeds”")
    save(page)
    expect(page.get_by_text("The settings are saved.")).to_be_visible()

    details = desk.host.connections.get(CONNECTION)
    assert details.name == "Acme York"
    assert (details.settings["region"], details.settings["retries"]) == ("south", 3)


def test_two_who_apply_the_same_import_apply_it_once(
    page: Page, other: Page, sign_in: SignIn, desk: Desk, review: str
) -> None:
    sign_in(Role.OPERATOR)
    for each in (page, other):
        each.goto(review)
    apply(page)
    expect(page.get_by_text("0 of 3 rows applied").last).to_be_visible()
    apply(other)
    expect(other.get_by_text("This is how it stands now")).to_be_visible()
    expect(other.get_by_role("button", name=re.compile("^Apply"))).to_have_count(0)

    work(desk.host)
    assert desk.names() == ["Ann", "Ben", "Cat"]
    noted = [it.action for it in audit.entries(desk.host.database, limit=100)]
    assert (noted.count("import.approved"), noted.count("import.new")) == (1, 3)
    for each in (page, other):
        expect(each.locator("h1")).to_contain_text("Applied")


def test_what_a_colleague_has_removed_is_said(
    page: Page, other: Page, sign_in: SignIn, desk: Desk
) -> None:
    desk.host.directory.add_custom_field("Branch", agent=AGENT)
    desk.host.connections.map_field(CONNECTION, "office", "Branch", Policy.FOLLOW, agent=AGENT)
    sign_in(Role.OPERATOR)
    for each in (page, other):
        each.goto(f"/integrations/{CONNECTION}/mappings")
        expect(each.locator("#mappings").get_by_text("Leeds")).to_be_visible()
    remove = "Remove the mapping of Branch"
    other.get_by_role("button", name=remove).click()
    other.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(other.get_by_text("No field is mapped")).to_be_visible()

    page.get_by_role("button", name=remove).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("[data-toast]")).to_contain_text("Branch")

    other.goto("/")
    other.go_back()
    expect(other.get_by_text("No field is mapped")).to_be_visible()


def test_the_way_back_after_apply_shows_what_is_so_now(
    page: Page, sign_in: SignIn, desk: Desk, review: str
) -> None:
    sign_in(Role.OPERATOR)
    page.goto(f"/integrations/{CONNECTION}/imports")
    page.get_by_role("link", name="Import 1").click()
    apply(page)
    expect(page.get_by_text("0 of 3 rows applied").last).to_be_visible()
    work(desk.host)
    expect(page.locator("h1")).to_contain_text("Applied")

    page.go_back()
    expect(page.locator("h1")).not_to_contain_text("Ready to review")
    expect(page.get_by_role("button", name=re.compile("^Apply"))).to_have_count(0)
    assert len(desk.names()) == 3


def test_the_way_back_after_discarding_shows_what_is_so_now(
    page: Page, sign_in: SignIn, desk: Desk, review: str
) -> None:
    sign_in(Role.OPERATOR)
    page.goto(review)
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Import 1 waits for you")).to_have_count(0)

    page.goto(review)
    page.goto("/")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("Discarded")
    assert desk.host.imports.get(1).state is State.DISCARDED
    assert desk.names() == []


def test_the_way_back_after_an_edit_shows_what_is_stored(
    page: Page, sign_in: SignIn, desk: Desk, user: int
) -> None:
    sign_in(Role.OPERATOR)
    page.goto(f"/users/{user}")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("City").fill("York")
    save(page)
    expect(page.get_by_text("Saved.")).to_be_visible()

    page.go_back()
    expect(page.get_by_label("City")).to_have_value("York")
    page.get_by_label("Phone").fill("1")
    save(page)
    expect(page.get_by_text("Saved.")).to_be_visible()
    found = desk.host.directory.user(user)
    assert (found.city, found.phone) == ("York", "1")
