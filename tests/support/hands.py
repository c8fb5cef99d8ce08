"""How somebody uses a page: with the mouse, or with the keyboard alone."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, Page, expect

FARTHEST = 150  # presses of Tab to anything on a page


class Hands(Protocol):
    """What tests of a journey ask of whoever makes it."""

    def press(self, control: Locator) -> None:
        """A link, a button, a row that opens."""

    def write(self, field: Locator, text: str) -> None: ...

    def choose(self, field: Locator, text: str) -> None:
        """One of a select's choices."""

    def pick(self, field: Locator, text: str, choice: str) -> None:
        """In a searchable picker: type `text`, and take the choice that has `choice` in it."""


class Mouse:
    """Clicks; only what is written comes from the keyboard."""

    def press(self, control: Locator) -> None:
        control.click()

    def write(self, field: Locator, text: str) -> None:
        field.click()
        field.fill(text)

    def choose(self, field: Locator, text: str) -> None:
        field.select_option(text)

    def pick(self, field: Locator, text: str, choice: str) -> None:
        field.click()
        field.page.keyboard.type(text)
        field.page.get_by_role("option").filter(has_text=choice).first.click()


class Keyboard:
    """Walks with Tab from where the focus is, and never asks for it by other means."""

    def press(self, control: Locator) -> None:
        self._walk_to(control)
        is_box = control.get_attribute("type") == "checkbox"
        control.page.keyboard.press("Space" if is_box else "Enter")

    def write(self, field: Locator, text: str) -> None:
        self._walk_to(field)
        field.page.keyboard.press("ControlOrMeta+A")
        field.page.keyboard.type(text)

    def choose(self, field: Locator, text: str) -> None:
        self._walk_to(field)
        field.page.keyboard.type(text)
        expect(field.locator("option:checked")).to_have_text(text)

    def pick(self, field: Locator, text: str, choice: str) -> None:
        self._walk_to(field)
        keyboard = field.page.keyboard
        keyboard.type(text)
        options = field.page.get_by_role("option")
        wanted = options.filter(has_text=choice).first
        expect(wanted).to_be_visible()
        for _ in range(options.count()):
            if wanted.get_attribute("aria-selected") == "true":
                break
            keyboard.press("ArrowDown")
        keyboard.press("Enter")

    def _walk_to(self, control: Locator) -> None:
        expect(control).to_be_visible()
        page: Page = control.page
        for _ in range(FARTHEST):
            if control.evaluate("it => it === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{FARTHEST} times Tab, and the focus never came to {control}")
