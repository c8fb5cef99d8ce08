"""What the pages say before an import is taken back: whose values, which stay, in good English."""

from __future__ import annotations

import re

from support.acme import AGENT, CONNECTION, Desk
from support.pages import Visitor, mistakes

from halo_host.imports.resolve import Skip

ANN = {"id": "CU1", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
BEN = {"id": "CU2", "given_name": "Ben", "family_name": "Baker", "email": "ben@acme.example"}


def preview(visitor: Visitor, number: int) -> str:
    text = visitor.htmx(f"/imports/{number}/undo").text
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", text))


def test_it_names_users_and_the_values_that_come_back(desk: Desk, operator: Visitor) -> None:
    desk.run({**ANN, "city": "York"})
    number = desk.run({**ANN, "city": "Leeds"}).number

    said = preview(operator, number)

    assert "1 user gets back the values that were there" in said
    assert "Ann Archer Unsorted / Main Values as before City Leeds York" in said
    assert "The payer is then held: imports leave it alone until somebody releases it." in said
    assert "Take back 1 row " in said


def test_it_names_who_is_deleted_and_who_stays(desk: Desk, operator: Visitor) -> None:
    number = desk.run(ANN, BEN).number
    desk.edit(desk.user_of("CU2"), city="Hull")

    said = preview(operator, number)

    assert "1 new user is deleted" in said
    assert "Ann Archer Ann Archer Unsorted / Main The user is deleted" in said
    assert "1 row cannot be taken back" in said
    assert "Ben Baker Ben Baker Row 2 Changed since" in said


def test_a_skipped_payer_is_released_and_none_is_held(desk: Desk, operator: Visitor) -> None:
    desk.add_user("Unsorted/Main", given_name="Ann", email="ann@acme.example")
    number = desk.run({**ANN, "company": "Acme Ltd"}).number
    desk.host.imports.resolve(number, 1, Skip(), agent=AGENT)
    assert len(desk.host.imports.held(CONNECTION)) == 1

    said = preview(operator, number)

    assert "1 skipped payer is released: the next import looks at it again" in said
    assert "held" not in said


def test_a_long_name_is_cut_and_stands_whole_in_its_title(desk: Desk, operator: Visitor) -> None:
    number = desk.run({**ANN, "given_name": "Anna" * 22, "family_name": "Berg" * 22}, BEN).number
    desk.edit(desk.user_of("CU2"), city="Hull")

    whole = operator.get(f"/imports/{number}/undo").text
    preview = operator.htmx(f"/imports/{number}/undo").text

    start, end = whole.index('<div id="undo-preview"'), whole.rindex("</main>")
    assert mistakes(whole[:start] + preview + whole[end:]) == []
    assert f'<span class="row-name" title="{"Anna" * 22} {"Berg" * 22}">' in preview
    assert preview.count("<table") == 2, "what is taken back, and what stays"
