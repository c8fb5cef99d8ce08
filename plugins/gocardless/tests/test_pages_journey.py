"""The GoCardless Payments tab in a real browser, up to a payment in the twin's dashboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from halo_gocardless.twin import TwinConfig, TwinServer
from playwright.sync_api import Page, expect, sync_playwright
from support.agents import PASSWORD, add_agent
from support.browser import (
    Watch,
    barriers,
    chromium_path,
    launched,
    overflow,
    picture,
    serving_pages,
)

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.payments.filters import PaymentFilter
from halo_host.settings import Settings

pytestmark = pytest.mark.browser
AGENT = "test"
PATIENCE = 30_000  # milliseconds; nothing takes so long unless it is broken
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with TwinServer(TwinConfig(customers=60)) as twin:
        yield twin


@pytest.fixture(scope="module")
def host(twin: TwinServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Everybody is imported, and the mirror is filled and proved."""
    data = tmp_path_factory.mktemp("host")
    settings = Settings(
        data=data,
        database_url=f"sqlite:///{data / 'host.db'}",
        password_rounds=1,
        password_memory=1,
    )
    with pytest.MonkeyPatch.context() as environment, Host(settings) as host:
        environment.setenv("HALO_GOCARDLESS_ALLOW_API_URL", "loopback")
        unsorted = host.directory.add_customer("Unsorted", agent=AGENT)
        (site,) = host.directory.sites(unsorted.id)
        connection = {
            "access_token": twin.access_token,
            "environment": "sandbox",
            "api_url": twin.url,
        }
        host.connections.enable(
            "gocardless", connection, agent=AGENT, matching={"default_site": site.id}
        )
        host.imports.run("gocardless", agent=AGENT)
        for kind, work in (("sync", host.sync.run), ("verify", host.sync.verify)):
            with host.jobs.holding(kind, "gocardless", agent=AGENT) as held:
                work(held.lease)
        yield host


@pytest.fixture
def page(host: Host, twin: TwinServer) -> Iterator[Page]:
    """An operator's window; nothing but the host and the twin's dashboard is asked."""
    if not host.agents.all():
        add_agent(host, "Olive Operator", Role.OPERATOR)
    with serving_pages(host) as url, sync_playwright() as playwright:
        browser = launched(playwright, chromium_path())
        context = browser.new_context(
            base_url=url, viewport={"width": 1280, "height": 900}, color_scheme="light"
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch = Watch(page, url)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill("olive@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/")
        yield page
        browser.close()
        assert watch.wrong == []


@pytest.fixture
def user(host: Host) -> int:
    """Somebody with a payment that failed, and with others."""
    failed = host.payments.list(PaymentFilter(statuses=("failed",))).payments
    return next(it.user_id for it in failed if it.user_id is not None)


def test_a_payment_opens_in_gocardless_in_every_way(
    page: Page, twin: TwinServer, user: int
) -> None:
    page.goto(f"/users/{user}")
    page.get_by_role("link", name="GoCardless Payments").click()
    row = page.locator("tr[data-open]").first
    address = row.get_attribute("data-open")
    assert address is not None
    assert address.startswith(f"{twin.dashboard_url}/payments/PM")

    def by_menu() -> None:
        row.locator("td").nth(2).click(button="right")
        page.get_by_role("menuitem", name="Open in GoCardless").click()

    def by_enter() -> None:
        row.focus()
        page.keyboard.press("Enter")

    ways = {
        "double click": lambda: row.locator("td").nth(2).dblclick(),
        "enter": by_enter,
        "link": lambda: row.get_by_role("link").first.click(),
        "menu": by_menu,
    }
    for way, act in ways.items():
        with page.context.expect_page() as found:
            act()
        dashboard = found.value
        dashboard.wait_for_url(address)
        assert dashboard.evaluate("window.opener") is None, way
        expect(dashboard.locator("body")).to_contain_text(address.rpartition("/")[2])
        dashboard.close()


def test_the_tab_tells_statuses_history_sums_and_how_fresh_it_is(page: Page, user: int) -> None:
    page.goto(f"/users/{user}/tabs/gocardless/payments")

    expect(page.get_by_text("no differences.")).to_be_visible()
    expect(page.get_by_text("Collected", exact=True).first).to_be_visible()
    failed = page.locator("tr[data-open]").filter(has_text="The bank did not collect it").first
    expect(failed.locator(".halo-badge").first).to_have_text("failed")
    following = failed.locator("xpath=following-sibling::tr[1]")
    following.locator("summary").click()
    expect(following.get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_role("heading", name="Mandates")).to_be_visible()
    assert barriers(page) == []
    picture(page, "gocardless-tab")


def test_filter_sort_refresh_and_download(page: Page, host: Host, user: int) -> None:
    page.goto(f"/users/{user}/tabs/gocardless/payments")
    rows = page.locator("tr[data-open]")
    expect(rows.first).to_be_visible()
    every = rows.count()

    page.get_by_label("Status").select_option("failed")
    expect(page.get_by_role("link", name="All payments")).to_be_visible()
    assert 0 < rows.count() < every
    expect(rows.filter(has_text="The bank did not collect it")).to_have_count(rows.count())
    with page.expect_download() as found:
        page.get_by_role("link", name="CSV").click()
    lines = found.value.path().read_text("utf-8").splitlines()
    assert len(lines) == rows.count() + 1

    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Read from GoCardless just now.")).to_be_visible()
    expect(rows).to_have_count(every)


@pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 360)])
def test_the_tab_is_for_everybody(page: Page, user: int, theme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/users/{user}/tabs/gocardless/payments")
    expect(page.locator("tr[data-open]").first).to_be_visible()

    assert barriers(page) == []
    assert overflow(page) == 0
    picture(page, f"gocardless-tab-{theme}-{width}")
