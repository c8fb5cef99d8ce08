"""From the tile to a connection that works, as people do it with mouse and keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect
from support.acme import Desk
from support.agents import BY
from support.banked import Banked
from support.browser import barriers, overflow, picture
from support.serving import SECRET, signed

from halo_host.agents.roles import Role
from halo_host.connections.matching import Policy
from halo_host.host import Host

from .conftest import SignIn

TABS = ("details", "sites", "mappings", "integrator", "health")


@pytest.fixture
def banked(host: Host) -> Banked:
    return Banked(host)


def option(page: Page, picker: str, text: str) -> Locator:
    return page.get_by_role("listbox", name=picker).get_by_role("option").filter(has_text=text)


def test_an_administrator_enables_configures_and_maps_without_a_manual(
    page: Page, host: Host, desk: Desk, sign_in: SignIn
) -> None:
    sign_in()
    page.get_by_role("link", name="Integrations").first.click()
    page.get_by_role("searchbox", name="Search integrations").fill("acme")
    expect(page).to_have_url(re.compile("q=acme"))  # what is clicked is not replaced just then
    page.get_by_role("link", name="Another connection of Acme Pay").click()

    page.get_by_label("Name of the connection").fill("Acme Leeds")
    page.get_by_label("Ledger file").fill(str(desk.ledger.path))
    page.get_by_label("API key").fill("short")
    page.get_by_label("Region").select_option("south")
    page.get_by_role("button", name="Enable").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="API key is shorter than 8 characters.").click()
    expect(page.get_by_label("API key")).to_be_focused()
    page.keyboard.type("long-enough-key")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme Leeds")
    expect(page.locator("#test")).to_contain_text("The connection works")
    expect(page.locator("#test")).to_contain_text("Acme Account")
    expect(page.get_by_text("Acme Leeds is enabled.")).to_be_visible()
    picture(page, "integrations-enabled")

    page.get_by_role("link", name="Say where new users go").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("combobox", name="Default Site").click()
    page.keyboard.type("ware")
    option(page, "Default Site", "Acme Ltd / Warehouse").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("dd").filter(has_text="Acme Ltd / Warehouse")).to_be_visible()

    page.get_by_role("navigation", name="Tabs of Acme Leeds").get_by_text("Field mappings").click()
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_role("combobox", name="Field at the provider").click()
    option(page, "Field at the provider", "such as Leeds").click()
    page.get_by_role("combobox", name="Field of the user").click()
    page.keyboard.type("Branch")
    option(page, "Field of the user", "Make this Text field of users").click()
    picture(page, "integrations-mapping-add")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text="Branch")
    expect(row).to_contain_text("office")
    expect(row).to_contain_text("Leeds")

    save = row.get_by_role("button", name="Save: When Branch is written")
    expect(save).to_be_hidden()
    row.get_by_label("When Branch is written", exact=True).select_option("keep")
    assert host.connections.mappings("acme-leeds")[0].policy is Policy.FOLLOW
    save.click()
    expect(page.get_by_text("The policy of Branch is changed.")).to_be_visible()
    assert host.connections.mappings("acme-leeds")[0].policy is Policy.KEEP
    picture(page, "integrations-mappings")
    row.get_by_role("button", name="Remove the mapping of Branch").click()
    question = page.get_by_role("dialog", name="Remove the mapping of Branch?")
    question.get_by_role("button", name="Cancel").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Remove the mapping of Branch").click()
    picture(page, "integrations-mapping-remove")
    question.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No field is mapped")).to_be_visible()


def test_arrow_keys_choose_a_policy_and_save_nothing_until_save(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    desk.host.directory.add_custom_field("Branch", agent=BY)
    desk.host.connections.map_field("acme-pay", "office", "Branch", Policy.FOLLOW, agent=BY)
    sign_in(Role.OPERATOR)
    page.goto("/integrations/acme-pay/mappings")
    expect(page.get_by_role("row").filter(has_text="Branch")).to_contain_text("Leeds")
    policy = page.get_by_label("When Branch is written", exact=True)
    policy.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(policy).to_have_value("new-users")
    assert desk.host.connections.mappings("acme-pay")[0].policy is Policy.FOLLOW

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("The policy of Branch is changed.")).to_be_visible()
    assert desk.host.connections.mappings("acme-pay")[0].policy is Policy.NEW_USERS
    expect(policy).to_be_focused()
    expect(page.get_by_role("button", name="Save: When Branch is written")).to_be_hidden()


def test_a_key_that_is_typed_by_mistake_is_asked_about(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    sign_in(Role.OPERATOR)
    page.goto("/integrations/acme-pay/mappings/add")
    page.get_by_role("combobox", name="Field at the provider").click()
    page.keyboard.type("off")
    expect(option(page, "Field at the provider", "Not known at the provider")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Field of the user").click()
    page.keyboard.type("Branch")
    option(page, "Field of the user", "Make this Text field of users").click()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("Did you mean “office”?")
    picture(page, "integrations-mapping-unknown")
    assert barriers(page) == []
    assert desk.host.connections.mappings("acme-pay") == []
    page.get_by_label("Use it anyway").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="Branch")).to_contain_text("off")


def test_a_click_anywhere_on_an_enabled_tile_opens_it(
    page: Page, desk: Desk, sign_in: SignIn
) -> None:
    sign_in(Role.VIEWER)
    page.goto("/integrations")

    page.get_by_text("Payers in a file.").click(force=True)  # the link lies over it

    expect(page).to_have_url(re.compile("/integrations/acme-pay/details$"))


def test_unsaved_changes_are_guarded(page: Page, desk: Desk, sign_in: SignIn) -> None:
    sign_in()
    page.goto("/integrations/acme-pay/details/edit")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.get_by_label("Name of the connection").fill("Another name")
    page.get_by_role("link", name="Sites").click()
    page.wait_for_url("**/sites")

    assert asked == ["beforeunload"]


def test_disabling_asks_first_and_says_what_stays(
    page: Page, host: Host, desk: Desk, sign_in: SignIn
) -> None:
    sign_in()
    page.goto("/integrations/acme-pay/details")
    page.get_by_role("button", name="Disable").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("stay readable")
    assert barriers(page) == []
    dialog.get_by_role("button", name="Disable").click()

    expect(page.get_by_text("This connection is disabled")).to_be_visible()
    assert not host.connections.get("acme-pay").enabled
    page.get_by_role("button", name="Enable again").click()
    expect(page.get_by_text("This connection is disabled")).to_have_count(0)


def test_a_run_is_followed_live_from_sync_now_to_its_end(
    page: Page, banked: Banked, sign_in: SignIn
) -> None:
    sign_in(Role.OPERATOR)
    page.goto("/integrations/bank/integrator")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#work")).to_contain_text("Queued")

    with banked.working_slowly() as go_on:
        expect(page.locator("#work")).to_contain_text("Running")
        picture(page, "integrations-running")
        go_on.set()
        expect(page.get_by_role("table", name="Runs").get_by_role("row").nth(1)).to_contain_text(
            "Done"
        )
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    picture(page, "integrations-integrator")


def test_the_mirror_is_verified_from_the_health_tab(
    page: Page, banked: Banked, sign_in: SignIn
) -> None:
    banked.sync()
    sign_in(Role.OPERATOR)
    page.goto("/integrations/bank/health")
    expect(page.get_by_text("The mirror was never compared with the provider.")).to_be_visible()

    page.get_by_role("button", name="Verify now").click()
    expect(page.locator("#proof")).to_contain_text("Queued")
    banked.work()

    expect(page.locator("#proof")).to_contain_text("No difference")
    picture(page, "integrations-health")


def test_a_delivery_is_looked_at_and_replayed(page: Page, desk: Desk, sign_in: SignIn) -> None:
    _deliver(desk)
    sign_in(Role.OPERATOR)
    page.goto("/integrations/acme-pay/health")
    expect(page.get_by_label("Address to register at the provider")).to_have_value(
        re.compile("/webhooks/acme-pay$")
    )
    page.get_by_role("table", name="Webhook deliveries").get_by_role("row").nth(1).click()

    expect(page.get_by_label("Payload")).to_contain_text('"id": "D1"')
    picture(page, "integrations-delivery")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("1 delivery is replayed")).to_be_visible()
    assert desk.host.webhooks.get(1).delivery.replays == 1


def _deliver(desk: Desk) -> None:
    desk.host.connections.configure("acme-pay", settings={"webhook_secret": SECRET}, agent=BY)
    body = b'{"id": "D1", "events": []}'
    answer = desk.host.webhooks.receive("acme-pay", signed(body), lambda limit: body[:limit])
    assert answer.is_good
    with desk.host.jobs.holding("webhooks", "acme-pay", agent=BY) as held:
        held.result = desk.host.webhooks.process(held.lease) or "Nothing."


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_page_has_a_barrier_or_sticks_out(
    page: Page, desk: Desk, banked: Banked, sign_in: SignIn, colours: str, width: int
) -> None:
    banked.sync()
    _deliver(desk)
    desk.host.directory.add_custom_field("Branch", agent=BY)
    desk.host.connections.map_field("acme-pay", "office", "Branch", Policy.FOLLOW, agent=BY)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    sign_in()
    paths = [f"/integrations/acme-pay/{tab}" for tab in TABS]
    paths += [f"/integrations/bank/{tab}" for tab in ("integrator", "health")]
    paths += [
        "/integrations",
        "/configuration/integrations/acme-pay",
        "/integrations/acme-pay/details/edit",
        "/integrations/acme-pay/sites/edit",
        "/integrations/acme-pay/mappings/add",
        "/integrations/bank/integrator/schedule",
        "/integrations/bank/integrator/runs/1",
        "/integrations/acme-pay/health/deliveries",
        "/integrations/acme-pay/health/deliveries/1",
    ]
    found = []
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert overflow(page) <= 0, path
        found += barriers(page)
        name = path.strip("/").replace("/", "-")
        picture(page, f"integrations-{name}-{colours}-{width}")

    assert found == []


def test_a_connection_is_made_and_gets_its_site_without_a_mouse(
    page: Page, host: Host, desk: Desk, sign_in: SignIn
) -> None:
    sign_in()
    page.goto("/integrations")
    page.get_by_role("link", name="Another connection of Acme Pay").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Ledger file").focus()
    page.keyboard.type(str(desk.ledger.path))
    page.keyboard.press("Tab")
    page.keyboard.type("long-enough-key")
    page.keyboard.press("Enter")
    page.wait_for_url("**/integrations/acme-pay-2/details?new=1")

    page.get_by_role("link", name="Say where new users go").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Edit", exact=True).focus()
    page.keyboard.press("Enter")
    picker = page.get_by_role("combobox", name="Default Site")
    picker.focus()
    page.keyboard.type("ware")
    expect(option(page, "Default Site", "Acme Ltd / Warehouse")).to_be_visible()
    expect(option(page, "Default Site", "Unsorted")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(picker).to_have_value(re.compile("Warehouse"))
    page.keyboard.press("Enter")

    expect(page.locator("dd").filter(has_text="Acme Ltd / Warehouse")).to_be_visible()
    assert host.connections.get("acme-pay-2").matching.default_site == desk.site("Warehouse")


def test_a_colleagues_change_is_seen_and_the_way_back_works(
    page: Page, host: Host, desk: Desk, sign_in: SignIn
) -> None:
    sign_in()
    page.goto("/integrations")
    page.get_by_role("link", name="Acme Pay", exact=True).click()
    page.get_by_role("link", name="Sites").click()
    page.wait_for_url("**/sites")
    host.connections.disable("acme-pay", agent=BY)

    page.go_back()
    page.wait_for_url("**/details")
    page.reload()
    expect(page.get_by_text("This connection is disabled")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Integrations")
