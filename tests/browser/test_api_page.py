"""The readable page of the API's description, for whoever writes a program."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from support.browser import barriers, overflow, picture


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_of_the_api_is_for_everybody(page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/api/docs")

    expect(page.get_by_role("heading", name="The API of Halo Host")).to_be_visible()
    page.get_by_role("link", name="Imports", exact=True).click()
    opened = page.locator("details", has_text="Have the rows applied").first
    opened.locator("summary").focus()
    page.keyboard.press("Enter")

    expect(opened.get_by_text("Needs the role operator.")).to_be_visible()
    assert barriers(page) == []
    assert overflow(page) == 0
    picture(page, f"api-{scheme}-{width}")
