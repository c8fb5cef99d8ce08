"""What the macros draw works with mouse and keyboard, and bars nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect
from support.browser import barriers, overflow, serving_pages

from halo_host.agents.roles import Role
from halo_host.host import Host

from . import parts
from .conftest import SignIn


@pytest.fixture
def address(host: Host) -> Iterator[str]:
    with serving_pages(host, parts.views) as url:
        yield url


@pytest.fixture
def shown(page: Page, sign_in: SignIn) -> Page:
    """The page of all parts, for an operator."""
    sign_in(Role.OPERATOR)
    page.goto("/parts")
    return page


def choices(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Default Site").get_by_role("option")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_part_has_a_barrier_or_sticks_out(shown: Page, colours: str, width: int) -> None:
    shown.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    shown.set_viewport_size({"width": width, "height": 800})
    found = barriers(shown)
    assert overflow(shown) <= 0

    shown.get_by_role("textbox", name="Name").fill("")
    shown.get_by_role("button", name="Save").evaluate("it => it.form.noValidate = true")
    shown.get_by_role("button", name="Save").click()
    expect(shown.get_by_role("alert")).to_be_focused()
    found += barriers(shown)

    shown.get_by_role("combobox", name="Default Site").click()
    expect(choices(shown).first).to_be_visible()
    found += barriers(shown)

    shown.keyboard.press("Escape")
    shown.get_by_role("button", name="Delete").click()
    found += barriers(shown)
    assert found == []


def test_a_picker_is_searched_and_chosen_with_the_keyboard(shown: Page) -> None:
    picker = shown.get_by_role("combobox", name="Default Site")
    picker.focus()
    expect(choices(shown)).to_have_count(10)
    shown.keyboard.type("Site 3")
    expect(choices(shown).first).to_contain_text("Site 3")
    shown.keyboard.press("ArrowDown")
    expect(choices(shown).and_(shown.get_by_role("option", selected=True))).to_contain_text(
        "Site 30"
    )
    shown.keyboard.press("Enter")

    expect(picker).to_have_value("Site 30")
    expect(choices(shown).first).to_be_hidden()
    shown.get_by_role("button", name="Save").click()
    expect(shown.get_by_text("Saved with site 30.")).to_be_visible()


def test_a_picker_is_chosen_with_the_mouse_and_takes_no_other_text(shown: Page) -> None:
    picker = shown.get_by_role("combobox", name="Default Site")
    picker.click()
    choices(shown).filter(has_text=re.compile("^Site 2")).click()
    expect(picker).to_have_value("Site 2")

    picker.fill("no such site")
    expect(shown.get_by_text("Nothing found.")).to_be_visible()
    shown.keyboard.press("Tab")
    expect(picker).to_have_value("Site 2")

    picker.fill("")
    shown.keyboard.press("Tab")
    expect(picker).to_have_value("")


def test_what_is_typed_into_a_picker_and_no_choice_is_not_saved(shown: Page) -> None:
    picker = shown.get_by_role("combobox", name="Default Site")
    picker.click()
    choices(shown).filter(has_text=re.compile("^Site 2")).click()
    picker.fill("no such site")
    expect(shown.get_by_text("Nothing found.")).to_be_visible()
    picker.evaluate("text => text.form.requestSubmit()")

    expect(shown.get_by_text("Saved with site 2.")).to_be_visible()


def test_a_filter_changes_the_list_and_the_address_and_the_way_back(shown: Page) -> None:
    rows = shown.get_by_role("row").filter(has_text="Services")
    expect(rows).to_have_count(5)
    shown.get_by_role("searchbox", name="Find payments").fill("x")
    expect(shown).to_have_url(re.compile(r"\?q=x&status=$"))

    shown.get_by_label("Status", exact=True).select_option("Failed")
    expect(rows).to_have_count(1)
    expect(shown).to_have_url(re.compile(r"\?q=x&status=Failed$"))
    shown.get_by_role("link", name="Amount").click()
    expect(shown).to_have_url(re.compile(r"status=Failed&sort=amount$"))
    expect(shown.get_by_label("Status", exact=True)).to_have_value("Failed")

    shown.go_back()
    expect(rows).to_have_count(1)
    shown.go_back()
    expect(rows).to_have_count(5)
    expect(shown.get_by_role("searchbox", name="Find payments")).to_have_value("x")


def test_unsaved_changes_are_guarded(shown: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    shown.on("dialog", stay)
    shown.get_by_label("Note").press_sequentially("x")
    shown.get_by_role("link", name="Cancel").click()
    expect(shown.get_by_label("Note")).to_have_value("x")
    assert asked == ["beforeunload"]

    shown.get_by_role("button", name="Save").click()
    expect(shown.get_by_text("Saved with site")).to_be_visible()
    assert asked == ["beforeunload"]


def test_a_payment_opens_at_the_provider_by_double_click_and_by_enter(shown: Page) -> None:
    row = shown.get_by_role("row").filter(has_text="Services 2")
    with shown.expect_popup() as opened:
        row.get_by_role("cell").nth(2).dblclick()
    assert opened.value.url.endswith("/payments/2")
    assert opened.value.evaluate("window.opener") is None

    row.focus()
    shown.keyboard.press("ArrowDown")
    with shown.expect_popup() as opened:
        shown.keyboard.press("Enter")
    assert opened.value.url.endswith("/payments/3")


def test_a_row_opens_its_page_by_a_click(shown: Page) -> None:
    shown.get_by_role("cell", name="Head office").click()

    expect(shown).to_have_url(re.compile(r"from=row"))


def test_a_question_stands_before_what_cannot_be_taken_back(shown: Page) -> None:
    shown.get_by_role("button", name="Delete").click()
    dialog = shown.get_by_role("dialog", name="Delete Acme Ltd?")
    expect(dialog).to_be_visible()
    shown.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    shown.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_a_part_that_fails_says_why_beside_the_page(shown: Page) -> None:
    shown.get_by_role("button", name="Fail").click()
    message = shown.locator("[data-toast]").filter(has_text="Another import runs. Wait for it.")
    expect(message).to_be_visible()
    message.get_by_role("button", name="Dismiss").click()
    expect(message).to_have_count(0)

    shown.get_by_role("button", name="Work").click()
    expect(shown.locator("#answer")).to_have_text("It worked")
    expect(shown.locator("[data-toast]").filter(has_text="Done.")).to_be_visible()


def test_a_session_that_is_over_leads_to_signing_in_and_back(shown: Page, host: Host) -> None:
    host.agents.end_sessions(agent="Somebody")

    shown.get_by_role("button", name="Work").click()

    expect(shown).to_have_url(re.compile(r"/sign-in\?next=/parts"))
