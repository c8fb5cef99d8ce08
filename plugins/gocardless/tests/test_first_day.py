"""The first day with GoCardless: from an empty database to a payment in the dashboard, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from halo_gocardless.twin import KnownCompany, TwinConfig, TwinServer
from playwright.sync_api import Locator, Page, expect, sync_playwright
from support.agents import PASSWORD
from support.browser import Watch, chromium_path, launched, overflow, picture
from support.hands import Hands, Keyboard, Mouse
from support.serving import Serving, serving

from halo_host.host import Host
from halo_host.settings import Settings

pytestmark = pytest.mark.browser
AGENT = "test"
PATIENCE = 60_000  # milliseconds; nothing takes so long unless it is broken
PAYERS = 40
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True, slots=True)
class Day:
    """A host that was just started, the twin, and an empty window."""

    page: Page
    host: Serving
    twin: TwinServer
    settings: Settings

    @property
    def first_link(self) -> str:
        """As it stands on the terminal."""
        found = re.search(r"^  (http\S+/welcome\?token=\S+)$", self.host.said(), re.MULTILINE)
        assert found is not None, self.host.said()
        return found[1]

    def payers(self, company: str) -> list[dict[str, Any]]:
        """Those of a company who have a name, an e-mail address of their own, and a payment."""
        customers = self._listed("customers")
        payments = self._listed("payments")
        mandates = {it["id"]: it["links"]["customer"] for it in self._listed("mandates")}
        paying = {mandates[it["links"]["mandate"]] for it in payments}
        emails = [it["email"] for it in customers]
        return [
            it
            for it in customers
            if it["id"] in paying
            and it["company_name"] == company
            and it["given_name"]
            and it["email"]
            and emails.count(it["email"]) == 1
        ]

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        answer = requests.get(
            f"{self.twin.url}/{kind}",
            params={"limit": 500},
            headers={
                "Authorization": f"Bearer {self.twin.access_token}",
                "GoCardless-Version": "2015-07-06",
            },
            timeout=30,
        )
        found: list[dict[str, Any]] = answer.json()[kind]
        return found


@pytest.fixture
def twin() -> Iterator[TwinServer]:
    companies = (KnownCompany("Kestrel Bakery"), KnownCompany("Calder & Sons"))
    config = TwinConfig(customers=PAYERS, known_companies=companies)
    with TwinServer(config) as twin:
        yield twin


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    return Settings(data=data, database_url=f"sqlite:///{data / 'host.db'}")


@pytest.fixture
def directory(settings: Settings) -> None:
    """The customers are there already; nobody can sign in yet."""
    with Host(settings) as host:
        for name in ("Calder & Sons", "Kestrel Bakery", "Unsorted"):
            host.directory.add_customer(name, agent=AGENT)


@pytest.fixture
def day(request: pytest.FixtureRequest, settings: Settings, twin: TwinServer) -> Iterator[Day]:
    """Given a width, the window is so wide."""
    width = getattr(request, "param", 1280)
    environment = {
        "HALO_GOCARDLESS_ALLOW_API_URL": "loopback",
        "HALO_HOST_PASSWORD_ROUNDS": "1",
        "HALO_HOST_PASSWORD_MEMORY": "8",
    }
    folder = settings.data.parent
    with (
        serving(settings, folder, environment=environment) as running,
        sync_playwright() as playwright,
    ):
        browser = launched(playwright, chromium_path())
        context = browser.new_context(
            base_url=running.url, viewport={"width": width, "height": 800}, color_scheme="light"
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch = Watch(page, running.url)
        yield Day(page, running, twin, settings)
        browser.close()
        assert watch.wrong == []


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", level=1).filter(has_text=text)


def sign_up(day: Day, hands: Hands) -> None:
    page = day.page
    page.goto(day.first_link)
    hands.write(page.get_by_label("Your name"), "Ada Palmer")
    hands.write(page.get_by_label("E-mail address"), "ada@example.com")
    hands.write(page.get_by_label("New password"), PASSWORD)
    hands.write(page.get_by_label("The same password again"), PASSWORD)
    hands.press(page.get_by_role("button", name="Make the account and sign in"))
    expect(page.get_by_text("You are the first administrator")).to_be_visible()


def go_to(day: Day, hands: Hands, area: str) -> None:
    """By the navigation, which is a drawer on a narrow screen."""
    opener = day.page.get_by_role("button", name="Open the menu")
    if opener.is_visible():
        hands.press(opener)
    main = day.page.get_by_role("navigation", name="Main")
    hands.press(main.get_by_role("link", name=area, exact=True))
    expect(heading(day.page, area)).to_be_visible()


def enable(day: Day, hands: Hands) -> None:
    page = day.page
    go_to(day, hands, "Integrations")
    hands.press(page.get_by_role("link", name="Enable GoCardless"))
    hands.write(page.get_by_label("Access token"), day.twin.access_token)
    hands.choose(page.get_by_label("Environment"), "sandbox")
    hands.write(page.get_by_label("Other API address"), day.twin.url)
    hands.press(page.get_by_role("button", name="Enable"))
    expect(page.locator("#test")).to_contain_text("The connection works")


def open_tab(day: Day, hands: Hands, name: str) -> None:
    tabs = day.page.get_by_role("navigation", name=re.compile("^Tabs of GoCardless"))
    hands.press(tabs.get_by_role("link", name=name))
    expect(tabs.locator("[aria-current]")).to_have_text(name)


def choose_sites(day: Day, hands: Hands) -> None:
    page = day.page
    open_tab(day, hands, "Sites")
    hands.press(page.get_by_role("link", name="Edit", exact=True))
    box = page.get_by_label("Match by company name")
    if not box.is_checked():
        hands.press(box)
    hands.pick(page.get_by_role("combobox", name="Default Site"), "unso", "Unsorted")
    hands.press(page.get_by_role("button", name="Save"))
    expect(page.locator("dd").filter(has_text="Unsorted / Main")).to_be_visible()


def fetch(day: Day, hands: Hands) -> None:
    page = day.page
    open_tab(day, hands, "Import")
    hands.press(page.get_by_role("button", name="Import Users"))
    expect(heading(page, "Ready to review")).to_be_visible()
    expect(page.locator("dd").filter(has_text=re.compile(f"^{PAYERS}$"))).to_be_visible()


def apply(day: Day, hands: Hands) -> None:
    page = day.page
    hands.press(page.get_by_role("button", name=re.compile(r"^Apply \d")))
    hands.press(page.get_by_role("dialog").get_by_role("button", name="Apply"))
    expect(heading(page, "Applied")).to_be_visible()


def open_payments_of(day: Day, hands: Hands, payer: dict[str, Any]) -> Locator:
    """The newest payment on the tab of the payer's user."""
    page = day.page
    name = f"{payer['given_name']} {payer['family_name']}"
    go_to(day, hands, "Users")
    hands.write(page.get_by_role("searchbox", name="Search users", exact=True), name)
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    hands.press(page.locator("#rows").get_by_role("link", name=name))
    expect(heading(page, name)).to_be_visible()
    tabs = page.get_by_role("navigation", name="Tabs of this user")
    hands.press(tabs.get_by_role("link", name="GoCardless Payments"))
    row = page.locator("tr[data-open]").first
    expect(row).to_be_visible()
    return row


