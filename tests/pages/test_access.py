"""Each page is shown to those whose role allows it, and to nobody else."""

from __future__ import annotations

import pytest
from flask import Flask
from support.agents import add_agent
from support.pages import Visitor, mistakes, visitor_with
from werkzeug.routing import Rule

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.web.shell.access import is_public, requires, role_of


def rules(app: Flask) -> list[Rule]:
    """All but the API's, which asks for a token itself."""
    return [it for it in app.url_map.iter_rules() if not it.rule.startswith("/api")]


def test_every_view_says_who_may_see_it(app: Flask) -> None:
    with app.app_context():
        silent = [
            it.rule
            for it in rules(app)
            if role_of(it.endpoint) is None and not is_public(it.endpoint)
        ]

    assert silent == []


def test_only_what_must_be_is_public(app: Flask) -> None:
    with app.app_context():
        public = {it.rule for it in rules(app) if is_public(it.endpoint)}

    beyond_pages = {"/healthz", "/readyz", "/metrics", "/webhooks/<slug>"}
    looks = {"/static/<digest>/<path:name>", "/viewing/theme", "/viewing/navigation"}
    before_signing_in = {"/welcome", "/new-password", "/signed-out", "/sign-out"}
    assert {it for it in public if not it.startswith("/sign-in")} == (
        beyond_pages | looks | before_signing_in
    )


def test_a_view_without_a_rule_is_shown_to_nobody(app: Flask, host: Host) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)

    answer = visitor.get("/forgotten")

    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_every_page_is_sound_html(app: Flask, administrator: Visitor, visitor: Visitor) -> None:
    """Those without a name in their address, and how they refuse."""
    paths = sorted(
        {it.rule for it in rules(app) if not it.arguments and "GET" in (it.methods or ())}
    )
    wrong = {}
    for who in (administrator, visitor):
        for path in [*paths, "/nothing-here"]:
            answer = who.get(path)
            is_page = answer.mimetype == "text/html" and not path.startswith("/pickers/")
            if is_page and answer.status_code not in {302, 303}:
                wrong[path, answer.status_code] = mistakes(answer.text)
    assert len(wrong) >= 5

    assert {place: found for place, found in wrong.items() if found} == {}


@pytest.mark.parametrize("role", Role)
def test_a_page_is_for_its_role_and_those_above(app: Flask, host: Host, role: Role) -> None:
    visitor = visitor_with(app, host, role)
    with app.app_context():
        pages = {
            it.rule: needed
            for it in rules(app)
            if (needed := role_of(it.endpoint)) and "GET" in (it.methods or ()) and not it.arguments
        }
    assert "/" in pages

    refused = {path for path in pages if visitor.get(path).status_code == 403}

    assert refused == {path for path, needed in pages.items() if not role.allows(needed)}


def test_forms_are_for_their_role_and_those_above(app: Flask, host: Host) -> None:
    """Whoever may not is refused before anything is read; with whatever names in the address."""
    with app.app_context():
        guarded = [
            (it, needed)
            for it in rules(app)
            if (needed := role_of(it.endpoint)) and needed is not Role.VIEWER
        ]
    visitors = {role: visitor_with(app, host, role) for role in (Role.VIEWER, Role.OPERATOR)}
    stranger = Visitor(app)
    for rule, needed in guarded:
        address = app.url_map.bind("").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            for role, visitor in visitors.items():
                if not role.allows(needed):
                    answer = visitor.client.open(
                        address, method=method, data={"csrf_token": visitor.token()}
                    )
                    assert answer.status_code == 403, (method, rule.rule, role)
            answer = stranger.client.open(address, method=method)
            assert answer.status_code == 303, (method, rule.rule)
            assert answer.headers["Location"].startswith("/sign-in")


def test_who_is_not_signed_in_is_asked_to_and_comes_back(visitor: Visitor, host: Host) -> None:
    agent = add_agent(host, role=Role.VIEWER)

    asked = visitor.get("/?from=mail&then=more")
    assert asked.status_code == 303
    assert asked.headers["Location"] == "/sign-in?next=/?from%3Dmail%26then%3Dmore"
    shown = visitor.get(asked.headers["Location"])
    assert 'name="next" value="/?from=mail&amp;then=more"' in shown.text

    answer = visitor.sign_in(agent.email, wanted="/?from=mail&then=more")
    assert answer.headers["Location"] == "/?from=mail&then=more"


def test_a_part_of_a_page_asks_to_sign_in_with_the_whole_page(visitor: Visitor) -> None:
    answer = visitor.htmx("/", HX_Current_URL="http://localhost/?day=2")

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/?day%3D2"


def test_a_role_that_was_taken_away_counts_at_once(app: Flask, host: Host) -> None:
    @app.get("/high")
    @requires(Role.ADMINISTRATOR)
    def high() -> str:
        return "high"

    administrator = visitor_with(app, host, Role.ADMINISTRATOR)
    assert administrator.get("/high").status_code == 200
    add_agent(host, "Other One", Role.ADMINISTRATOR)
    agent = host.agents.find("administrator@example.com")
    before = administrator.cookie()

    host.agents.set_role(agent.id, Role.VIEWER, agent="Other One")

    refused = administrator.get("/high")
    assert refused.status_code == 403
    assert "whose role is viewer" in refused.text
    assert administrator.cookie() != before
    assert administrator.get("/").status_code == 200


def test_whoever_is_disabled_is_out_at_once(host: Host, viewer: Visitor) -> None:
    assert viewer.get("/").status_code == 200

    host.agents.disable(host.agents.find("viewer@example.com").id, agent="Other One")

    assert viewer.get("/").status_code == 303
