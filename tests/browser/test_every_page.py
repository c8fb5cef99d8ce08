"""Every page there is, on a desk that has something on each, as browsers and people meet it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page
from support.acme import AGENT, Desk
from support.browser import barriers, overflow, picture
from support.validator import invalid
from support.whole_desk import MIRRORED, WholeDesk

from halo_host.host import Host
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

from .conftest import SignIn

BEFORE_SIGNING_IN = ("/sign-in", "/signed-out", "/welcome", "/new-password", "/api/docs")
# The page has heard of the other colours, and begun to change to them.
DRAWN = "new Promise(it => requestAnimationFrame(() => requestAnimationFrame(it)))"


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def app(host: Host) -> Flask:
    return create_app(host, AnswerTimes())


@pytest.fixture
def whole_desk(desk: Desk) -> WholeDesk:
    return WholeDesk(desk)


@pytest.fixture
def shown(page: Page, whole_desk: WholeDesk, app: Flask, sign_in: SignIn) -> Iterator[str]:
    """The page shows one after the other, as an administrator sees it; the addresses."""

    def walk() -> Iterator[str]:
        addresses = list(dict.fromkeys(whole_desk.addresses(app)))
        assert len(addresses) > 80
        token = whole_desk.host.agents.begin_password_link(whole_desk.agent, agent=AGENT)
        for address in (*BEFORE_SIGNING_IN, f"/new-password?token={token}"):
            visit(address)
            yield address
        sign_in()
        for address in addresses:
            if address not in BEFORE_SIGNING_IN:
                visit(address)
                yield address

    def visit(address: str) -> None:
        page.goto(address)
        page.wait_for_load_state("networkidle")  # its parts have come, too

    return walk()


def test_no_page_has_a_barrier_in_light_or_dark(page: Page, shown: Iterator[str]) -> None:
    found: list[str] = []
    for address in shown:
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
            page.evaluate(DRAWN)
            found += barriers(page)
            picture(page, f"every{address.replace('/', '-')[:80]}-{colours}")
    assert not found, "\n".join(found)


def test_no_page_sticks_out_or_has_a_barrier_on_a_narrow_screen(
    page: Page, shown: Iterator[str]
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    found: list[str] = []
    for address in shown:
        found += barriers(page)
        if (wider := overflow(page)) > 0:
            found.append(f"{address} is {wider} pixels too wide")
        picture(page, f"every{address.replace('/', '-')[:80]}-narrow")
    assert not found, "\n".join(found)


def test_the_html_of_every_page_is_valid_as_sent_and_as_it_becomes(
    page: Page, shown: Iterator[str], tmp_path: Path
) -> None:
    pages: dict[str, str] = {}
    for address in shown:
        pages[f"{address}, loaded"] = page.content()
        sent = page.request.get(address, headers={"Accept": "text/html"})
        pages[address] = sent.text()
    folder = tmp_path / "pages"
    folder.mkdir()

    found = invalid(pages, folder)
    assert not found, "\n".join(found)
