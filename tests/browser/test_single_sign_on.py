"""Signing in at a real provider in a real browser: from the page that was wanted back to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from support.agents import add_agent
from support.browser import Watch, barriers, overflow, picture, serving_pages
from support.clock import Clock
from support.sign_in_provider import (
    CLIENT,
    CLIENT_SECRET,
    PASSWORD,
    SignInProvider,
    running_provider,
)

from halo_host.agents.roles import Role
from halo_host.host import Host

from .conftest import PATIENCE

BUTTON = "Sign in with Example Login"


@pytest.fixture(scope="module")
def provider() -> Iterator[SignInProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def trusting(host: Host, clock: Clock, provider: SignInProvider) -> Iterator[Host]:
    """A host whose agents may sign in there, with an agent who does not."""
    add_agent(host, "Ada Admin", Role.ADMINISTRATOR)
    settings = replace(
        host.settings,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Example Login",
        oidc_operators=("desk",),
    )
    with Host(settings, clock=clock) as trusting:
        yield trusting


@pytest.fixture
def address(trusting: Host, provider: SignInProvider) -> Iterator[str]:
    with serving_pages(trusting) as address:
        provider.has_client(address + "/sign-in/provider/back")
        yield address


@pytest.fixture
def page(browser: Browser, address: str, provider: SignInProvider) -> Iterator[Page]:
    """A window in which the pages of the provider may be shown, too."""
    context = browser.new_context(
        base_url=address, viewport={"width": 1280, "height": 800}, color_scheme="light"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watching = Watch(page, address, provider.issuer)
    theirs: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.location["url"].startswith(provider.issuer):
            theirs.append(f"console: {message.text}")

    page.on("console", said)
    yield page
    context.close()
    assert [it for it in watching.wrong if it not in theirs] == []


def sign_in_there(page: Page, name: str) -> None:
    page.get_by_label("Login").fill(name)
    page.get_by_role("button", name="Continue").click()
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").first.click()


def test_whoever_signs_in_at_the_provider_is_led_to_the_page_that_was_wanted(
    page: Page, trusting: Host, provider: SignInProvider, address: str
) -> None:
    provider.has_user("olive", "desk")
    page.goto("/users?q=smith~1")
    page.get_by_role("link", name=BUTTON).click()
    sign_in_there(page, "olive")
    page.get_by_role("button", name=re.compile("accept", re.IGNORECASE)).click()

    expect(page).to_have_url(f"{address}/users?q=smith~1")
    expect(page.locator("summary", has_text="Olive Operator")).to_be_visible()
    assert trusting.agents.find("olive@example.com").role is Role.OPERATOR
    held = {it["name"]: it for it in page.context.cookies(address)}
    assert held["halo-session"]["httpOnly"]
    assert "halo-sign-in" not in held

    page.locator("summary", has_text="Olive Operator").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


def test_whoever_says_no_there_reads_why_and_can_begin_again(
    page: Page, trusting: Host, provider: SignInProvider, address: str
) -> None:
    provider.has_user("nora", "desk")
    page.goto("/users")
    page.get_by_role("link", name=BUTTON).click()
    sign_in_there(page, "nora")
    page.get_by_role("button", name=re.compile("decline|deny", re.IGNORECASE)).click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Example Login did not sign you in")
    expect(summary).to_be_focused()
    picture(page, "sign-in-denied")
    assert barriers(page) == []

    page.get_by_role("link", name=BUTTON).click()
    page.get_by_role("button", name=re.compile("accept", re.IGNORECASE)).click()
    expect(page).to_have_url(f"{address}/users")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_with_both_doors_has_no_barrier(page: Page, colours: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    page.goto("/sign-in")

    expect(page.get_by_role("link", name=BUTTON)).to_be_visible()
    assert overflow(page) <= 0
    assert barriers(page) == []
    picture(page, f"sign-in-{width}-{colours}")
