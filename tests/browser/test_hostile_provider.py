"""A provider that says `<script>` in every field, raises, or hangs: pages stay whole."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from support.acme import AGENT, CONNECTION, Desk
from support.browser import barriers, overflow, picture
from support.whole_desk import BANK, MIRRORED, WholeDesk, hostile
from support.working import work

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.jobs.presence import Presence
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

from .conftest import SignIn

WORDS = hostile()
# What a provider's text must never become: something that runs, looks or asks.
PLANTED = """() => [
    window.taken && "a script has run",
    ...[...document.querySelectorAll("script")]
        .filter(it => !(it.getAttribute("src") || "").startsWith("/static/"))
        .map(it => it.outerHTML),
    ...[...document.querySelectorAll("main *, body > *")]
        .filter(it => it.getAttributeNames().some(name => name.startsWith("on")))
        .map(it => it.outerHTML),
    ...[...document.querySelectorAll('img:not([src^="/"]), iframe, object, embed, base, style')]
        .map(it => it.outerHTML),
    ...[...document.querySelectorAll("a[href]")]
        .filter(it => !["http:", "https:"].includes(it.protocol))
        .map(it => it.outerHTML),
].filter(Boolean)"""


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def hostile_desk(desk: Desk) -> WholeDesk:
    return WholeDesk(desk, WORDS)


def test_on_no_page_does_a_providers_text_become_more_than_text(
    page: Page, hostile_desk: WholeDesk, host: Host, sign_in: SignIn
) -> None:
    app: Flask = create_app(host, AnswerTimes())
    sign_in()
    found: dict[str, Any] = {}
    for address in dict.fromkeys(hostile_desk.addresses(app)):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if planted := page.evaluate(PLANTED):
            found[address] = planted

    assert found == {}


def test_it_is_shown_as_it_is_where_people_look_for_it(
    page: Page, hostile_desk: WholeDesk, sign_in: SignIn
) -> None:
    sign_in()
    user, waiting = hostile_desk.user, hostile_desk.waiting
    places = {
        f"/users/{user}": (WORDS.given_name, WORDS.city, WORDS.phone),
        f"/users/{user}/custom-fields": (WORDS.office,),
        f"/users/{user}/tabs/{BANK}/mirror": (WORDS.payment,),
        f"/imports/{waiting}": (WORDS.company, WORDS.family_name),
        f"/imports/{hostile_desk.failed}": (WORDS.sentence,),
        "/users": (WORDS.given_name, WORDS.company),
        "/search?q=script": (WORDS.given_name,),
        "/activity/audit": (WORDS.given_name, WORDS.city),
        "/payments": (WORDS.description, WORDS.given_name),
    }
    for address, texts in places.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        shown = page.locator("main")
        for text in texts:
            plain = text.replace("`", "")  # marks commands in sentences
            expect(shown, f"{plain} on {address}").to_contain_text(plain)
        picture(page, f"hostile{address.replace('/', '-').replace('?', '-')}")
        assert barriers(page) == []

    page.goto(f"/imports/{waiting}")
    page.set_viewport_size({"width": 360, "height": 740})
    assert overflow(page) <= 0


def test_search_suggests_it_as_it_is(page: Page, hostile_desk: WholeDesk, sign_in: SignIn) -> None:
    sign_in(Role.VIEWER)
    page.keyboard.press("/")
    page.keyboard.type("<script>window")
    expect(page.locator("#finder-found a").first).to_contain_text(WORDS.given_name)
    assert page.evaluate(PLANTED) == []


def test_an_import_whose_provider_raises_says_so_and_the_next_one_works(
    page: Page, desk: Desk, host: Host, sign_in: SignIn
) -> None:
    Presence(host.database, host.clock, 1).renew()
    desk.ledger.write({"id": "CU1", "given_name": "Ann"}, {"crash": WORDS.sentence})
    sign_in(Role.OPERATOR)
    page.goto(f"/integrations/{CONNECTION}/imports")
    page.get_by_role("button", name="Import Users").click()
    work(host)

    expect(page.locator("h1")).to_contain_text("Failed")
    expect(page.get_by_role("alert")).to_contain_text("acme-pay")
    expect(page.locator("body")).not_to_contain_text("a-secret-key")
    assert page.evaluate(PLANTED) == []
    assert barriers(page) == []
    picture(page, "hostile-import-failed")

    desk.ledger.write({"id": "CU1", "given_name": "Ann"})
    page.goto(f"/integrations/{CONNECTION}/imports")
    page.get_by_role("button", name="Import Users").click()
    work(host)
    expect(page.locator("h1")).to_contain_text("Ready to review")


@pytest.fixture
def hanging(desk: Desk) -> Iterator[Any]:
    """The provider answers with one payer, and then not for 30 seconds, unless it is let go."""
    tabs = importlib.import_module("acme_pay.tabs")
    tabs.let_go.clear()
    payers = [{"id": "CU1", "given_name": "Ann"}, {"hang": True}]
    desk.ledger.path.write_text("".join(f"{json.dumps(it)}\n" for it in payers), encoding="utf-8")
    yield tabs
    tabs.let_go.set()


def test_while_a_provider_hangs_in_an_import_every_page_answers(
    page: Page, desk: Desk, host: Host, hanging: Any, sign_in: SignIn
) -> None:
    host.connections.configure(CONNECTION, settings={"region": "south"}, agent=AGENT)
    user = desk.add_user("Warehouse", given_name="Ada")
    Presence(host.database, host.clock, 1).renew()
    sign_in(Role.OPERATOR)
    page.goto(f"/integrations/{CONNECTION}/imports")
    page.get_by_role("button", name="Import Users").click()
    integrator = threading.Thread(target=work, args=(host,), name="integrator")
    integrator.start()
    try:
        expect(page.locator("h1")).to_contain_text("Reading payers")
        page.goto(f"/users/{user}/tabs/{CONNECTION}/slow")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada")
        page.get_by_role("link", name="Details", exact=True).click()
        expect(page.get_by_text("Linked to nobody")).to_be_visible()
        page.goto("/users")
        expect(page.locator("#rows tbody tr")).to_have_count(1)

        page.goto("/imports/1")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    finally:
        hanging.let_go.set()
        integrator.join()
    expect(page.locator("h1")).to_contain_text("Stopped")