def dashboard_of(day: Day, row: Locator, act: str) -> None:
    """A payment opens in the dashboard, in a tab of its own, which knows nothing of ours."""
    address = row.get_attribute("data-open")
    assert address is not None
    assert address.startswith(f"{day.twin.dashboard_url}/payments/PM")
    with day.page.context.expect_page() as opened:
        if act == "double click":
            row.locator("td").nth(2).dblclick()
        else:
            Keyboard().press(row)
    dashboard = opened.value
    dashboard.wait_for_url(address)
    assert dashboard.evaluate("window.opener") is None
    expect(dashboard.locator("body")).to_contain_text(address.rpartition("/")[2])
    dashboard.close()


def test_from_an_empty_database_to_a_payment_and_back(day: Day) -> None:
    page, hands = day.page, Mouse()
    sign_up(day, hands)
    for customer in ("Calder & Sons", "Kestrel Bakery", "Unsorted"):
        go_to(day, hands, "Customers")
        page.get_by_role("link", name="New", exact=True).or_(
            page.get_by_role("link", name="Add a customer")
        ).first.click()
        hands.write(page.get_by_label("Name", exact=True), customer)
        page.get_by_role("button", name="Add customer").click()
        expect(heading(page, customer)).to_be_visible()
    first, *_, elsewhere = day.payers("Calder & Sons")  # who is somebody of the bakery here
    go_to(day, hands, "Users")
    page.get_by_role("link", name="New", exact=True).click()
    hands.pick(page.get_by_role("combobox", name="Site"), "kest", "Kestrel Bakery")
    hands.write(page.get_by_label("Given name"), "Daniel")
    hands.write(page.get_by_label("Family name"), "Drew")
    hands.write(page.get_by_label("E-mail"), elsewhere["email"])
    page.get_by_role("button", name="Add user").click()
    expect(heading(page, "Daniel Drew")).to_be_visible()

    enable(day, hands)
    choose_sites(day, hands)
    _map_the_office(day, hands)
    fetch(day, hands)
    kept_out = _review(day, hands, f"{elsewhere['given_name']} {elsewhere['family_name']}")
    apply(day, hands)

    go_to(day, hands, "Users")
    hands.write(page.get_by_role("searchbox", name="Search users", exact=True), kept_out)
    expect(page.get_by_text("Nobody found")).to_be_visible()
    row = open_payments_of(day, hands, first)
    picture(page, "first-day-payments")
    dashboard_of(day, row, "double click")
    page.get_by_role("link", name="Custom Fields").click()
    expect(page.locator("dt").filter(has_text="Office")).to_be_visible()

    page.goto("/imports/1")
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("new users are deleted")).to_be_visible()
    picture(page, "first-day-undo")
    page.get_by_role("button", name=re.compile("^Take back")).click()
    expect(heading(page, "Undone")).to_be_visible()
    go_to(day, hands, "Users")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text("Daniel Drew")


