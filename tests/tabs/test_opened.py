"""Tabs within the pages of the host: clean, in time, and each for itself."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.acme import CONNECTION, Desk
from support.serving import eventually

from halo_host import PaymentQuery
from halo_host.errors import InvalidInput, NotFound
from halo_host.tabs.places import PLACES

SHORT = 0.2  # seconds for a tab that never comes
SOUTH = "south"


@pytest.fixture
def ann(desk: Desk) -> int:
    desk.run({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})
    return desk.user_of("CU1")


@pytest.fixture
def south(desk: Desk) -> Iterator[Any]:
    """A connection whose tabs behave badly; gives the module that lets the slow one go."""
    settings = {"ledger": str(desk.ledger.path), "api_key": "a-secret-key", "region": "south"}
    desk.host.connections.enable("acme-pay", settings, slug=SOUTH, agent="tester")
    tabs = importlib.import_module("acme_pay.tabs")
    tabs.let_go.clear()
    yield tabs
    tabs.let_go.set()
    eventually(lambda: desk.host.tabs.places.taken(SOUTH) == 0)


def test_a_tab_comes_as_a_clean_part_of_a_page(desk: Desk, ann: int) -> None:
    opened = desk.host.tabs.open(ann, CONNECTION, "payments")

    assert (opened.title, opened.error) == ("Acme Payments", None)
    assert (opened.takes_query, opened.is_linked, opened.is_mirrored) == (True, True, False)
    assert "£1,234.56" in opened.html
    assert "&lt;paid&gt;" in opened.html
    assert 'href="https://pay.example/CU1"' in opened.html
    assert "<html" not in opened.html


def test_a_user_without_a_payer_is_told_apart(desk: Desk) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Zoe")

    opened = desk.host.tabs.open(user, CONNECTION, "payments")

    assert opened.error is None
    assert not opened.is_linked


def test_a_tab_that_raises_is_an_error_that_names_its_plugin(desk: Desk, ann: int) -> None:
    opened = desk.host.tabs.open(ann, CONNECTION, "broken")

    assert opened.html == ""
    assert opened.title == "Broken"
    assert opened.error is not None
    assert "acme (acme-pay 1.2) failed in the tab broken" in opened.error.message


def test_scripts_in_template_and_values_come_to_nothing(desk: Desk, south: Any, ann: int) -> None:
    opened = desk.host.tabs.open(ann, SOUTH, "hostile")

    assert opened.error is None
    assert "&lt;script&gt;document.title" in opened.html
    for part in ("<script", "<style", "<form", "<img", "<iframe", "hx-get", "onclick", "btn"):
        assert part not in opened.html
    assert 'href="https://pay.example/fine"' in opened.html
    assert opened.html.count("href=") == 1


def test_tabs_that_hang_fill_their_places_and_nothing_else(
    desk: Desk, south: Any, ann: int
) -> None:
    tabs = desk.host.tabs
    for _ in range(PLACES):
        late = tabs.open(ann, SOUTH, "slow", seconds=SHORT)
        assert late.error is not None
        assert "south did not answer within 0.2 seconds" in late.error.message

    began = time.monotonic()
    refused = tabs.open(ann, SOUTH, "payments")
    assert time.monotonic() - began < 2
    assert refused.error is not None
    assert "has not answered them yet" in refused.error.message
    assert tabs.open(ann, CONNECTION, "payments").error is None

    south.let_go.set()
    eventually(lambda: tabs.places.taken(SOUTH) == 0)
    assert tabs.open(ann, SOUTH, "payments").error is None


def test_the_ribbon_has_the_tabs_of_every_connection(desk: Desk, south: Any, ann: int) -> None:
    headings = desk.host.tabs.ribbon(ann)

    assert [(it.connection, it.slug, it.badge) for it in headings] == [
        (CONNECTION, "payments", None),
        (CONNECTION, "broken", None),
        (SOUTH, "payments", None),
        (SOUTH, "broken", None),
        (SOUTH, "slow", None),
        (SOUTH, "hostile", "3"),
    ]


def test_a_connection_that_names_no_tabs_keeps_its_place_in_the_ribbon(
    desk: Desk, south: Any, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> None:
        raise LookupError

    monkeypatch.setattr("acme_pay.bad_tabs", crash)

    headings = desk.host.tabs.ribbon(ann)

    (failed,) = [it for it in headings if it.error is not None]
    assert (failed.connection, failed.slug, failed.title, failed.badge) == (
        SOUTH,
        "",
        "Acme Pay 2",
        "!",
    )
    assert len(headings) == 3


def test_a_connection_that_is_slow_to_name_its_tabs_keeps_no_other_back(
    desk: Desk, south: Any, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acme_pay.bad_tabs", lambda: south.let_go.wait(south.LONGEST) and ())

    headings = desk.host.tabs.ribbon(ann, seconds=SHORT)

    assert [it.slug for it in headings if it.connection == CONNECTION] == ["payments", "broken"]
    (late,) = [it for it in headings if it.connection == SOUTH]
    assert late.error is not None


def test_a_disabled_connection_that_kept_nothing_has_no_tab_in_the_ribbon(
    desk: Desk, ann: int
) -> None:
    desk.host.connections.disable(CONNECTION, agent="tester")

    assert desk.host.tabs.ribbon(ann) == []


def test_what_is_not_there_is_told(desk: Desk, ann: int) -> None:
    with pytest.raises(NotFound, match="Tabs: payments, broken"):
        desk.host.tabs.open(ann, CONNECTION, "nowhere")
    with pytest.raises(NotFound, match="no user 4711"):
        desk.host.tabs.open(4711, CONNECTION)
    with pytest.raises(NotFound, match="no connection nowhere"):
        desk.host.tabs.open(ann, "nowhere")


def test_a_disabled_connection_refuses_with_what_to_do(desk: Desk, ann: int) -> None:
    desk.host.connections.disable(CONNECTION, agent="tester")

    with pytest.raises(InvalidInput, match="is disabled"):
        desk.host.tabs.open(ann, CONNECTION, "payments", PaymentQuery())
