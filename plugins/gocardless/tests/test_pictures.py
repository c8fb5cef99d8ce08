"""Pictures of the main pages, as the README and the documents show them.

They are taken by every run, into a folder of the test. With HALO_HOST_TEST_DOCUMENT_PICTURES=1 they
are written to docs/pictures/: look at each one before it is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from halo_gocardless.twin import KnownCompany, KnownPerson, TwinConfig, TwinServer
from playwright.sync_api import Page, expect, sync_playwright
from support.agents import PASSWORD, add_agent
from support.browser import Watch, chromium_path, launched, overflow, serving_pages
from support.working import work

from halo_host.agents.roles import Role
from halo_host.connections.matching import Policy
from halo_host.demo.demo import seed_directory
from halo_host.demo.people import DEFAULT_SITE_CUSTOMER
from halo_host.host import Host
from halo_host.jobs.presence import Presence
from halo_host.payments.filters import PaymentFilter
from halo_host.settings import Settings

from .mirror.desk import NOW

pytestmark = pytest.mark.browser
# Read when the run begins, as HALO_HOST_TEST_PICTURES is.
KEPT = bool(os.environ.get("HALO_HOST_TEST_DOCUMENT_PICTURES"))
PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
LARGEST = 150_000  # bytes
PATIENCE = 60_000  # milliseconds; nothing takes so long unless it is broken
WIDE = {"width": 1200, "height": 750}
LOW = {"width": 1200, "height": 480}
TALL = {"width": 1200, "height": 880}  # shows rows below what stands over them
NARROW = {"width": 360, "height": 750}
AGENT = "Dana Whitlock"
SLUG = "gocardless"
FIELDS = {"office": "Office", "contract": "Support contract", "account_manager": "Account manager"}
expect.set_options(timeout=PATIENCE)

Take = Callable[[str], None]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A desk at work: payers imported and mirrored, a second import waiting to be looked at."""
    data = tmp_path_factory.mktemp("host")
    settings = Settings(
        data=data,
        database_url=f"sqlite:///{data / 'host.db'}",
        password_rounds=1,
        password_memory=1,
    )
    with pytest.MonkeyPatch.context() as environment, Host(settings, clock=lambda: NOW) as host:
        environment.setenv("HALO_GOCARDLESS_ALLOW_API_URL", "loopback")
        customers = seed_directory(host)
        known = [
            KnownCompany(
                each.name,
                tuple(KnownPerson(it.given_name, it.family_name, it.email) for it in each.people),
            )
            for each in customers
        ]
        config = TwinConfig(customers=220, known_companies=known, now=NOW, virtual_clock=True)
        with TwinServer(config) as twin:
            _connect(host, twin)
            _first_import(host)
            _sync(host)
            _somebody_moves(twin)
            host.reviews.start(SLUG, agent=AGENT)
            work(host)
            Presence(host.database, host.clock, threads=1).renew()
            yield host


def _connect(host: Host, twin: TwinServer) -> None:
    unsorted = host.directory.sites(DEFAULT_SITE_CUSTOMER)[0].id
    connection = {"access_token": twin.access_token, "environment": "sandbox", "api_url": twin.url}
    host.connections.enable(
        SLUG, connection, agent=AGENT, name="GoCardless", matching={"default_site": unsorted}
    )
    for key, name in FIELDS.items():
        host.directory.add_custom_field(name, agent=AGENT)
        host.connections.map_field(SLUG, key, name, Policy.FOLLOW, agent=AGENT)


def _first_import(host: Host) -> None:
    """Not of all payers, so that another import has something to show."""
    number = host.reviews.start(SLUG, agent=AGENT).number
    work(host)
    rows = [it.position for it in host.imports.rows(number) if it.position % 5 == 0]
    host.reviews.tick(number, False, rows, agent=AGENT)
    host.reviews.apply(number, agent=AGENT)
    work(host)


