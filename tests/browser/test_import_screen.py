"""The import screen in a browser: the whole way, two operators, keyboard, looks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.acme import AGENT, CONNECTION, Desk
from support.agents import PASSWORD, add_agent
from support.browser import barriers, overflow, picture, pressed_until
from support.working import work

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.imports.change_sets import ChangeSet, State
from halo_host.imports.rules import Action
from halo_host.integrator.carriers import carriers
from halo_host.jobs.lease import JobStopped
from halo_host.jobs.presence import Presence

HISTORY = f"/integrations/{CONNECTION}/imports"
COMPANIES = ("Acme Ltd", "Warehouse", "Kestrel Bakery", "")


def payers(count: int) -> list[dict[str, Any]]:
    given = ("Ann", "Ben", "Cat", "Dan", "Eve", "Finn", "Gwen", "Hal")
    family = ("Archer", "Baker", "Cole", "Drew", "Ellis", "Ford", "Gray")
    return [
        {
            "id": f"CU{number:05}",
            "given_name": given[number % 8],
            "family_name": f"{family[number % 7]}",
            "email": f"payer{number}@example.com",
            "company": COMPANIES[number % 4],
            "city": "Leeds",
        }
        for number in range(1, count + 1)
    ]


@pytest.fixture
def waiting(desk: Desk) -> ChangeSet:
    """An import with every kind of row, which waits to be applied."""
    host = desk.host
    first = payers(130)
    for place in (3, 7):
        desk.add_user("Unsorted/Main", given_name="Kit", email=first[place]["email"])
    linked = [{**it, "city": "York"} for it in first[20:24]]
    desk.run(*linked)
    desk.ledger.write(*first, {"unreadable": "The record has no id."})
    number = host.reviews.start(CONNECTION, agent="Dana Whitlock").number
    work(host)
    return host.imports.get(number)


def test_from_import_users_to_undo(desk: Desk, page: Page, sign_in: Any, host: Host) -> None:
    desk.ledger.write(*payers(3))
    Presence(host.database, host.clock, 1).renew()
    sign_in(Role.OPERATOR)
    page.goto(HISTORY)
    page.get_by_role("button", name="Import Users").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting for an integrator")
    work(host)

    expect(page.get_by_text("Ready to review")).to_be_visible()
    page.get_by_label("Apply Ben Baker").uncheck()
    expect(page.get_by_role("status").get_by_text("2 of 3 rows will be applied")).to_be_visible()
    page.get_by_role("button", name="Apply 2").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_text("0 of 2 rows applied").last).to_be_visible()
    page.goto("/")  # whoever goes away stops nothing
    work(host)
    page.goto("/imports/1")
    expect(page.locator("h1")).to_contain_text("Applied")
    assert len(desk.names()) == 2

    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("2 new users are deleted")).to_be_visible()
    page.get_by_role("button", name="Take back 2 rows").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Taking back")
    work(host)
    expect(page.locator("h1")).to_contain_text("Undone")
    assert desk.names() == []


def test_two_operators_at_once(
    waiting: ChangeSet, page: Page, sign_in: Any, host: Host, browser: Browser, address: str
) -> None:
    sign_in(Role.OPERATOR)
    page.goto(f"/imports/{waiting.number}?action=new")
    context = browser.new_context(base_url=address)
    other = context.new_page()
    agent = add_agent(host, "Bea Second", Role.OPERATOR)
    other.goto("/sign-in")
    other.get_by_label("E-mail address").fill(agent.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.wait_for_url("**/")
    other.goto(f"/imports/{waiting.number}?action=new")
    other.get_by_role("button", name="Tick none").click()
    expect(other.get_by_role("status").get_by_text("left out").first).to_be_visible()
    context.close()

    boxes = page.locator("tbody input[type=checkbox]")
    expect(boxes.first).to_be_checked()
    boxes.first.click()
    expect(page.get_by_text("has changed since you loaded this page")).to_be_visible()
    expect(page.get_by_text("This is how it stands now")).to_be_visible()
    expect(page.locator("tbody input[type=checkbox]:checked")).to_have_count(0)
    expect(page.get_by_text("124 left out")).to_be_visible()
    assert host.imports.get(waiting.number).state is State.PLANNED


def test_after_a_tick_all_other_decisions_of_the_page_go_on(
    waiting: ChangeSet, page: Page, sign_in: Any, host: Host
) -> None:
    sign_in(Role.OPERATOR)
    page.goto(f"/imports/{waiting.number}?q=ann")
    said = page.get_by_role("status").filter(has_text="will be applied")
    page.locator("tbody input[type=checkbox]").first.uncheck()
    expect(said).to_contain_text("1 left out")
    page.get_by_role("button", name="Tick all").click()
    expect(said).not_to_contain_text("left out")

    page.goto(f"/imports/{waiting.number}")
    page.locator("tbody input[type=checkbox]").first.uncheck()
    expect(said).to_contain_text("1 left out")
    page.get_by_label("What to do with them").select_option("Skip the payer until it is released")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator("[data-toast]")).to_contain_text("2 conflicts")
    assert host.imports.get(waiting.number).count("open") == 0


@pytest.mark.parametrize(("width", "most"), [(1280, 110), (1024, 110)])
def test_a_review_is_read_row_below_row_at_ordinary_widths(
    waiting: ChangeSet, page: Page, sign_in: Any, width: int, most: int
) -> None:
    sign_in(Role.VIEWER)
    page.set_viewport_size({"width": width, "height": 800})
    for action in ("new", "update", "conflict"):
        page.goto(f"/imports/{waiting.number}?action={action}")
        heights = page.locator("tbody tr").evaluate_all(
            "rows => rows.map(it => it.getBoundingClientRect().height)"
        )
        assert heights
        assert max(heights) <= most
        assert overflow(page) <= 0


def test_how_many_fields_a_new_user_gets_is_one_line_on_a_phone(
    waiting: ChangeSet, page: Page, sign_in: Any
) -> None:
    sign_in(Role.VIEWER)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"/imports/{waiting.number}?action=new")

    count = page.get_by_text("5 fields", exact=True).first
    expect(count).to_be_visible()
    assert count.evaluate("it => it.getClientRects().length") == 1


def test_cancel_keeps_the_focus_while_the_progress_is_asked_for(
    desk: Desk, page: Page, sign_in: Any
) -> None:
    desk.ledger.write(*payers(3))
    sign_in(Role.OPERATOR)
    page.goto(HISTORY)
    page.get_by_role("button", name="Import Users").click()
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()

    for _ in range(2):
        with page.expect_response(re.compile("/progress")):
            pass
    page.wait_for_function("() => !document.querySelector('.htmx-swapping, .htmx-settling')")

    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Stopped")


def test_a_new_import_asks_before_it_replaces_an_open_review(
    waiting: ChangeSet, page: Page, sign_in: Any, host: Host
) -> None:
    sign_in(Role.OPERATOR)
    page.goto(HISTORY)
    page.get_by_role("button", name="Import Users…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("with all that was left out and placed by hand")
    assert barriers(page) == []
    dialog.get_by_role("button", name="Cancel").click()
    assert host.imports.get(waiting.number).state is State.PLANNED

    page.get_by_role("button", name="Import Users…").click()
    dialog.get_by_role("button", name="Discard it and import anew").click()
    expect(page.locator("h1")).to_contain_text("Waiting for an integrator")
    work(host)

    assert host.imports.get(waiting.number).state is State.DISCARDED


def test_rows_are_filtered_searched_sorted_and_paged(
    waiting: ChangeSet, page: Page, sign_in: Any
) -> None:
    sign_in(Role.VIEWER)
    page.goto(f"/imports/{waiting.number}")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("51–100 of")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Update")).click()
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.locator("tbody tr").first).to_contain_text("York")
    page.go_back()
    expect(page.get_by_text("51–100 of")).to_be_visible()

    page.get_by_label("Find rows").last.fill("payer77@")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"/imports/{waiting.number}?sort=name")
    expect(page.locator("tbody tr").first).to_contain_text("Ann Archer")


def test_a_conflict_is_placed_with_the_keyboard_alone(
    waiting: ChangeSet, page: Page, sign_in: Any, desk: Desk
) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Quentin", family_name="Quill")
    sign_in(Role.OPERATOR)
    page.goto(f"/imports/{waiting.number}?action=conflict")
    name = page.locator("tbody tr").first.get_by_role("link").first
    pressed_until(page, "Tab", lambda: bool(name.evaluate("it => it === document.activeElement")))
    page.keyboard.press("Enter")
    picker = page.get_by_label("Link to a user who is there").first
    pressed_until(page, "Tab", lambda: bool(picker.evaluate("it => it === document.activeElement")))
    page.keyboard.type("Quill")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text("Quentin Quill")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text(f"Linked to user {user} by hand.").first).to_be_visible()


def test_an_import_looks_well_and_has_no_barriers(
    waiting: ChangeSet, page: Page, sign_in: Any, desk: Desk
) -> None:
    sign_in(Role.OPERATOR)
    number = waiting.number
    conflict = desk.host.imports.rows(number, action=Action.CONFLICT)[0].position
    pages = {
        "history": HISTORY,
        "review": f"/imports/{number}",
        "updates": f"/imports/{number}?action=update",
        "conflicts": f"/imports/{number}?action=conflict",
        "row": f"/imports/{number}/rows/{conflict}",
        "applied": "/imports/1",
        "undo": "/imports/1/undo",
        "held": f"{HISTORY}/held",
    }
    for name, address in pages.items():
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(address)
            if name == "undo":
                expect(page.get_by_text("are deleted")).to_be_visible()
            assert barriers(page) == []
            assert overflow(page) <= 0
            picture(page, f"imports-{name}-{scheme}")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 360, "height": 780})
        page.goto(address)
        assert overflow(page) <= 0
        picture(page, f"imports-{name}-narrow")


def test_progress_has_no_barriers(desk: Desk, page: Page, sign_in: Any, host: Host) -> None:
    desk.ledger.write(*payers(2_500))
    Presence(host.database, host.clock, 1).renew()
    sign_in(Role.OPERATOR)
    change_set = host.reviews.start(CONNECTION, agent=AGENT)
    lease = host.jobs.claim()
    assert lease is not None
    lease.should_stop = _after(4)
    with pytest.raises(JobStopped):
        carriers(host)["import"](lease)
    page.goto(f"/imports/{change_set.number}")
    expect(page.get_by_text("payers read")).to_be_visible()
    assert barriers(page) == []
    picture(page, "imports-progress-light")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1")).to_contain_text("Stopped")


def _after(calls: int) -> Any:
    left = [calls]

    def should_stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return should_stop
