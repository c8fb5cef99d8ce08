"""Payments of all users in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.acme import AGENT, Desk
from support.browser import Watch, barriers, overflow, picture
from support.mirror import Mirror

from halo_host.agents.roles import Role
from halo_host.alerts.raising import NewAlert, raise_alerts

from .conftest import SignIn

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"
PLACES = ("/payments", "/payments/bank/PM1")


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def bank(desk: Desk) -> Mirror:
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(desk.host, "bank")
    mirror.filled()
    ann = desk.add_user("Acme Ltd/Warehouse", given_name="Ann", family_name="Archer")
    mirror.link("CU1", ann)
    mirror.payout("PO1", arrives_on=date(2026, 2, 9))
    for number in range(1, 9):
        mirror.payment(
            f"PM{number}",
            amount=number * 1_234,
            charge_date=date(2026, 1 + number % 2, number),
            description=f"Support, part {number}",
            status="failed" if number == 2 else "paid_out",
            payout_id="" if number == 2 else "PO1",
        )
    mirror.event("PM1", "created", text="It was made.")
    mirror.failure("PM2", "insufficient_funds", datetime(2026, 2, 27, tzinfo=UTC))
    with desk.host.database.write() as connection:
        new = NewAlert(
            desk.host.connections.get("bank").id,
            "chargeback",
            "chargeback:PM3",
            "Ann had the bank take £37.02 back.",
            "CU1",
            desk.host.clock(),
        )
        raise_alerts(connection, [new])
    return mirror


def test_what_went_wrong_is_seen_acknowledged_and_looked_into(
    page: Page, sign_in: SignIn, bank: Mirror
) -> None:
    sign_in(Role.OPERATOR)
    page.get_by_role("link", name="Payments", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Ann had the bank take £37.02 back.")
    expect(page.get_by_role("heading", name="Failed in the last 7 days")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Collected by month in GBP"))).to_be_visible()
    picture(page, "payments")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("alert")).to_have_count(0)

    page.get_by_role("link", name="£24.68").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("£24.68")
    expect(page.get_by_role("listitem").filter(has_text="too little money")).to_be_visible()


def test_filters_narrow_the_list_down_and_the_back_button_widens_it_again(
    page: Page, sign_in: SignIn, bank: Mirror
) -> None:
    sign_in(Role.VIEWER)
    page.goto("/payments")
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(8)

    page.get_by_label("Status", exact=True).select_option("failed")
    expect(rows).to_have_count(1)
    expect(page.locator("#totals")).to_contain_text("£24.68 in 1 payment")
    page.go_back()
    expect(rows).to_have_count(8)

    page.get_by_role("combobox", name="Customer").press_sequentially("acme")
    page.get_by_role("option", name="Acme Ltd").click()
    expect(page).to_have_url(re.compile(r"customer=\d"))
    expect(rows).to_have_count(8)


def test_a_row_opens_at_the_provider_by_double_click_enter_link_and_menu(
    page: Page, sign_in: SignIn, bank: Mirror, watch: list[Watch]
) -> None:
    page.context.route("https://pay.example/**", lambda it: it.fulfill(body="The provider."))
    sign_in(Role.VIEWER)
    page.goto("/payments")
    row = page.locator("#rows tbody tr").filter(has_text="PM1")

    def opened(act: str) -> None:
        with page.context.expect_page() as found:
            if act == "double click":
                row.get_by_text("Support, part 1").dblclick()
            elif act == "enter":
                row.focus()
                page.keyboard.press("Enter")
            elif act == "link":
                row.get_by_role("link", name="Open PM1 at the provider").click()
            else:
                row.get_by_text("Support, part 1").click(button="right")
                page.get_by_role("menuitem", name="Open in Mirrored Pay").click()
        other = found.value
        other.wait_for_url("https://pay.example/payments/PM1")
        assert other.evaluate("window.opener") is None
        other.close()

    for act in ("double click", "enter", "link", "menu"):
        opened(act)


def test_the_menu_of_a_row_works_by_keyboard(page: Page, sign_in: SignIn, bank: Mirror) -> None:
    sign_in(Role.VIEWER)
    page.goto("/payments")
    row = page.locator("#rows tbody tr").filter(has_text="PM1")
    row.focus()
    page.keyboard.press("Shift+F10")

    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    assert barriers(page) == []
    picture(page, "payments-menu")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(row).to_be_focused()

    page.keyboard.press("ArrowUp")
    expect(page.locator("#rows tbody tr").filter(has_text="PM2")).to_be_focused()
    row.focus()
    page.keyboard.press("Shift+F10")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/payments/bank/PM1")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_pages_of_payments_are_for_everybody(
    page: Page, sign_in: SignIn, bank: Mirror, place: str, theme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(Role.OPERATOR)
    page.goto(place)
    page.wait_for_load_state("networkidle")

    assert barriers(page) == []
    assert overflow(page) == 0
    picture(page, f"{place.strip('/').replace('/', '-')}-{theme}-{width}")
