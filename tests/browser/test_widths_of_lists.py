"""Lists of payments, changes and imports at the widths of screens, with what makes them wide."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.acme import AGENT, CONNECTION, Desk
from support.browser import barriers, overflow, picture
from support.mirror import Mirror
from support.working import work

from halo_host.agents.roles import Role
from halo_host.imports.change_sets import ChangeSet

from .conftest import SignIn

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"
WIDTHS = (1024, 1280, 360)
UNBROKEN = {"id": "CU1", "given_name": "Anna" * 22, "family_name": "Berg" * 22}
ANN = {"id": "CU2", "given_name": "Ann", "family_name": "Archer", "email": "ann@acme.example"}
CUT_OFF = "it => it.scrollWidth - it.clientWidth"
TALLEST = "Math.max(...[...document.querySelectorAll('tbody tr')].map(it => it.offsetHeight))"
TURNED = "\u202e"  # what follows is written from right to left
# Where a word's first and last letter stand in the page, from the left or from the top.
_ENDS = """(it, word) => {{
    const walk = document.createTreeWalker(it, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {{
        const at = node.data.indexOf(word);
        if (at < 0) continue;
        return [at, at + word.length - 1].map(place => {{
            const range = document.createRange();
            range.setStart(node, place);
            range.setEnd(node, place + 1);
            return range.getBoundingClientRect().{side};
        }});
    }}
    throw new Error(`${{word}} is not there`);
}}"""
ENDS_OF_WORD, ENDS_OF_LINES = _ENDS.format(side="x"), _ENDS.format(side="y")


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def undoable(desk: Desk) -> ChangeSet:
    """An import of a payer whose name has no blanks, and of one with an ordinary name."""
    return desk.run(UNBROKEN, ANN)


@pytest.mark.parametrize("width", [1024, 1280, 1366, 360])
def test_payments_with_long_statuses_are_as_wide_as_the_page(
    page: Page, desk: Desk, sign_in: SignIn, width: int
) -> None:
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(desk.host, "bank")
    mirror.filled()
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Mateo", family_name="Featherstone")
    mirror.link("CU1", user)
    mirror.payment(
        "PM00TEWV88GZ2K",
        amount=12_345_678,
        amount_refunded=1_234_567,
        status="customer_approval_denied",
        description="Quarterly maintenance of the premises",
        reference="INV-2026-000123",
    )
    page.set_viewport_size({"width": width, "height": 800})
    sign_in()
    page.goto("/payments")
    expect(page.locator("#totals")).to_contain_text("in 1 payment")

    page.locator("#rows tbody").scroll_into_view_if_needed()
    picture(page, f"widths-payments-{width}")
    assert overflow(page) <= 0
    assert page.locator("#rows .table-responsive").evaluate(CUT_OFF) <= 0
    assert barriers(page) == []


@pytest.mark.parametrize("width", [1024, 1280])
def test_the_audit_log_breaks_no_ordinary_word(
    page: Page, desk: Desk, sign_in: SignIn, width: int
) -> None:
    user = desk.add_user(
        "Unsorted/Main", given_name="Demo", family_name="Administrator", company="Calder & Sons"
    )
    desk.host.directory.edit_user(user, {"email": "administrator@example.com"}, agent="Dana Whit")
    page.set_viewport_size({"width": width, "height": 800})
    sign_in()
    page.goto("/activity/audit")
    named = page.get_by_role("link", name="Demo Administrator").first
    picture(page, f"widths-audit-{width}")

    first, last = named.evaluate(ENDS_OF_LINES, "Administrator")
    assert first == last, "the word stands on two lines"
    assert overflow(page) <= 0
    assert page.locator("#rows .table-responsive").evaluate(CUT_OFF) <= 0


@pytest.mark.parametrize("width", WIDTHS)
def test_a_name_without_blanks_takes_no_more_than_its_column(
    page: Page, desk: Desk, undoable: ChangeSet, sign_in: SignIn, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(Role.OPERATOR)
    page.goto(f"/imports/{undoable.number}/undo")
    expect(page.get_by_role("heading", name="Row by row")).to_be_visible()
    _is_read_at_a_glance(page, f"undo-{width}", width)

    desk.host.reviews.undo(undoable.number, agent=AGENT)
    work(desk.host)
    page.goto(f"/integrations/{CONNECTION}/imports/held")
    expect(page.get_by_role("button", name="Release all 2 of import 1")).to_be_visible()
    _is_read_at_a_glance(page, f"held-{width}", width)


def _is_read_at_a_glance(page: Page, name: str, width: int) -> None:
    picture(page, f"widths-{name}")
    assert overflow(page) <= 0
    assert page.locator(".table-responsive").evaluate(CUT_OFF) <= 0
    assert page.evaluate(TALLEST) <= (300 if width == 360 else 95)
    assert barriers(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_candidate_is_like_is_read_beside_its_button(
    page: Page, desk: Desk, sign_in: SignIn, width: int
) -> None:
    desk.add_user(
        "Unsorted/Main",
        given_name="Maximilian Alexander",
        family_name="Featherstonehaugh-Cholmondeley",
        email="ann@acme.example",
    )
    number = desk.run({**ANN, "company": "Acme Ltd"}).number
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(Role.OPERATOR)
    page.goto(f"/imports/{number}/rows/1")
    candidate = page.get_by_role("listitem").filter(
        has=page.get_by_role("button", name="Link to Maximilian")
    )
    picture(page, f"widths-candidate-{width}")

    box = candidate.locator(".line-text").bounding_box()
    assert box is not None
    assert box["width"] >= 200
    first, last = candidate.evaluate(ENDS_OF_LINES, "E-mail")
    assert first == last, "the word stands on two lines"
    assert overflow(page) <= 0
    assert barriers(page) == []


def test_a_name_that_turns_the_direction_turns_no_word_of_the_host(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    name = f"Ann{TURNED}"
    desk.add_user("Unsorted/Main", given_name=name, email="ann@acme.example")
    number = desk.run(
        {**ANN, "given_name": name, "company": f"Calder{TURNED}", "phone": "0123"},
        {"id": "CU3", "given_name": name, "company": f"Sons{TURNED}", "phone": "0124"},
    ).number
    sign_in(Role.OPERATOR)
    page.goto(f"/imports/{number}")
    picture(page, "widths-turned-list")
    for shown, word in (
        (page.locator("#row-1 .row-reason"), "address"),
        (page.locator("#row-2 .row-reason"), "Default"),
        (page.locator("#row-2 .row-values"), "fields"),
    ):
        first, last = shown.evaluate(ENDS_OF_WORD, word)
        assert first < last, f"{word} is written backwards"
    page.goto(f"/imports/{number}/rows/1")
    picture(page, "widths-turned-row")
    first, last = page.locator(".row-why").evaluate(ENDS_OF_WORD, "address")
    assert first < last, "the sentence is written backwards"
    expect(page.locator("h1")).to_contain_text(name)  # which itself is shown as it is
