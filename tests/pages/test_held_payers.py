"""The page of held payers: why each is held, and letting go of all of an import."""

from __future__ import annotations

import re

from support.acme import AGENT, CONNECTION, Desk
from support.pages import Visitor, mistakes
from support.working import work

from halo_host.imports.held import Reason
from halo_host.imports.resolve import Skip
from halo_host.web.imports.held import REASONS

ANN = {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
BEN = {"id": "CU2", "given_name": "Ben", "family_name": "Baker", "email": "ben@acme.example"}
HELD = f"/integrations/{CONNECTION}/imports/held"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def undone(desk: Desk, *payers: dict[str, str]) -> int:
    number = desk.run(*payers).number
    desk.host.reviews.undo(number, agent=AGENT)
    work(desk.host)
    return number


def left_out(desk: Desk, payer: dict[str, str]) -> int:
    """The number of an import that waited for its review, and was applied without this payer."""
    desk.ledger.write(payer)
    number = desk.host.reviews.start(CONNECTION, agent=AGENT).number
    work(desk.host)
    desk.host.reviews.tick(number, False, [1], agent=AGENT)
    desk.host.reviews.apply(number, agent=AGENT, hold_left_out=True)
    work(desk.host)
    return number


def held(desk: Desk) -> list[str]:
    return [payer.external_id for payer in desk.host.imports.held(CONNECTION)]


def test_each_payer_is_shown_with_why_it_is_held(desk: Desk, operator: Visitor) -> None:
    first, second = undone(desk, ANN), left_out(desk, BEN)
    desk.add_user("Unsorted/Main", given_name="Eve", email="eve@acme.example")
    third = desk.run({"id": "CU3", "given_name": "Eve", "email": "eve@acme.example"}).number
    desk.host.imports.resolve(third, 1, Skip(), agent=AGENT)

    page = operator.get(HELD).text

    assert mistakes(page) == []
    said = text_of(page)
    assert re.search(rf"CU1 Ann Archer Undone .* Import {first} CU2", said)
    assert re.search(rf"CU2 Ben Baker Left out of the import .* Import {second} CU3", said)
    assert re.search(rf"CU3 Eve Skipped by hand .* Import {third} ", said)
    assert "they were left out of an import" in said


def test_every_reason_has_its_words(desk: Desk, operator: Visitor) -> None:
    assert set(REASONS) == set(Reason)
    page = operator.get(HELD).text
    assert mistakes(page) == []
    assert "skipped by hand or left out of an import, or whose import was undone" in page


def test_all_of_one_import_are_released_and_those_of_another_stay(
    desk: Desk, operator: Visitor
) -> None:
    first, second = undone(desk, ANN, BEN), undone(desk, {"id": "CU3", "given_name": "Cat"})
    said = text_of(operator.get(HELD).text)
    assert f"Release all 2 of import {first} " in said
    assert f"Release the one of import {second} " in said

    answer = operator.post(HELD, {"change_set": str(first)})

    assert answer.headers["Location"] == HELD
    assert held(desk) == ["CU3"]
    shown = operator.get(HELD).text
    assert "2 payers released" in shown
    assert f"of import {first} " not in text_of(shown)


def test_an_import_that_holds_no_payer_any_more_releases_none(
    desk: Desk, operator: Visitor
) -> None:
    undone(desk, ANN)

    for number in ("99", "all", "9" * 30):
        operator.post(HELD, {"change_set": number, "payer": "CU1"})
        assert held(desk) == ["CU1"]
        assert "No payer of this import is held any more." in operator.get(HELD).text


def test_many_imports_keep_their_buttons_folded(desk: Desk, operator: Visitor) -> None:
    for number in range(8):
        undone(desk, {"id": f"CU{number}", "given_name": "Ann"})

    page = operator.get(HELD).text

    assert mistakes(page) == []
    assert "2 earlier imports" in page
    assert page.count('name="change_set"') == 8


def test_a_viewer_releases_nothing(desk: Desk, viewer: Visitor) -> None:
    undone(desk, ANN)

    page = viewer.get(HELD).text

    assert mistakes(page) == []
    assert "Release" not in page
    assert viewer.post(HELD, {"change_set": "1"}).status_code == 403
    assert held(desk) == ["CU1"]
