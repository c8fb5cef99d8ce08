"""The search over customers, users and payments."""

from __future__ import annotations

from support.acme import AGENT, Desk
from support.pages import Visitor


def suggestions(visitor: Visitor, asked: str) -> str:
    answer = visitor.htmx(f"/search?q={asked}", X_Halo_Part="suggestions")
    assert answer.status_code == 200
    return answer.text


def test_customers_and_users_are_found_by_a_part_of_their_names(
    viewer: Visitor, desk: Desk
) -> None:
    user = desk.add_user("Warehouse", given_name="Ada", family_name="Acmeson")

    text = viewer.get("/search?q=acme").text

    assert f'href="/users/{user}">Ada Acmeson' in text
    assert f'href="/customers/{desk.acme.id}">Acme Ltd' in text


def test_suggestions_are_links_alone_and_only_a_few(viewer: Visitor, desk: Desk) -> None:
    for number in range(9):
        desk.add_user("Warehouse", given_name=f"Robot {number}")

    text = suggestions(viewer, "robot")

    assert "<html" not in text
    assert text.count('href="/users/') == 5
    assert 'href="/search?q=robot"' in text
    assert suggestions(viewer, "r").strip() == ""
    assert "Nothing is found" in suggestions(viewer, "zzzz")


def test_a_user_is_found_by_the_payers_id_and_by_reference(viewer: Visitor, desk: Desk) -> None:
    desk.run({"id": "CU000123", "given_name": "Bea", "company": "Acme Ltd"})
    user = desk.user_of("CU000123")
    other = desk.host.directory.add_user(
        "Warehouse", {"given_name": "Cy"}, reference="REF-9", agent=AGENT
    )

    assert f'href="/users/{user}"' in suggestions(viewer, "CU000123")
    assert f'href="/users/{other.id}"' in suggestions(viewer, "REF-9")


def test_nothing_asked_and_nonsense_are_pages_too(viewer: Visitor) -> None:
    for query in ("", "?q=", "?q=%00", "?q=%25%5C_'\"", f"?q={'x ' * 500}"):
        assert viewer.get(f"/search{query}").status_code == 200


def test_the_answer_differs_by_the_part_that_is_asked_for(viewer: Visitor) -> None:
    assert "X-Halo-Part" in viewer.get("/search?q=a").headers["Vary"]
