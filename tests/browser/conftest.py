"""A host with pages, and a browser that looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.agents import PASSWORD, add_agent
from support.browser import Watch, chromium_path, launched, serving_pages

from halo_host.agents.agent import Agent
from halo_host.agents.roles import Role
from halo_host.host import Host

SignIn = Callable[..., None]
PATIENCE = 30_000  # milliseconds; nothing takes so long unless it is broken
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launched(playwright, chromium_path())
        yield browser
        browser.close()


@pytest.fixture
def address(host: Host) -> Iterator[str]:
    """Where the host's pages are."""
    with serving_pages(host) as url:
        yield url


@pytest.fixture
def watch() -> list[Watch]:
    return []


@pytest.fixture
def page(browser: Browser, address: str, watch: list[Watch]) -> Iterator[Page]:
    """An empty window of 1280 × 800 pixels; what goes wrong in it fails the test at its end."""
    context = browser.new_context(
        base_url=address, viewport={"width": 1280, "height": 800}, color_scheme="light"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watching = Watch(page, address)
    watch.append(watching)
    yield page
    context.close()
    assert watching.wrong == []


@pytest.fixture
def sign_in(host: Host, page: Page) -> SignIn:
    """Sign in as an agent of this role, who is made for it."""

    def as_one_with(role: Role = Role.ADMINISTRATOR) -> None:
        sign_in_at(page, add_agent(host, f"{role.value.capitalize()} Jones", role))

    return as_one_with


def sign_in_at(page: Page, agent: Agent) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(agent.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")
