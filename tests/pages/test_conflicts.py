"""Deciding conflicts on pages: one after the other, all of a kind, with what helps to decide."""

from __future__ import annotations

import re

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.pages import Visitor, mistakes
from support.working import work

from halo_host.imports.change_sets import ChangeSet, RowState
from halo_host.imports.rules import Action

NAMES = ("Ann", "Ben", "Cat")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


@pytest.fixture
def waiting(desk: Desk) -> ChangeSet:
    """A review with three conflicts, at 1, 3 and 5, and new users between them."""
    payers = []
    for number, name in enumerate(NAMES):
        email = f"{name.lower()}@acme.example"
        desk.add_user("Unsorted/Main", given_name=name, email=email, phone=f"+44 113 {number}")
        payer = {"given_name": name, "email": email, "phone": f"+44 113 {number + 1}"}
        payers.append({"id": f"CU{number}", "company": "Acme Ltd", **payer})
        payers.append({"id": f"NEW{number}", "given_name": f"New{number}"})
    desk.ledger.write(*payers)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    found = desk.host.imports.get(number)
    assert found.count(action=Action.CONFLICT) == 3
    return found


def row_at(number: int, position: int, back: str) -> str:
    quoted = back.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    return f"/imports/{number}/rows/{position}?back={quoted}"


def test_each_decision_leads_to_the_next_conflict_and_the_last_to_the_list(
    desk: Desk, waiting: ChangeSet, operator: Visitor
) -> None:
    number = waiting.number
    conflicts = f"/imports/{number}?action=conflict"
    led_to = []
    for position in (3, 5, 1):
        version = str(desk.host.imports.get(number).version)
        form = {"choice": "skip", "version": version, "back": conflicts}
        answer = operator.post(f"/imports/{number}/rows/{position}", form)
        led_to.append(answer.headers["Location"])

    assert led_to == [
        row_at(number, 5, conflicts),
        row_at(number, 1, conflicts),
        f"{conflicts}#row-1",
    ]


def test_a_row_has_the_one_before_and_the_one_after_it_in_its_list(
    waiting: ChangeSet, viewer: Visitor
) -> None:
    number = waiting.number
    every, conflicts = f"/imports/{number}", f"/imports/{number}?action=conflict"
    down = f"{every}?sort=-name"

    def around(position: int, back: str) -> tuple[list[str], list[str]]:
        text = viewer.get(row_at(number, position, back)).text
        assert mistakes(text) == []
        found = [re.findall(rf'rel="{rel}" href="([^"]+)"', text) for rel in ("prev", "next")]
        return found[0], found[1]

    assert around(3, every) == ([row_at(number, 2, every)], [row_at(number, 4, every)])
    assert around(3, conflicts) == ([row_at(number, 1, conflicts)], [row_at(number, 5, conflicts)])
    assert around(1, conflicts)[0] == []
    assert around(5, conflicts)[1] == []
    assert around(3, down) == ([row_at(number, 5, down)], [row_at(number, 1, down)])


def test_a_candidates_email_and_phone_stand_beside_the_payers(
    waiting: ChangeSet, operator: Visitor
) -> None:
    said = text_of(operator.get(f"/imports/{waiting.number}/rows/1").text)

    payer, candidate = said.split("The payer, CU0")[1].split("Place it by hand")[0].split("User ")
    assert "E-mail address ann@acme.example" in payer
    assert "Phone +44 113 1" in payer
    assert "E-mail address ann@acme.example as the payer" in candidate
    assert "Phone +44 113 0 Company" in candidate


def test_all_of_a_kind_are_decided_at_once_from_the_list_of_everything(
    desk: Desk, waiting: ChangeSet, operator: Visitor
) -> None:
    page = operator.get(f"/imports/{waiting.number}").text
    assert "Decide many conflicts" in page
    assert "6 rows in all" in text_of(page)

    operator.post(
        f"/imports/{waiting.number}/conflicts",
        {
            "kind": "email-elsewhere",
            "choice": "candidate",
            "version": str(waiting.version),
        },
    )

    found = desk.host.imports.get(waiting.number)
    assert found.count(RowState.OPEN) == 0
    assert found.count(action=Action.LINK) == 3
