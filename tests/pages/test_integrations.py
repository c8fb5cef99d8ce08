"""Enabling an integration, the settings of its connection, disabling it."""

from __future__ import annotations

import html
import re

from support.acme import Desk
from support.pages import Visitor, mistakes

from halo_host.audit import entries

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


def test_the_form_is_made_from_the_schema(administrator: Visitor) -> None:
    page = administrator.get(ENABLE).text

    assert mistakes(page) == []
    assert re.search(r'<label class="form-label required"[^>]*>Ledger file', page)
    assert re.search(r'type="password"[^>]* name="setting-api_key"', page)
    assert re.search(r'<option value="north" selected>', page)
    assert re.search(r'type="number" [^>]*name="setting-retries"[^>]* max="9"', page)


def test_enabling_makes_a_connection_with_its_name(desk: Desk, administrator: Visitor) -> None:
    answer = administrator.post(ENABLE, filled(desk))

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/integrations/acme-london/details?new=1"
    details = desk.host.connections.get("acme-london")
    assert (details.name, details.integration, details.enabled) == ("Acme London", "acme-pay", True)
    assert details.settings == {"ledger": str(desk.ledger.path), "region": "south"}
    assert details.secrets == ("api_key",)
    page = administrator.get(answer.headers["Location"])
    assert "What comes next" in page.text
    assert mistakes(page.text) == []


def test_what_the_schema_refuses_stands_beside_its_field(
    desk: Desk, administrator: Visitor
) -> None:
    wrong = filled(desk, **{"setting-api_key": "short", "setting-retries": "ten"})

    answer = administrator.post(ENABLE, wrong)

    assert answer.status_code == 422
    assert mistakes(answer.text) == []
    assert "API key is shorter than 8 characters." in answer.text
    assert "Retries must be a whole number." in answer.text
    assert 'href="#field-setting-api_key"' in answer.text
    assert str(desk.ledger.path) in answer.text
    assert 'value="short"' not in answer.text
    assert [it.slug for it in desk.host.connections.all()] == ["acme-pay"]


def test_a_required_setting_is_asked_for(desk: Desk, administrator: Visitor) -> None:
    answer = administrator.post(ENABLE, filled(desk, **{"setting-api_key": ""}))

    assert answer.status_code == 422
    assert "API key is needed." in answer.text


def test_a_short_name_is_not_taken_twice(desk: Desk, administrator: Visitor) -> None:
    answer = administrator.post(ENABLE, filled(desk, slug="acme-pay"))

    assert answer.status_code == 422
    assert "There is a connection acme-pay already" in answer.text


def test_all_that_is_wrong_is_said_at_once_each_beside_its_field(
    desk: Desk, administrator: Visitor
) -> None:
    assert "novalidate" in administrator.get(ENABLE).text  # or the browser's words came first
    wrong = {"slug": "Not Good", "setting-api_key": "", "setting-retries": "ten"}

    answer = administrator.post(ENABLE, filled(desk, name="x" * 450, **wrong))

    assert answer.status_code == 422
    said = text_of(answer.text)
    for field, words in {
        "name": "Name of the connection is longer than 200 characters.",
        "slug": "Not Good cannot be a short name: it has lower-case letters, digits and - alone, "
        "60 at most, such as not-good.",
        "setting-api_key": "API key is needed.",
        "setting-retries": "Retries must be a whole number.",
    }.items():
        assert f'id="field-{field}-error"' in answer.text
        assert words in said


def test_connections_of_names_alike_get_short_names_of_their_own(
    desk: Desk, administrator: Visitor
) -> None:
    for name in ("Büro Köln", "Buro Koln"):
        administrator.post(ENABLE, filled(desk, name=name))

    slugs = {it.slug for it in desk.host.connections.all()}
    assert slugs == {"acme-pay", "buro-koln", "buro-koln-2"}