def _map_the_office(day: Day, hands: Hands) -> None:
    """To a Text field of users that is made in place."""
    page = day.page
    open_tab(day, hands, "Field mappings")
    page.get_by_role("link", name="Add", exact=True).click()
    hands.pick(page.get_by_role("combobox", name="Field at the provider"), "off", "office")
    hands.pick(page.get_by_role("combobox", name="Field of the user"), "Office", "Make this Text")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="Office")).to_be_visible()


def _review(day: Day, hands: Hands, elsewhere: str) -> str:
    """Filter, search, untick one, place another by hand, decide the conflict; who is left out."""
    page = day.page
    rows = page.locator("tbody tr")
    page.get_by_role("link", name=re.compile("^New")).click()
    expect(rows.filter(has_text="Conflict")).to_have_count(0)

    left_out = day.payers("Kestrel Bakery")[0]
    name = f"{left_out['given_name']} {left_out['family_name']}"
    page.get_by_role("searchbox", name="Find rows").fill(left_out["email"])
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Kestrel Bakery / Main")
    page.get_by_label(f"Apply {name}").uncheck()
    expect(page.get_by_role("status").get_by_text("1 left out")).to_be_visible()

    page.goto("/imports/1?action=new&q=post.example")  # private people, of no customer
    private = rows.first.get_by_role("link").first
    moved = private.inner_text()
    private.click()
    expect(heading(page, moved)).to_be_visible()
    hands.pick(page.get_by_role("combobox", name="Make a new user in a site"), "kes", "Kestrel")
    page.get_by_role("button", name="Make a new user").click()
    expect(rows.filter(has_text=moved)).to_contain_text("Decided by hand")

    page.goto("/imports/1?action=conflict")
    rows.filter(has_text=elsewhere).get_by_role("link").first.click()
    expect(page.get_by_text("E-mail address at another customer")).to_be_visible()
    page.get_by_role("button", name="Link to Daniel Drew").click()
    expect(rows.filter(has_text=elsewhere)).to_have_count(0)
    page.goto("/imports/1")
    picture(page, "first-day-review")
    return name


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("hands", "day", "act"),
    [(Keyboard(), 1280, "enter"), (Mouse(), 360, "double click")],
    ids=["keyboard", "narrow"],
    indirect=["day"],
)
def test_the_essential_way(day: Day, hands: Hands, act: str) -> None:
    """With the keyboard alone, and on a screen as narrow as a phone's."""
    wide: list[str] = []

    def look() -> None:
        if overflow(day.page) > 0:
            wide.append(day.page.url)

    for step in (sign_up, enable, choose_sites, fetch, apply):
        step(day, hands)
        look()
    row = open_payments_of(day, hands, day.payers("Calder & Sons")[0])
    look()
    assert wide == []
    dashboard_of(day, row, act)
