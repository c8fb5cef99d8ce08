"""From the link of an empty host to the start page and out again, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from support.acme import Desk
from support.agents import PASSWORD, add_agent
from support.browser import Watch, barriers, overflow, picture, pressed_until

from halo_host.agents.roles import Role
from halo_host.host import Host

from .conftest import SignIn

NARROW = {"width": 360, "height": 740}


def focused(page: Page) -> str:
    """What the focus is on: its label or its text."""
    text: str = page.evaluate(
        "(it => it.getAttribute('aria-label') || it.labels?.[0]?.innerText || it.innerText || '')"
        "(document.activeElement)"
    )
    return text.strip()


def test_the_first_link_leads_to_an_account_the_start_page_and_out_again(
    page: Page, host: Host
) -> None:
    page.goto(f"/welcome?token={host.agents.begin_first_link()}")
    page.get_by_label("Your name").fill("Ada Palmer")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill("another one, surely")
    page.get_by_role("button", name="Make the account").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="The two passwords differ.").click()
    expect(page.get_by_label("The same password again")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value("Ada Palmer")

    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Good morning, Ada")
    expect(page.get_by_text("You are the first administrator")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You are the first administrator")).to_have_count(0)

    page.locator("summary", has_text="Ada Palmer").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_signing_in_leads_to_the_page_that_was_wanted(page: Page, host: Host) -> None:
    add_agent(host, role=Role.VIEWER)
    page.goto("/?from=a-mail")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))

    page.get_by_label("E-mail address").fill("olive@example.com")
    page.get_by_label("Password").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("E-mail address")).to_have_value("olive@example.com")
    expect(page.get_by_label("Password")).to_have_value("")

    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?from=a-mail$"))


def test_everything_can_be_done_with_the_keyboard(page: Page, host: Host) -> None:
    add_agent(host, role=Role.VIEWER)
    page.goto("/sign-in")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("olive@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")

    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    pressed_until(page, "Shift+Tab", lambda: focused(page) == "Light or dark")
    page.keyboard.press("Enter")
    pressed_until(page, "Tab", lambda: focused(page) == "Dark", most=5)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.keyboard.press("Escape")
    assert focused(page) == "Light or dark"

    pressed_until(page, "Tab", lambda: focused(page).startswith("Your account"), most=3)
    page.keyboard.press("Enter")
    pressed_until(page, "Tab", lambda: focused(page) == "Sign out", most=4)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_pages_follow_the_device_until_somebody_chooses(
    page: Page, sign_in: SignIn, colours: str
) -> None:
    other = {"light": "dark", "dark": "light"}[colours]
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    sign_in()
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", colours)

    page.get_by_label("Light or dark").click()
    with page.expect_response("**/viewing/theme"):
        page.get_by_role("button", name=other.capitalize()).click()
    expect(html).to_have_attribute("data-bs-theme", other)
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", other)

    page.get_by_label("Light or dark").click()
    with page.expect_response("**/viewing/theme"):
        page.get_by_role("button", name="As the device").click()
    expect(html).to_have_attribute("data-bs-theme", colours)
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", colours)


def test_the_menu_folds_and_stays_folded(page: Page, sign_in: SignIn) -> None:
    sign_in()
    title = page.locator(".area-title", has_text="Home")
    expect(title).to_be_visible()

    with page.expect_response("**/viewing/navigation"):
        page.get_by_role("button", name="Fold the menu").click()
    expect(title).to_be_hidden()
    page.reload()
    expect(title).to_be_hidden()
    with page.expect_response("**/viewing/navigation"):
        page.locator(".area-fold").click()
    expect(title).to_be_visible()


def test_a_narrow_screen_has_everything_and_nothing_sticks_out(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.goto("/sign-in")
    assert overflow(page) <= 0
    sign_in()
    assert overflow(page) <= 0
    home = page.get_by_role("navigation", name="Main").get_by_role("link", name="Home")
    expect(home).to_be_hidden()

    page.get_by_role("button", name="Open the menu").click()
    expect(home).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Escape")
    expect(home).to_be_hidden()
    expect(page.get_by_role("button", name="Open the menu")).to_be_focused()

    page.goto("/nothing-here")
    assert overflow(page) <= 0


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_has_a_barrier(
    page: Page, desk: Desk, sign_in: SignIn, host: Host, colours: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    found = []
    page.goto(f"/welcome?token={host.agents.begin_first_link()}")
    page.get_by_role("button", name="Make the account").click()
    found += barriers(page)
    for path in ("/welcome?token=old", "/signed-out", "/sign-in"):
        page.goto(path)
        found += barriers(page)
    sign_in()
    page.wait_for_load_state("networkidle")
    found += barriers(page)
    page.locator("summary", has_text="Your account").click()
    found += barriers(page)
    page.goto("/nothing-here")
    found += barriers(page)

    assert found == []


def test_the_first_page_is_light_and_the_next_ones_lighter(
    page: Page, desk: Desk, sign_in: SignIn, watch: list[Watch]
) -> None:
    def weight() -> tuple[int, int]:
        """Requests that were answered over the network, and their bytes."""
        page.wait_for_load_state("networkidle")
        sizes = [
            each.request.sizes()
            for each in watch[0].answers
            if not each.request.failure and not each.from_service_worker
        ]
        loaded = [it["responseHeadersSize"] + it["responseBodySize"] for it in sizes]
        fresh = [size for size in loaded if size > 0]
        watch[0].answers.clear()
        return len(fresh), sum(fresh)

    page.goto("/sign-in")
    requests, size = weight()
    assert requests <= 8
    assert size <= 160_000

    sign_in()
    weight()
    page.reload()
    requests, size = weight()
    assert size <= 20_000


def test_health_comes_after_the_page_and_tells_of_each_connection(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    sign_in()

    tile = page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=3))
    expect(tile).to_contain_text("Acme Pay")
    expect(tile).not_to_contain_text("Looking")
    picture(page, "start")
    page.emulate_media(color_scheme="dark")
    picture(page, "start-dark")
