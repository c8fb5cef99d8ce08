"""The tabs of a connection; Sites and Field mappings among them."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from support.acme import AGENT, Desk
from support.agents import BY
from support.pages import Visitor, mistakes, visitor_with

from halo_host import MappableField
from halo_host.agents.roles import Role
from halo_host.connections.matching import Policy
from halo_host.host import Host

ENABLE = "/configuration/integrations/acme-pay"
TABS = ("details", "sites", "mappings", "integrator", "health")


def filled(desk: Desk, **more: str) -> dict[str, str]:
    """What an administrator types to enable Acme Pay."""
    return {
        "name": "Acme London",
        "setting-ledger": str(desk.ledger.path),
        "setting-api_key": "another-secret",
        "setting-region": "south",
        **more,
    }


def text_of(page: str) -> str:
    """What people read."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def mapped(desk: Desk) -> int:
    """The provider's field `office` fills the user's field Branch; its number."""
    field = desk.host.directory.add_custom_field("Branch", agent=BY)
    desk.host.connections.map_field("acme-pay", "office", "Branch", Policy.FOLLOW, agent=BY)
    return field.id


@pytest.mark.parametrize("role", Role)
def test_every_tab_is_sound_and_shows_what_the_role_may_do(
    app: Flask, host: Host, desk: Desk, mapped: int, role: Role
) -> None:
    visitor = visitor_with(app, host, role)

    pages = {}
    for tab in TABS:
        answer = visitor.get(f"/integrations/acme-pay/{tab}")
        assert answer.status_code == 200
        assert mistakes(answer.text) == []
        pages[tab] = answer.text

    works, configures = role.allows(Role.OPERATOR), role.allows(Role.ADMINISTRATOR)
    assert ("Test connection</button>" in pages["details"]) is works
    assert ("/details/edit" in pages["details"]) is configures
    assert ("/sites/edit" in pages["sites"]) is works
    assert ("/mappings/add" in pages["mappings"]) is works
    assert ("/integrator/sync" in pages["integrator"]) is works
    assert ("/integrator/schedule" in pages["integrator"]) is configures


def test_the_short_address_of_a_connection_leads_to_its_details(
    desk: Desk, viewer: Visitor
) -> None:
    assert viewer.get("/integrations/acme-pay").headers["Location"].endswith("/details")
    assert viewer.get("/integrations/nothing/details").status_code == 404
    assert viewer.get("/configuration/integrations/nothing").status_code == 403


def test_the_default_site_is_chosen_by_an_operator(desk: Desk, operator: Visitor) -> None:
    site = desk.site("Acme Ltd/Warehouse")
    form = operator.get("/integrations/acme-pay/sites/edit").text
    assert mistakes(form) == []
    assert 'hx-get="/pickers/sites"' in form

    answer = operator.post(
        "/integrations/acme-pay/sites/edit",
        {"default_site": str(site), "company_name_matching": "", "user_id_key": "halo_id"},
    )

    assert answer.status_code == 303
    matching = desk.host.connections.get("acme-pay").matching
    assert (matching.default_site, matching.company_name_matching) == (site, False)
    assert matching.user_id_key == "halo_id"
    assert "Acme Ltd / Warehouse" in operator.get("/integrations/acme-pay/sites").text


def test_a_site_that_is_gone_is_refused_beside_its_field(desk: Desk, operator: Visitor) -> None:
    answer = operator.post("/integrations/acme-pay/sites/edit", {"default_site": "4711"})

    assert answer.status_code == 422
    assert mistakes(answer.text) == []
    assert 'id="field-default_site-error"' in answer.text


def test_samples_come_in_a_second_request(desk: Desk, mapped: int, viewer: Visitor) -> None:
    page = viewer.get("/integrations/acme-pay/mappings").text
    assert 'hx-trigger="load"' in page
    assert "Leeds" not in page

    part = viewer.htmx("/integrations/acme-pay/mappings").text
    assert "Leeds" in part
    assert "<html" not in part


