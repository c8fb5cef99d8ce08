"""What the pages say and refuse while an import waits for its review."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.bank import Bank, BankPlugin
from support.clock import Clock
from support.pages import Visitor, mistakes
from support.working import work

from halo_host import Connection, EndOfList, ExternalUser, hookimpl
from halo_host.imports.change_sets import State

ANN = {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
BEN = {"id": "CU2", "given_name": "Ben", "family_name": "Baker", "email": "ben@acme.example"}
IMPORTS = f"/integrations/{CONNECTION}/imports"
INTEGRATOR = f"/integrations/{CONNECTION}/integrator"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


@pytest.fixture
def review(desk: Desk, clock: Clock) -> int:
    """An import that waits, of a connection that has imported before."""
    desk.run(ANN)
    desk.ledger.write(ANN, BEN)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    clock.advance(hours=2)
    return number


def test_the_integrator_tab_says_what_the_users_wait_for(review: int, viewer: Visitor) -> None:
    page = viewer.get(INTEGRATOR)

    assert mistakes(page.text) == []
    assert f"Import {review} waits for its review" in text_of(page.text)
    assert f'Waits for the review of <a class="leads" href="/imports/{review}">' in page.text


class PayingBank(BankPlugin):
    """It has users as well as streams."""

    @hookimpl
    def halo_import_users(self, connection: Connection) -> Iterable[ExternalUser | EndOfList]:
        yield ExternalUser(id="CU1", given_name="Ann", email="ann@acme.example")
        yield EndOfList(records=1)


def test_the_health_tab_leads_to_the_review(desk: Desk, viewer: Visitor) -> None:
    host = desk.host
    host.plugins.add("bank", PayingBank(Bank(host.clock)))
    host.connections.enable(
        "bank", {}, agent=AGENT, matching={"default_site": desk.default_site.id}
    )
    number = host.reviews.start("bank", agent=AGENT).number
    work(host)

    page = viewer.get("/integrations/bank/health")

    assert mistakes(page.text) == []
    assert f'<a href="/imports/{number}">The review of import {number}</a>' in page.text
    told = host.health.look("bank").mirrors[0]
    assert (told.review, told.is_paused) == (number, False)


def test_the_import_tab_says_it_and_asks_before_it_is_replaced(
    review: int, operator: Visitor
) -> None:
    page = operator.get(IMPORTS)

    assert mistakes(page.text) == []
    assert "Imports by schedule wait until it is applied or discarded" in text_of(page.text)
    assert f"Replace import {review}?" in page.text


@pytest.mark.parametrize("part", ["users", "all"])
def test_now_leads_to_the_review(desk: Desk, review: int, operator: Visitor, part: str) -> None:
    known = len(desk.host.jobs.list(CONNECTION))

    answer = operator.post(f"{INTEGRATOR}/sync", {"part": part})

    assert answer.headers["Location"] == f"/imports/{review}"
    page = operator.get(f"/imports/{review}").text
    assert f"Nothing was begun, because import {review} waits for its review" in page
    assert len(desk.host.jobs.list(CONNECTION)) == known
    assert desk.host.imports.get(review).state is State.PLANNED


def test_import_users_leads_to_the_review_unless_that_one_is_to_be_replaced(
    desk: Desk, review: int, operator: Visitor
) -> None:
    for form in ({}, {"replaces": str(review - 1)}, {"replaces": "no number"}):
        assert operator.post(IMPORTS, form).headers["Location"] == f"/imports/{review}"
    assert [it.number for it in desk.host.imports.newest(CONNECTION)] == [review, review - 1]

    address = operator.post(IMPORTS, {"replaces": str(review)}).headers["Location"]
    work(desk.host)

    assert address == f"/imports/{review + 1}"
    assert desk.host.imports.get(review).state is State.DISCARDED
    assert desk.host.imports.get(review + 1).state is State.PLANNED


def test_a_tick_on_an_old_page_has_it_loaded_as_it_stands(
    desk: Desk, review: int, operator: Visitor
) -> None:
    version = str(desk.host.imports.get(review).version)
    ticks = f"/imports/{review}/ticks"
    assert operator.post(ticks, {"row": "1", "version": version}, HX_Request="true").text

    answer = operator.post(
        ticks, {"row": "1", "wanted": "1", "version": version}, HX_Request="true"
    )

    assert answer.headers["HX-Refresh"] == "true"
    page = operator.get(f"/imports/{review}").text
    assert "This is how it stands now" in page
    assert "0</strong> of 1 row will be applied" in page
