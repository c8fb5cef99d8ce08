"""Two people edit the same record at once: nothing is lost, and who comes second is asked."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from support.acme import AGENT, CONNECTION, Desk
from support.agents import add_agent
from support.pages import Visitor

from halo_host.agents.roles import Role
from halo_host.host import Host

_FIELD = re.compile(r'<input(?: [^>]*?)? name="([^"]+)"(?: [^>]*?)?(?: value="([^"]*)")')


@pytest.fixture
def other(app: Flask, host: Host) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(add_agent(host, "Bea Second", Role.ADMINISTRATOR).email)
    return visitor


def form_of(visitor: Visitor, path: str) -> dict[str, str]:
    """What a browser would send of the form as it is shown; checkboxes that are off as empty."""
    text = visitor.get(path).text.partition("data-guard")[2].partition("</form>")[0]
    sent = dict(_FIELD.findall(text))
    for box in re.findall(r'<input[^>]*type="checkbox"[^>]*>', text):
        if " checked" not in box:
            sent[re.findall(r'name="([^"]+)"', box)[0]] = ""
    del sent["csrf_token"]
    return sent


def test_what_another_changed_stays_where_it_was_left_alone(
    operator: Visitor, other: Visitor, desk: Desk
) -> None:
    user = desk.add_user("Warehouse", given_name="Ada", city="Leeds", phone="1")
    path = f"/users/{user}/edit"
    mine, theirs = form_of(operator, path), form_of(other, path)

    assert other.post(path, {**theirs, "city": "York"}).status_code == 303
    assert operator.post(path, {**mine, "phone": "2"}).status_code == 303

    found = desk.host.directory.user(user)
    assert (found.city, found.phone) == ("York", "2")


def test_who_changes_the_same_field_second_is_asked(
    operator: Visitor, other: Visitor, desk: Desk
) -> None:
    user = desk.add_user("Warehouse", given_name="Ada", city="Leeds", phone="1")
    path = f"/users/{user}/edit"
    mine, theirs = form_of(operator, path), form_of(other, path)
    other.post(path, {**theirs, "city": "York", "phone": ""})

    asked = operator.post(path, {**mine, "city": "Hull", "phone": "2"})
    assert asked.status_code == 422
    assert "City was changed by somebody else meanwhile, to “York”." in asked.text
    assert "Phone was changed by somebody else meanwhile, and is empty now." in asked.text
    assert 'value="Hull"' in asked.text
    assert desk.host.directory.user(user).city == "York"

    again = {**mine, "city": "Hull", "phone": "2", "seen-city": "York", "seen-phone": ""}
    assert operator.post(path, again).status_code == 303
    assert desk.host.directory.user(user).city == "Hull"


def test_a_field_that_is_refused_is_asked_for_again_with_what_was_shown(
    operator: Visitor, other: Visitor, desk: Desk
) -> None:
    path = f"/customers/{desk.acme.id}/edit"
    mine, theirs = form_of(operator, path), form_of(other, path)
    other.post(path, {**theirs, "name": "Acme Group"})

    answer = operator.post(path, {**mine, "name": ""})

    assert "Name is needed." in answer.text
    assert 'name="seen-name" value="Acme Ltd"' in answer.text


def test_custom_fields_and_settings_are_guarded_alike(
    administrator: Visitor, other: Visitor, desk: Desk
) -> None:
    host = desk.host
    notes = host.directory.add_custom_field("Notes", type="memo", agent=AGENT)
    host.directory.add_custom_field("Branch", agent=AGENT)
    user = desk.add_user("Warehouse", given_name="Ada")
    host.directory.set_value(user, "Notes", "one\ntwo", agent=AGENT)
    host.directory.set_value(user, "Branch", "Leeds", agent=AGENT)
    path = f"/users/{user}/custom-fields/edit"
    mine = form_of(administrator, path) | {f"custom-{notes.id}": "one\r\ntwo"}
    host.directory.set_value(user, "Branch", "York", agent=AGENT)
    host.directory.set_value(user, "Notes", "one\ntwo\nthree", agent=AGENT)
    assert administrator.post(path, mine).status_code == 303
    assert host.directory.values(user) == {"Notes": "one\ntwo\nthree", "Branch": "York"}

    path = f"/integrations/{CONNECTION}/details/edit"
    mine, theirs = form_of(administrator, path), form_of(other, path)
    region = {"setting-region": "north"}
    assert other.post(path, {**theirs, **region, "name": "Acme Leeds"}).status_code == 303
    asked = administrator.post(path, {**mine, **region, "name": "Acme York"})
    assert "Name of the connection was changed by somebody else meanwhile" in asked.text
    kept = administrator.post(path, {**mine, **region, "setting-retries": "3"})
    assert kept.status_code == 303
    details = host.connections.get(CONNECTION)
    assert (details.name, details.settings["retries"]) == ("Acme Leeds", 3)


def test_a_default_site_is_called_by_its_name(
    operator: Visitor, other: Visitor, desk: Desk
) -> None:
    path = f"/integrations/{CONNECTION}/sites/edit"
    mine, theirs = form_of(operator, path), form_of(other, path)
    head, warehouse = desk.site("Head office"), desk.site("Warehouse")
    other.post(path, {**theirs, "default_site": str(warehouse)})

    asked = operator.post(path, {**mine, "default_site": str(head)})

    assert "meanwhile, to “Acme Ltd / Warehouse”" in asked.text
    assert desk.host.connections.get(CONNECTION).matching.default_site == warehouse
