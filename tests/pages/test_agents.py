"""Agents as administrators manage them, and the own account."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from support.agents import PASSWORD, add_agent
from support.pages import Visitor, mistakes, visitor_with

from halo_host.agents.roles import Role
from halo_host.host import Host

LIST = "/configuration/agents"
NEW = "a quite long sentence of mine"


def value_of(text: str, field: str) -> str:
    found = re.search(rf'id="{field}"[^>]* value="([^"]+)"', text)
    assert found is not None
    return html.unescape(found[1])


def test_an_agent_is_added_and_chooses_a_password_by_a_link(
    app: Flask, administrator: Visitor, host: Host
) -> None:
    sent = {"name": "Piet Mond", "email": "piet@example.com", "role": "viewer"}
    answer = administrator.post(f"{LIST}/new", sent)

    assert answer.status_code == 200
    assert mistakes(answer.text) == []
    link = value_of(answer.text, "link")
    assert host.agents.find("piet@example.com").role is Role.VIEWER
    piet = Visitor(app)
    token = link.partition("token=")[2]
    piet.post("/new-password", {"token": token, "password": NEW, "again": NEW})
    assert piet.sign_in("piet@example.com", NEW).status_code == 303


def test_what_cannot_be_an_agent_is_refused(administrator: Visitor, host: Host) -> None:
    for sent, said in (
        ({"name": "", "email": "x@example.com", "role": "viewer"}, "Name is needed."),
        ({"name": "X", "email": "no address", "role": "viewer"}, "no e-mail address"),
        ({"name": "X", "email": "x@example.com", "role": "king"}, "none of the choices"),
        (
            {"name": "administrator jones", "email": "x@example.com", "role": "viewer"},
            "name already",
        ),
    ):
        answer = administrator.post(f"{LIST}/new", sent)
        assert answer.status_code == 422
        assert said in answer.text
    assert len(host.agents.all()) == 1


def test_a_role_counts_at_once_and_the_last_administrator_stays(
    app: Flask, administrator: Visitor, host: Host
) -> None:
    operator = visitor_with(app, host, Role.OPERATOR)
    number = host.agents.find("operator@example.com").id

    administrator.post(f"{LIST}/{number}/role", {"role": "viewer"})

    assert operator.get("/users/new").status_code == 403
    me = host.agents.find("administrator@example.com").id
    refused = administrator.post(f"{LIST}/{me}/role", {"role": "viewer"})
    assert refused.status_code == 422
    assert "only administrator" in refused.text


def test_whoever_is_disabled_is_out_and_may_come_back(
    app: Flask, administrator: Visitor, host: Host
) -> None:
    viewer = visitor_with(app, host, Role.VIEWER)
    number = host.agents.find("viewer@example.com").id

    administrator.post(f"{LIST}/{number}/disable")
    assert viewer.get("/").status_code == 303
    assert "Disabled" in administrator.get(LIST).text
    administrator.post(f"{LIST}/{number}/enable")
    assert viewer.sign_in("viewer@example.com").status_code == 303


def test_an_administrator_ends_sessions_of_others(
    app: Flask, administrator: Visitor, host: Host
) -> None:
    viewer = visitor_with(app, host, Role.VIEWER)
    number = host.agents.find("viewer@example.com").id
    (session,) = host.agents.sessions(number)

    administrator.post(f"{LIST}/{number}/sessions/end", {"session": str(session.id)})

    assert viewer.get("/").status_code == 303
    assert administrator.get("/").status_code == 200
    administrator.post(f"{LIST}/{number}/sessions/end", {"session": "999"})
    administrator.post(f"{LIST}/{number}/sessions/end")


def test_name_and_address_are_changed(administrator: Visitor, host: Host) -> None:
    number = add_agent(host, "Olive Jones", Role.VIEWER).id

    administrator.post(f"{LIST}/{number}/edit", {"name": "Olive Smith", "email": "o@example.com"})

    changed = host.agents.get(number)
    assert (changed.name, changed.email) == ("Olive Smith", "o@example.com")


def test_every_page_of_agents_is_sound_html(administrator: Visitor, host: Host) -> None:
    me = host.agents.find("administrator@example.com").id
    administrator.post("/account/tokens/new", {"name": "A", "role": "viewer", "days": "3"})
    for path in (f"{LIST}/{me}", f"{LIST}/{me}/edit", "/account", "/account/tokens/new"):
        answer = administrator.get(path)
        assert answer.status_code == 200
        assert mistakes(answer.text) == [], path


@pytest.mark.parametrize("path", ["", "/new", "/1", "/1/edit"])
def test_agents_are_for_administrators_alone(operator: Visitor, path: str) -> None:
    assert operator.get(f"{LIST}{path}").status_code == 403


# --- my account -------------------------------------------------------------------------------


def test_a_changed_password_ends_other_sessions_and_keeps_this_one(
    app: Flask, viewer: Visitor
) -> None:
    other = Visitor(app)
    other.sign_in("viewer@example.com")
    before = viewer.cookie()

    answer = viewer.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})

    assert answer.headers["Location"] == "/account"
    assert viewer.cookie() != before
    assert viewer.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert Visitor(app).sign_in("viewer@example.com", NEW).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong password", NEW, NEW, "password"),
        (PASSWORD, NEW, "another one, surely", "The two passwords differ."),
        (PASSWORD, "short", "short", "characters"),
        (PASSWORD, "", "", "is needed"),
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    app: Flask, viewer: Visitor, old: str, new: str, again: str, said: str
) -> None:
    answer = viewer.post("/account/password", {"old": old, "new": new, "again": again})

    assert answer.status_code == 422
    assert said in answer.text
    assert NEW not in answer.text
    assert Visitor(app).sign_in("viewer@example.com").status_code == 303


def test_a_token_is_shown_once_works_and_is_revoked(viewer: Visitor, host: Host) -> None:
    made = viewer.post("/account/tokens/new", {"name": "Reports", "role": "viewer", "days": "7"})
    assert made.status_code == 200
    assert mistakes(made.text) == []
    secret = value_of(made.text, "secret")
    assert host.agents.tokens.use(secret) is not None

    account = viewer.get("/account").text
    assert "Reports" in account
    assert secret not in account
    (token,) = host.agents.tokens.list()
    viewer.post(f"/account/tokens/{token.id}/revoke")
    assert host.agents.tokens.use(secret) is None


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "", "role": "viewer", "days": "7"},
        {"name": "A", "role": "administrator", "days": "7"},
        {"name": "A", "role": "viewer", "days": "0"},
        {"name": "A", "role": "viewer", "days": "many"},
        {"name": "A", "role": "viewer", "days": "²"},
    ],
)
def test_a_token_above_ones_role_or_without_sense_is_refused(
    viewer: Visitor, host: Host, sent: dict[str, str]
) -> None:
    assert viewer.post("/account/tokens/new", sent).status_code == 422
    assert host.agents.tokens.list() == []


def test_nobody_revokes_or_ends_what_belongs_to_others(
    app: Flask, viewer: Visitor, operator: Visitor, host: Host
) -> None:
    owner = host.agents.find("operator@example.com")
    token = host.agents.tokens.add(owner.id, "Mine", Role.VIEWER, agent="Operator Jones").token
    (session,) = host.agents.sessions(owner.id)

    assert viewer.post(f"/account/tokens/{token.id}/revoke").status_code == 404
    viewer.post("/account/sessions/end", {"session": str(session.id)})

    assert operator.get("/account").status_code == 200
    assert [it.id for it in host.agents.tokens.list(owner.id)] == [token.id]


def test_other_sessions_of_ones_own_are_ended(app: Flask, viewer: Visitor) -> None:
    other = Visitor(app)
    other.sign_in("viewer@example.com")

    viewer.post("/account/sessions/end")

    assert other.get("/").status_code == 303
    assert viewer.get("/").status_code == 200


def test_what_is_shown_once_can_be_copied(
    administrator: Visitor, host: Host, viewer: Visitor
) -> None:
    """By a button for the field that holds it."""
    added = administrator.post(
        "/configuration/agents/new",
        {"name": "Olive", "email": "olive@example.com", "role": "viewer"},
    ).text
    token = viewer.post(
        "/account/tokens/new", {"name": "Leeds", "role": "viewer", "days": "30"}
    ).text

    assert mistakes(added) == []
    assert mistakes(token) == []
    assert 'data-copy="link"' in added
    assert 'data-copy="secret"' in token
