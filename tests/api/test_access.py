"""Each view of the API asks for a token and a role; every address answers in problem details."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from support.api import PREFIX, Program, program_with
from support.clock import Clock

from halo_host.agents.roles import Role
from halo_host.api.routes import Route
from halo_host.errors import DatabaseError
from halo_host.host import Host

PUBLIC = {"/api/docs", f"{PREFIX}/openapi.json"}


def routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api") and rule.rule not in PUBLIC:
            view = app.view_functions[rule.endpoint]
            yield view.halo_api_route  # type: ignore[attr-defined]


def address(route: Route) -> str:
    return re.sub(r"<\w+>", "1", route.path)


def is_problem(answer: object, status: int) -> bool:
    body = answer.get_json(force=True)  # type: ignore[attr-defined]
    return (
        answer.status_code == status == body["status"]  # type: ignore[attr-defined]
        and answer.mimetype == "application/problem+json"  # type: ignore[attr-defined]
        and bool(body["detail"])
        and body["request_id"] == answer.headers["X-Request-Id"]  # type: ignore[attr-defined]
    )


def test_every_view_is_served_with_a_role(app: Flask) -> None:
    found = list(routes(app))

    assert len(found) > 110
    assert all(isinstance(it.role, Role) for it in found)
    writing = {it.path for it in found if it.role is Role.VIEWER and it.method != "GET"}
    assert all(it.startswith("/me/") for it in writing), "a viewer writes nothing but one's own"


def test_without_a_good_token_nothing_is_told(
    app: Flask, stranger: Program, host: Host, clock: Clock
) -> None:
    gone = program_with(app, host, Role.ADMINISTRATOR)
    (token,) = host.agents.tokens.list()
    host.agents.tokens.revoke(token.id, agent="Test")
    for program in (stranger, gone, Program(app, "halo_guess"), Program(app, "x" * 5_000)):
        for route in routes(app):
            answer = program.call(route.method, address(route))
            assert is_problem(answer, 401), route.name
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_is_refused(viewer: Program, clock: Clock) -> None:
    assert viewer.get("/me").status_code == 200

    clock.advance(days=91)

    assert viewer.get("/me").status_code == 401


@pytest.mark.parametrize("role", Role)
def test_a_view_is_for_its_role_and_those_above(app: Flask, host: Host, role: Role) -> None:
    for number, route in enumerate(routes(app), start=1):
        program = program_with(app, host, role, f"{number}th Program")  # some views revoke tokens
        answer = program.call(route.method, address(route))
        if role.allows(route.role):
            assert answer.status_code not in {401, 403}, route.name
            assert answer.status_code < 500, (route.name, answer.text)
        else:
            assert is_problem(answer, 403), route.name


def test_a_token_is_good_for_no_more_than_its_agent(
    app: Flask, host: Host, administrator: Program
) -> None:
    me = administrator.get("/me").get_json()
    assert (me["agent"], me["role"]) == ("Administrator Program", "administrator")
    assert me["now"] == "2026-03-02T09:00:00Z"
    assert (me["token"]["name"], me["token"]["expires_at"]) == ("test", "2026-05-31T09:00:00Z")
    program_with(app, host, Role.ADMINISTRATOR, "Other One")
    agent = host.agents.find("administrator@example.com")

    host.agents.set_role(agent.id, Role.VIEWER, agent="Other One")

    assert administrator.get("/me").get_json()["role"] == "viewer"
    assert administrator.post("/custom-fields", {"name": "Contract"}).status_code == 403


def test_a_session_of_the_pages_opens_no_view(app: Flask, host: Host, desk: object) -> None:
    from support.pages import visitor_with

    visitor = visitor_with(app, host, Role.ADMINISTRATOR)

    assert visitor.get(f"{PREFIX}/connections").status_code == 401


@pytest.mark.parametrize(
    "path", ["/nothing", "/connections/none", "/jobs/abc", "/jobs/0", "/x/%00"]
)
def test_what_is_not_there_is_a_problem(viewer: Program, path: str) -> None:
    assert is_problem(viewer.get(path), 404)


def test_another_method_is_a_problem_that_names_those_there_are(viewer: Program) -> None:
    answer = viewer.call("DELETE", "/connections")

    assert is_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_an_answer_is_json_or_nothing(viewer: Program) -> None:
    assert is_problem(viewer.get("/me", Accept="text/html"), 406)
    assert viewer.get("/me", Accept="application/*;q=0.5").status_code == 200


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"{\\"name\\": \\"A\\"}"', "application/json", 422),
        (b'{"name": "A\\u0000"}', "application/json", 422),
        (b'{"name": 7}', "application/json", 422),
        (b'{"name": "A", "nmae": "B"}', "application/json", 422),
        (b"", "application/json", 400),
        (b"name=A", "application/x-www-form-urlencoded", 415),
        (b'{"name": "A"}', "text/plain", 415),
        (b" " * 1_100_000, "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_used_changes_nothing(
    operator: Program, host: Host, data: bytes, content_type: str, status: int
) -> None:
    answer = operator.call("POST", "/custom-fields", data=data, content_type=content_type)

    assert is_problem(answer, status), answer.text
    assert host.directory.custom_fields() == []


def test_every_mistake_is_told_with_its_place(operator: Program) -> None:
    answer = operator.post("/custom-fields", {"entity": 1, "extra": True})

    assert answer.get_json(force=True)["errors"] == [
        {"where": "body.name", "message": "It is missing."},
        {"where": "body.entity", "message": "It must be a valid string."},
        {"where": "body.extra", "message": "Nothing is known by this name."},
    ]
    for path, where in {
        "/jobs?limit=0": "query.limit",
        "/jobs?limit=1&limit=2": "query.limit",
        "/jobs?state=lost": "query.state",
        "/jobs?cursor=x": "query.cursor",
        "/connections?limit=3": "query.limit",
        "/deliveries?since=2026-03-02": "query.since",
    }.items():
        answer = operator.get(path)
        assert is_problem(answer, 422), path
        assert answer.get_json(force=True)["errors"][0]["where"] == where


def test_who_asks_too_often_is_told_how_long_to_wait(app: Flask, viewer: Program) -> None:
    from halo_host.api.callers import Pace

    now = [0.0]
    app.extensions["halo_host_api_pace"] = Pace(1.0, burst=3, clock=lambda: now[0])

    assert [viewer.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = viewer.get("/me")
    assert is_problem(answer, 429)
    assert answer.headers["Retry-After"] == "1"
    now[0] = 1.5
    assert viewer.get("/me").status_code == 200


def test_the_description_and_its_page_are_for_everybody(stranger: Program, app: Flask) -> None:
    described = stranger.get("/openapi.json")
    again = stranger.get("/openapi.json", If_None_Match=described.headers["ETag"])
    shown = app.test_client().get("/api/docs", headers={"Accept": "text/html"})

    assert described.get_json()["openapi"] == "3.1.0"
    assert again.status_code == 304
    assert shown.status_code == 200
    assert "style-src 'self'" in shown.headers["Content-Security-Policy"]
    assert "Queue a sync now" in shown.text


def test_every_view_is_described(app: Flask, stranger: Program) -> None:
    paths = stranger.get("/openapi.json").get_json()["paths"]

    served = {(re.sub(r"<(\w+)>", r"{\1}", it.path), it.method.lower()) for it in routes(app)}
    assert served == {(path, method) for path, methods in paths.items() for method in methods}
    assert all(it["summary"] for methods in paths.values() for it in methods.values())


def test_the_page_of_the_description_is_sound_html(app: Flask) -> None:
    from support.pages import mistakes

    assert mistakes(app.test_client().get("/api/docs").text) == []


def test_what_breaks_is_told_without_a_trace(
    host: Host, viewer: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*given: object) -> None:
        raise RuntimeError("secret-in-a-trace")

    def is_away(*given: object) -> None:
        raise DatabaseError("The database is away.", advice="Look after it.")

    monkeypatch.setattr(host.connections, "all", breaks)
    broken = viewer.get("/connections")
    monkeypatch.setattr(host.connections, "all", is_away)
    away = viewer.get("/connections")

    assert is_problem(broken, 500)
    assert "secret-in-a-trace" not in broken.text
    assert is_problem(away, 503)
    assert away.headers["Retry-After"] == "10"
    assert away.get_json(force=True)["advice"] == "Look after it."
