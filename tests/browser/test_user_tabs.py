"""Tabs of plugins in a real browser: they come, fail and hang each for itself."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.acme import AGENT, Desk
from support.browser import barriers, overflow, picture
from support.mirror import Mirror
from support.serving import eventually

from halo_host.agents.roles import Role

from .conftest import SignIn

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"
NARROW = {"width": 360, "height": 740}
SCRIPT = "<script>document.title = 'taken'</script>"


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def ann(desk: Desk) -> int:
    """Her payer has a script in every field."""
    desk.run({"id": "CU1", "given_name": "Ann", "family_name": SCRIPT, "company": SCRIPT})
    return desk.user_of("CU1")


@pytest.fixture
def south(desk: Desk) -> Iterator[Any]:
    settings = {"ledger": str(desk.ledger.path), "api_key": "a-secret-key", "region": "south"}
    desk.host.connections.enable("acme-pay", settings, slug="south", name="South", agent=AGENT)
    tabs = importlib.import_module("acme_pay.tabs")
    tabs.let_go.clear()
    yield tabs
    tabs.let_go.set()
    eventually(lambda: desk.host.tabs.places.taken("south") == 0)


def url(user: int, connection: str = "acme-pay", slug: str = "payments") -> str:
    return f"/users/{user}/tabs/{connection}/{slug}"


def test_tabs_fail_and_hang_each_for_itself(
    page: Page, sign_in: SignIn, desk: Desk, south: Any, ann: int
) -> None:
    sign_in(Role.VIEWER)
    page.goto(url(ann))
    expect(page.get_by_text("£1,234.56")).to_be_visible()

    page.get_by_role("link", name="Broken · Acme Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("This tab could not be loaded")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("failed in the tab broken")
    assert barriers(page) == []

    page.get_by_role("link", name="Slow").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ann")
    expect(page.get_by_text("The tab is being loaded.")).to_be_attached()
    expect(page.get_by_role("alert")).to_contain_text("did not answer within 5 seconds")
    picture(page, "user-tab-slow")

    south.let_go.set()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("An operator can link a payer to this user.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("alert")).to_contain_text("failed in the tab broken")


def test_scripts_of_templates_and_payers_never_run(
    page: Page, sign_in: SignIn, south: Any, ann: int
) -> None:
    sign_in(Role.VIEWER)
    page.goto(url(ann, "south", "hostile"))

    expect(page.get_by_role("heading", level=2)).to_have_text(SCRIPT)
    expect(page.get_by_role("link", name="Fine")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text(SCRIPT)
    expect(page.get_by_role("button", name="Press me")).to_have_count(0)
    assert "taken" not in page.title().replace(SCRIPT, "")
    assert barriers(page) == []
    picture(page, "user-tab-hostile")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_payer_is_found_and_linked(page: Page, sign_in: SignIn, desk: Desk, theme: Any) -> None:
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    bank = Mirror(desk.host, "bank")
    bank.filled()
    bank.payer("CU1", "Zoe Zimmer")
    bank.payer("CU2", "Yan Young")
    bank.payment("PM1")
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Zoe")
    page.emulate_media(color_scheme=theme)
    sign_in(Role.OPERATOR)
    page.goto(url(user, "bank", "mirror"))

    payer = page.get_by_role("combobox", name="Payer")
    payer.press_sequentially("zoe")
    choice = page.get_by_role("option", name="Zoe Zimmer")
    expect(choice).to_be_visible()
    assert barriers(page) == []
    picture(page, f"user-tab-link-{theme}")
    page.keyboard.press("Enter")
    expect(payer).to_have_value("Zoe Zimmer")
    page.get_by_role("button", name="Link", exact=True).click()

    expect(page.get_by_role("link", name="PM1")).to_be_visible()
    expect(page.get_by_text("Linked. What is known")).to_be_visible()


def test_the_filter_of_a_tab_stays_in_its_address(page: Page, sign_in: SignIn, desk: Desk) -> None:
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    bank = Mirror(desk.host, "bank")
    bank.filled()
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Zoe")
    bank.link("CU1", user)
    bank.payment("PM1")
    bank.payment("PM2", status="failed")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    sign_in(Role.VIEWER)
    page.goto(url(user, "bank", "mirror"))
    expect(page.get_by_role("link", name="PM1")).to_be_visible()
    assert overflow(page) == 0

    page.get_by_label("Status").select_option("failed")
    expect(page.get_by_role("link", name="PM1")).to_have_count(0)
    expect(page).to_have_url(re.compile("status=failed"))
    assert barriers(page) == []

    page.reload()
    expect(page.get_by_role("link", name="PM2")).to_be_visible()
    expect(page.get_by_role("link", name="PM1")).to_have_count(0)
    page.get_by_role("link", name="All payments").click()
    expect(page.get_by_role("link", name="PM1")).to_be_visible()