def test_two_connections_cannot_have_one_name(desk: Desk, administrator: Visitor) -> None:
    assert 'value="Acme Pay 2"' in administrator.get(ENABLE).text
    taken = "Name of the connection is that of another connection; give this one a name of its own."

    answer = administrator.post(ENABLE, filled(desk, name=" acme  PAY "))
    assert answer.status_code == 422
    assert 'id="field-name-error"' in answer.text
    assert taken in text_of(answer.text)

    administrator.post(ENABLE, filled(desk))
    edited = filled(desk, name="Acme Pay", **{"setting-api_key": ""})
    answer = administrator.post("/integrations/acme-london/details/edit", edited)
    assert answer.status_code == 422
    assert taken in text_of(answer.text)
    assert [it.name for it in desk.host.connections.all()] == ["Acme London", "Acme Pay"]


def test_disabling_keeps_everything_readable_and_says_so(
    desk: Desk, administrator: Visitor, viewer: Visitor
) -> None:
    answer = administrator.post("/integrations/acme-pay/disable")

    assert answer.status_code == 303
    assert not desk.host.connections.get("acme-pay").enabled
    for tab in TABS:
        page = viewer.get(f"/integrations/acme-pay/{tab}")
        assert page.status_code == 200
        assert "This connection is disabled" in page.text
        assert mistakes(page.text) == []
    assert "Disabled" in viewer.get("/integrations").text

    administrator.post("/integrations/acme-pay/enable")
    details = desk.host.connections.get("acme-pay")
    assert details.enabled
    assert details.secrets == ("api_key",)
    audited = entries(desk.host.database, entity="connection", entity_id="acme-pay", limit=2)
    assert {it.action for it in audited} == {"connection.enabled", "connection.configured"}
    assert {it.agent for it in audited} == {"Administrator Jones"}


def test_a_name_is_stored_clean_and_not_without_end(desk: Desk, administrator: Visitor) -> None:
    administrator.post(ENABLE, filled(desk, name=" Acme\x00 Leeds "))
    assert desk.host.connections.get("acme-leeds").name == "Acme\N{REPLACEMENT CHARACTER} Leeds"

    answer = administrator.post(ENABLE, filled(desk, name="x" * 201))

    assert answer.status_code == 422
    assert "Name of the connection is longer than 200 characters." in answer.text


def test_the_test_says_what_it_found(desk: Desk, operator: Visitor) -> None:
    page = operator.post("/integrations/acme-pay/details/test")

    assert "The connection works" in page.text
    assert "Acme Account" in page.text
    assert mistakes(page.text) == []


def test_a_connection_that_does_not_work_is_told_in_words(
    desk: Desk, administrator: Visitor
) -> None:
    edited = filled(desk, **{"setting-api_key": "revoked-key"})
    assert administrator.post("/integrations/acme-pay/details/edit", edited).status_code == 303

    part = administrator.post("/integrations/acme-pay/details/test", HX_Request="true")

    assert part.status_code == 200
    assert "The connection does not work" in part.text
    assert "<html" not in part.text


def test_a_secret_is_never_shown_and_stays_where_none_is_typed(
    desk: Desk, administrator: Visitor
) -> None:
    for path in ("details", "details/edit"):
        assert "a-secret-key" not in administrator.get(f"/integrations/acme-pay/{path}").text

    edited = filled(desk, **{"setting-api_key": "", "setting-retries": "3"})
    assert administrator.post("/integrations/acme-pay/details/edit", edited).status_code == 303

    connection = desk.host.connections.for_plugin("acme-pay")
    assert connection.settings["api_key"].reveal() == "a-secret-key"
    assert connection.settings["retries"] == 3
    assert connection.name == "Acme London"


def test_an_optional_secret_can_be_taken_out_and_a_setting_be_emptied(
    desk: Desk, administrator: Visitor
) -> None:
    address = "/integrations/acme-pay/details/edit"
    given = filled(desk, **{"setting-webhook_secret": "hush-hush", "setting-retries": "3"})
    administrator.post(address, given)
    assert desk.host.connections.get("acme-pay").secrets == ("api_key", "webhook_secret")
    assert "Take the stored Webhook secret out" in administrator.get(address).text

    administrator.post(address, filled(desk, **{"take-out-webhook_secret": "1"}))

    details = desk.host.connections.get("acme-pay")
    assert details.secrets == ("api_key",)
    assert "retries" not in details.settings
