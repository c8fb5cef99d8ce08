"""Lists, ribbons and long names on the screens that service desks have."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from support.acme import AGENT, Desk
from support.banked import Banked
from support.browser import barriers, overflow, picture

from halo_host import ProviderError
from halo_host.host import Host

from .conftest import SignIn

WIDTHS = (1024, 1280, 1366, 360)
TALLEST = {1024: 115, 1280: 95, 1366: 95, 360: 300}  # pixels of a row
LONG_NAME = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" * 8  # of 464 letters
ROWS = "[...document.querySelectorAll('#rows tbody tr')].map(it => it.offsetHeight)"
CUT_OFF = """[...document.querySelectorAll('#rows .table-responsive')]
    .map(it => it.scrollWidth - it.clientWidth)"""


@pytest.fixture
def people(desk: Desk) -> Desk:
    """Users whose names, companies and addresses are as long as real ones."""
    directory = desk.host.directory
    for number, (given, family, company) in enumerate(
        [
            ("Maximilian", "Featherstonehaugh", "Northgate Logistics & Warehousing Ltd"),
            ("Ada", "Palmer", ""),
            ("Björn", "Åkesson", "Åkesson Byggnadsaktiebolag"),
            ("Esther", "Nkemelu", "Calder & Sons Solicitors LLP"),
        ]
    ):
        customer = directory.add_customer(
            f"{company or 'Brightwater Dental Practice'} {number}",
            site_names=("Head office and warehouse",),
            agent=AGENT,
        )
        directory.add_user(
            directory.sites(customer.id)[0].id,
            {
                "given_name": given,
                "family_name": family,
                "company": company,
                "email": f"{given}.{family}@northgate-logistics.example".lower(),
                "phone": f"+44 20 7946 0{number:03}",
            },
            agent=AGENT,
        )
    return desk


@pytest.mark.parametrize("width", WIDTHS)
def test_lists_of_users_are_read_at_a_glance(
    page: Page, people: Desk, sign_in: SignIn, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in()
    customer = people.host.directory.users("Maximilian")[0].customer_id
    for path in ("/users", f"/customers/{customer}/users"):
        page.goto(path)
        expect(page.get_by_role("link", name="Maximilian Featherstonehaugh")).to_be_visible()
        picture(page, f"widths-{path.strip('/').replace('/', '-')}-{width}")
        assert overflow(page) <= 0
        assert page.evaluate(CUT_OFF) == [0], "columns are cut off"
        assert max(page.evaluate(ROWS)) <= TALLEST[width]


@pytest.mark.parametrize("width", WIDTHS)
def test_each_tab_of_a_user_with_two_connections_is_in_sight(
    page: Page, desk: Desk, sign_in: SignIn, width: int
) -> None:
    desk.enable("acme-north")
    desk.host.connections.configure("acme-north", name="Acme Pay of the North", agent=AGENT)
    desk.run({"id": "CU1", "given_name": "Ada", "email": "ada@acme.example"})
    user = desk.user_of("CU1")
    desk.run({"id": "CU9", "given_name": "Ada", "email": "ada@acme.example"}, slug="acme-north")
    page.set_viewport_size({"width": width, "height": 800})
    sign_in()
    for path in ("", "/activity"):
        page.goto(f"/users/{user}{path}")
        tabs = page.get_by_role("navigation", name="Tabs of this user").get_by_role("link")
        picture(page, f"widths-ribbon{path.replace('/', '-')}-{width}")
        expect(tabs).to_have_count(7)
        for tab in tabs.all():
            box = tab.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            hidden = tab.evaluate("it => it.scrollWidth - it.clientWidth")
            assert hidden <= 0, tab.inner_text()
        assert overflow(page) <= 0
        assert barriers(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_name_without_an_end_widens_no_page(
    page: Page, host: Host, sign_in: SignIn, width: int
) -> None:
    customer = host.directory.add_customer(LONG_NAME, site_names=(LONG_NAME,), agent=AGENT)
    site = host.directory.sites(customer.id)[0]
    user = host.directory.add_user(
        site.id, {"given_name": LONG_NAME, "company": LONG_NAME}, agent=AGENT
    )
    host.directory.add_custom_field(LONG_NAME, agent=AGENT)
    page.set_viewport_size({"width": width, "height": 800})
    sign_in()
    url = f"/customers/{customer.id}"
    for path in (
        "/customers",
        url,
        f"{url}/users",
        f"{url}/edit",
        f"{url}/activity",
        f"{url}/sites/{site.id}",
        "/users",
        f"/users/{user.id}",
        f"/users/{user.id}/move",
        f"/users/{user.id}/custom-fields",
        "/configuration/custom-fields",
        "/activity/audit",
        "/search?q=llanfair",
    ):
        page.goto(path)
        name = path.strip("/").replace("/", "-").replace("?", "-")
        picture(page, f"widths-long-{name}-{width}")
        assert overflow(page) <= 0, path
        for table in page.locator(".table-responsive").all():
            assert table.evaluate("it => it.scrollWidth - it.clientWidth") <= 0, path


def test_an_error_with_a_long_word_does_not_widen_the_home_page(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    def fails(method: str, kind: object) -> None:
        raise ProviderError(f"No answer from https://{'api-' * 30}bank.example/customers.")

    banked = Banked(desk.host)
    banked.bank.before_page = fails
    banked.sync()
    page.set_viewport_size({"width": 360, "height": 800})
    sign_in()

    expect(page.locator(".tile-problems")).to_contain_text("No answer from")
    picture(page, "widths-home-360")
    assert overflow(page) <= 0