def test_a_provider_that_fails_leaves_the_mappings_readable(
    desk: Desk, mapped: int, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(slug: str) -> object:
        from halo_host import ProviderError

        raise ProviderError("Acme Pay is down.", advice="Try again later.")

    monkeypatch.setattr(desk.host.connections, "mappable_fields", down)

    part = operator.htmx("/integrations/acme-pay/mappings").text

    assert "Acme Pay is down." in part
    assert "Branch" in part
    typed = operator.htmx("/integrations/acme-pay/mappings/provider-fields?q=office").text
    assert 'data-value="office"' in typed


def test_a_mapping_is_added_with_a_field_that_is_made_for_it(desk: Desk, operator: Visitor) -> None:
    theirs = operator.htmx("/integrations/acme-pay/mappings/provider-fields?q=off").text
    assert 'data-value="office"' in theirs
    assert "such as Leeds" in theirs
    ours = operator.htmx("/integrations/acme-pay/mappings/user-fields?q=Branch").text
    assert 'data-value="new:Branch"' in ours

    answer = operator.post(
        "/integrations/acme-pay/mappings/add",
        {"provider_field": "office", "user_field": "new:Branch", "policy": "keep"},
    )

    assert answer.status_code == 303
    (mapping,) = desk.host.connections.mappings("acme-pay")
    assert (mapping.metadata_key, mapping.custom_field_name) == ("office", "Branch")
    assert mapping.policy is Policy.KEEP


def test_a_field_that_no_payer_has_is_mapped_only_when_somebody_insists(
    desk: Desk, operator: Visitor
) -> None:
    url = "/integrations/acme-pay/mappings/add"
    sent = {"provider_field": "off", "user_field": "new:Branch", "policy": "keep"}
    assert "Use it anyway" not in operator.get(url).text

    asked = operator.post(url, sent)

    assert asked.status_code == 422
    assert mistakes(asked.text) == []
    assert "No payer has a field “off” at the provider. Did you mean “office”?" in asked.text
    assert "Use it anyway" in asked.text
    assert 'value="off"' in asked.text
    assert desk.host.connections.mappings("acme-pay") == []
    assert desk.host.directory.custom_fields() == []

    assert operator.post(url, sent | {"anyway": "1"}).status_code == 303
    assert desk.host.connections.mappings("acme-pay")[0].metadata_key == "off"


def test_a_field_that_is_filled_already_is_mapped_anew_only_when_somebody_insists(
    desk: Desk, operator: Visitor
) -> None:
    url = "/integrations/acme-pay/mappings/add"
    field = desk.host.directory.add_custom_field("Branch", agent=AGENT).id
    desk.host.connections.map_field("acme-pay", "old_office", "Branch", Policy.KEEP, agent=AGENT)
    sent = {"provider_field": "office", "user_field": str(field), "policy": "follow"}

    asked = operator.post(url, sent)

    assert asked.status_code == 422
    assert mistakes(asked.text) == []
    assert "Branch is filled by old_office now." in asked.text
    assert "Fill it from this one instead" in asked.text
    assert desk.host.connections.mappings("acme-pay")[0].metadata_key == "old_office"

    assert operator.post(url, sent | {"replace": "1"}).status_code == 303
    (mapping,) = desk.host.connections.mappings("acme-pay")
    assert (mapping.metadata_key, mapping.policy) == ("office", Policy.FOLLOW)


def test_the_page_that_adds_a_mapping_waits_for_no_samples(
    desk: Desk, mapped: int, operator: Visitor
) -> None:
    page = operator.get("/integrations/acme-pay/mappings/add").text

    assert "Asking" not in page
    assert "When a value is written" in page
    choices = operator.htmx("/integrations/acme-pay/mappings/provider-fields?q=").text
    assert choices.count("ffice") == 3  # as its value, its text, and nowhere else


def test_a_label_says_only_what_the_key_does_not(
    desk: Desk, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [MappableField(key="office", label="office (metadata of 5 of 9 payers)", sample="York")]
    monkeypatch.setattr(desk.host.connections, "mappable_fields", lambda slug: found)

    choices = text_of(operator.htmx("/integrations/acme-pay/mappings/provider-fields?q=").text)

    assert choices.strip() == "office metadata of 5 of 9 payers · such as York"


def test_a_mapping_without_its_fields_is_refused(desk: Desk, operator: Visitor) -> None:
    answer = operator.post("/integrations/acme-pay/mappings/add", {"policy": "keep"})

    assert answer.status_code == 422
    assert mistakes(answer.text) == []
    assert "Field at the provider is needed." in answer.text
    assert "Field of the user is needed." in answer.text


def test_policies_are_changed_and_a_mapping_removed_on_its_row(
    desk: Desk, mapped: int, operator: Visitor
) -> None:
    base = "/integrations/acme-pay/mappings"
    part = operator.post(f"{base}/{mapped}/policy", {"policy": "overwrite"}, HX_Request="true")
    assert "<html" not in part.text
    assert desk.host.connections.mappings("acme-pay")[0].policy is Policy.OVERWRITE
    operator.post(f"{base}/core/phone", {"policy": "keep"})
    assert desk.host.connections.core_policies("acme-pay") == {"phone": Policy.KEEP}
    assert operator.post(f"{base}/core/phone", {"policy": "always"}).status_code == 422
    assert operator.post(f"{base}/core/shoe", {"policy": "keep"}).status_code == 422

    operator.post(f"{base}/{mapped}/remove")

    assert desk.host.connections.mappings("acme-pay") == []
    assert operator.post(f"{base}/{mapped}/policy", {"policy": "keep"}).status_code == 404


def test_what_a_provider_calls_its_fields_is_text_and_nothing_else(
    desk: Desk, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    nasty = '"><script>alert(1)</script>'
    found = [MappableField(key=nasty, label=nasty, sample=nasty)]
    monkeypatch.setattr(desk.host.connections, "mappable_fields", lambda slug: found)
    answer = operator.post(
        "/integrations/acme-pay/mappings/add",
        {"provider_field": nasty, "user_field": f"new:{nasty}", "policy": "keep"},
    )
    assert answer.status_code == 303

    for page in (
        operator.htmx("/integrations/acme-pay/mappings/provider-fields?q="),
        operator.htmx("/integrations/acme-pay/mappings/user-fields?q=%3Cscript"),
        operator.htmx("/integrations/acme-pay/mappings"),
        operator.get("/integrations/acme-pay/mappings"),
    ):
        assert page.status_code == 200
        assert "&lt;script&gt;" in page.text
        assert "<script>alert" not in page.text
