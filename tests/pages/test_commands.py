"""What the rooms advise as a command, pages tell as the page that does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from support.acme import Desk
from support.pages import Visitor, mistakes

import halo_host
from halo_host.errors import NotFound
from halo_host.host import Host
from halo_host.web.shell.commands import coded, in_words, place_of, told

ROOT = Path(halo_host.__file__).parent
# What is done at a keyboard alone, beside the server: no page can do it, or comes before any page.
AT_A_KEYBOARD = {
    *("database backup", "database copy", "database restore", "database upgrade", "secrets reset"),
    *("serve", "integrator", "demo", "directory load", "directory import", "customers add"),
    *("agents tokens", "agents unlink"),
}


def advised() -> set[str]:
    """Every command in a sentence of the host: names in braces stand for what they hold."""
    found = set()
    for path in ROOT.rglob("*.py"):
        if path.relative_to(ROOT).parts[0] in {"cli", "testing"}:
            continue
        text = re.sub(r'"\s*\n\s*f?"', "", path.read_text("utf-8"))  # a sentence in two lines
        for command in re.findall(r"`halo-host ([^`\n]+)`", text):
            filled = re.sub(r"{[^}]*(?:slug|integration)[^}]*}", "acme-pay", command)
            found.add(re.sub(r"{[^}]*}", "7", filled))
    return found


def test_every_command_in_a_sentence_has_its_page_or_is_for_a_keyboard_alone() -> None:
    commands = advised()
    assert len(commands) > 20

    homeless = {
        it
        for it in commands
        if place_of(it) is None and not any(it.startswith(known) for known in AT_A_KEYBOARD)
    }

    assert homeless == set()


def test_every_page_that_is_named_is_there(app: Flask, administrator: Visitor, desk: Desk) -> None:
    change_set = desk.run({"id": "CU1", "given_name": "Ann"}).number
    for command in advised():
        place = place_of(command.replace("7", str(change_set)))
        if place is not None:
            assert administrator.get(place.address).status_code == 200, (command, place)
            assert not re.search(r"[{}`]|halo-host", place.words), place


def test_a_sentence_leads_to_the_page() -> None:
    held = "Look at `halo-host import show 12`, then `halo-host import apply 12`, <or> `else`."

    assert in_words(held) == "Look at import 12, then apply it, <or> `else`."
    link = '<a class="leads" href="/imports/12">{}</a>'.format
    assert coded(held) == (
        f"Look at {link('import 12')}, then {link('apply it')}, &lt;or&gt; <code>else</code>."
    )
    assert in_words(
        "Choose one: `halo-host connections configure acme-pay --default-site SITE`"
    ) == ("Choose one: Integrations > acme-pay > Sites")


@pytest.mark.parametrize(
    ("command", "words", "address"),
    [
        ("users list", "Users", "/users"),
        ("connections enable acme-pay --slug bank", "Integrations > bank",
         "/integrations/bank/details"),
        ("connections enable INTEGRATION", "Integrations", "/integrations"),
        ("import show 3 --action conflict", "the rows of import 3", "/imports/3?action=conflict"),
        ("custom-fields add 'Acme, Ltd'", "Configuration > Custom Fields > New",
         "/configuration/custom-fields/new"),
    ],
)  # fmt: skip
def test_commands_and_their_pages(command: str, words: str, address: str) -> None:
    assert place_of(command) == (words, address)


@pytest.mark.parametrize(
    "command",
    ["database upgrade", "secrets reset", "users list; rm -rf /", "import show 1\" onclick=\"x", "",
     "connections configure ../../x --default-site 1 "],
)  # fmt: skip
def test_other_commands_stay_what_they_are(command: str) -> None:
    place = place_of(command)
    assert place is None or place.address == "/integrations"
    if place is None:
        assert "<a" not in coded(f"Run `halo-host {command}`.")


def test_an_odd_backtick_is_text() -> None:
    assert coded("a ` b <i>") == "a ` b &lt;i&gt;"
    assert in_words("``") == "``"


def test_what_is_told_beside_a_field_names_the_page() -> None:
    error = NotFound("There is no user 7.", advice="See `halo-host users list`.")

    assert told(error) == "There is no user 7. See Users."
    assert str(error) == "There is no user 7.\nSee `halo-host users list`."


def test_pages_of_errors_lead_on(administrator: Visitor, desk: Desk) -> None:
    shown = administrator.get("/users/77")
    short = administrator.htmx("/users/77")

    assert shown.status_code == short.status_code == 404
    assert '<a class="leads" href="/users">Users</a>' in shown.text
    assert mistakes(shown.text) == []
    assert "See Users" in short.get_json(force=True)["message"]
    for answer in (shown, short):
        assert "halo-host users" not in answer.text


def test_a_connection_that_cannot_import_leads_to_where_that_is_mended(
    administrator: Visitor, desk: Desk
) -> None:
    desk.host.connections.disable("acme-pay", agent="Test")

    answer = administrator.post("/integrations/acme-pay/integrator/sync", {"part": "users"})

    assert answer.status_code == 422
    assert (
        '<a class="leads" href="/integrations/acme-pay/details">Integrations &gt; Acme Pay</a>'
        in answer.text
    )


def test_before_anybody_can_sign_in_commands_stay_commands(visitor: Visitor, host: Host) -> None:
    text = visitor.get("/sign-in").text

    assert "<code>halo-host agents add</code>" in text
    assert "Configuration" not in text