def _somebody_moves(twin: TwinServer) -> None:
    headers = {
        "Authorization": f"Bearer {twin.access_token}",
        "GoCardless-Version": "2015-07-06",
    }
    found: Any = requests.get(f"{twin.url}/customers", headers=headers, timeout=30).json()
    for each, city in zip(found["customers"][::7], ("Whitby", "Ilkley", "Skipton"), strict=False):
        requests.put(
            f"{twin.url}/customers/{each['id']}",
            json={"customers": {"city": city}},
            headers=headers,
            timeout=30,
        ).raise_for_status()


def _sync(host: Host) -> None:
    for kind, carry_out in (("sync", host.sync.run), ("verify", host.sync.verify)):
        with host.jobs.holding(kind, SLUG, agent=AGENT) as held:
            carry_out(held.lease)


@pytest.fixture
def page(host: Host) -> Iterator[Page]:
    """An administrator's window."""
    if not host.agents.all():
        add_agent(host, AGENT, Role.ADMINISTRATOR)
    with serving_pages(host) as url, sync_playwright() as playwright:
        browser = launched(playwright, chromium_path())
        context = browser.new_context(base_url=url, viewport=WIDE, color_scheme="light")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch = Watch(page, url)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill("dana@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/")
        yield page
        browser.close()
        assert watch.wrong == []


@pytest.fixture
def user(host: Host) -> int:
    """Somebody of a customer with payments, one of which failed."""
    failed = host.payments.list(PaymentFilter(statuses=("failed",)), limit=200).payments
    people = (host.directory.user(it.user_id) for it in failed if it.user_id is not None)
    return next(it.id for it in people if it.given_name and it.customer != DEFAULT_SITE_CUSTOMER)


@pytest.fixture
def take(page: Page, tmp_path: Path) -> Take:
    """Take a picture of the page as it stands, once all of it has come."""
    folder = PICTURES if KEPT else tmp_path

    def take(name: str) -> None:
        page.wait_for_load_state("networkidle")
        assert overflow(page) <= 0
        file = folder / f"{name}.png"
        page.screenshot(path=file, animations="disabled", caret="hide")
        assert file.read_bytes().startswith(b"\x89PNG")
        assert file.stat().st_size > 10_000
        assert not KEPT or file.stat().st_size < LARGEST

    return take


def test_the_start_page(page: Page, take: Take) -> None:
    page.goto("/")
    tile = page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=3))
    expect(tile).not_to_contain_text("Looking")
    take("home")
    page.emulate_media(color_scheme="dark")
    take("home-dark")


def test_the_tiles_of_integrations(page: Page, take: Take) -> None:
    page.goto("/integrations")
    expect(page.get_by_role("heading", name="GoCardless")).to_be_visible()
    page.set_viewport_size(LOW)  # type: ignore[arg-type]
    take("integrations")


def test_the_form_of_a_connection(page: Page, take: Take) -> None:
    page.goto("/configuration/integrations/gocardless")
    expect(page.get_by_label("Access token")).to_be_visible()
    take("connection-form")


def test_field_mappings(page: Page, take: Take) -> None:
    page.goto(f"/integrations/{SLUG}/mappings")
    expect(page.get_by_text("Asking…")).to_have_count(0)
    take("field-mappings")


def test_the_review_of_an_import(page: Page, take: Take) -> None:
    page.goto("/imports/2")
    expect(page.get_by_role("button", name="Apply")).to_be_visible()
    page.set_viewport_size(TALL)  # type: ignore[arg-type]
    take("import-review")


def test_the_payments_of_a_user(page: Page, take: Take, user: int) -> None:
    page.goto(f"/users/{user}/tabs/{SLUG}/payments")
    expect(page.locator("tr[data-open]").first).to_be_visible()
    page.set_viewport_size(TALL)  # type: ignore[arg-type]
    take("payments-tab")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    take("payments-tab-narrow")


def test_all_payments(page: Page, take: Take) -> None:
    page.goto("/payments")
    expect(page.get_by_role("img", name="Collected by month")).to_be_visible()
    take("payments")
