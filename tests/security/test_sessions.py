"""Sessions cannot be planted, kept beyond their time, or taken by scripts and other sites."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from flask import Flask
from support.agents import PASSWORD, add_agent
from support.clock import Clock
from support.pages import Visitor, visitor_with
from support.served import served_by

from halo_host.agents.roles import Role
from halo_host.host import Host

ANOTHER = "orange lantern forty-two"


def with_cookie(app: Flask, token: str) -> Visitor:
    """Somebody who has got hold of a cookie."""
    thief = Visitor(app)
    thief.client.set_cookie("halo-session", token)
    return thief


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/account").status_code == 200


@pytest.mark.parametrize("planted", ["x", "A" * 43, "A" * 3_000, "ä", "'; DROP TABLE agents; --"])
def test_signing_in_never_takes_up_what_the_browser_brought(
    app: Flask, host: Host, planted: str
) -> None:
    add_agent(host)
    victim = with_cookie(app, planted)

    assert victim.sign_in("olive@example.com").status_code == 303

    assert len(victim.cookie()) >= 43
    assert victim.cookie() != planted
    assert is_in(victim)
    assert not is_in(with_cookie(app, planted))


def test_each_sign_in_has_a_token_and_a_session_of_its_own(app: Flask, host: Host) -> None:
    add_agent(host)
    visitors = [Visitor(app) for _ in range(5)]
    for each in visitors:
        each.sign_in("olive@example.com")

    assert len({each.cookie() for each in visitors}) == 5


def test_a_new_password_gives_a_new_token_and_ends_every_other_session(
    app: Flask, host: Host, clock: Clock
) -> None:
    add_agent(host)
    mine, other = Visitor(app), Visitor(app)
    for each in (mine, other):
        each.sign_in("olive@example.com")
    before = mine.cookie()

    answer = mine.post("/account/password", {"old": PASSWORD, "new": ANOTHER, "again": ANOTHER})

    assert answer.status_code == 303
    assert mine.cookie() != before
    assert is_in(mine)
    assert not is_in(other)
    clock.advance(minutes=2)  # requests that were under way have ended
    assert is_in(mine)
    assert not is_in(with_cookie(app, before))


def test_another_role_gives_a_new_token_and_the_one_before_is_over_soon(
    app: Flask, host: Host, clock: Clock
) -> None:
    mine = visitor_with(app, host, Role.VIEWER)
    before = mine.cookie()

    host.agents.set_role(host.agents.find("viewer@example.com").id, Role.OPERATOR, agent="Test")
    assert is_in(mine)

    assert mine.cookie() != before
    clock.advance(minutes=2)
    assert is_in(mine)
    assert not is_in(with_cookie(app, before))


def test_a_password_that_somebody_else_sets_ends_all_sessions(app: Flask, host: Host) -> None:
    mine = visitor_with(app, host, Role.VIEWER)

    host.agents.set_password(host.agents.find("viewer@example.com").id, ANOTHER, agent="Test")

    assert not is_in(mine)


def test_a_session_that_nobody_uses_is_over(viewer: Visitor, clock: Clock) -> None:
    clock.advance(hours=11)
    assert is_in(viewer)
    clock.advance(hours=11)
    assert is_in(viewer)

    clock.advance(hours=13)

    assert not is_in(viewer)


def test_a_session_is_over_after_days_however_much_it_is_used(
    viewer: Visitor, app: Flask, clock: Clock
) -> None:
    for _ in range(7 * 24 // 8 - 1):
        clock.advance(hours=8)
        assert is_in(viewer)
    cookie = viewer.cookie()

    clock.advance(hours=9)

    assert not is_in(with_cookie(app, cookie))


def test_a_link_that_works_once_works_once(app: Flask, host: Host) -> None:
    agent = add_agent(host, password=None)
    token = host.agents.begin_password_link(agent.id, agent="Test")
    filled = {"token": token, "password": ANOTHER, "again": ANOTHER}
    first, second = Visitor(app), Visitor(app)

    assert first.post("/new-password", filled).status_code == 303
    assert second.post("/new-password", filled).status_code == 410

    assert is_in(first)
    assert not is_in(second)


def test_every_cookie_is_kept_from_scripts_and_other_sites(
    app: Flask, host: Host, desk: object
) -> None:
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)
    token = visitor.token()
    answers = [Visitor(app).get("/sign-in"), Visitor(app).sign_in("administrator@example.com")]
    for each in served_by(app):
        if each.rule != "/sign-out":
            answers.append(
                visitor.client.open(
                    each.address("987654321"),
                    method=each.method,
                    data={"csrf_token": token, "theme": "dark", "navigation": "narrow"}
                    if each.method == "POST"
                    else None,
                )
            )
    answers.append(visitor.post("/sign-out"))
    seen = set()
    for answer in answers:
        for line in answer.headers.getlist("Set-Cookie"):
            for name, cookie in SimpleCookie(line).items():
                seen.add(name)
                assert cookie["httponly"], line
                assert cookie["samesite"] == "Lax", line
                assert cookie["path"] == "/", line
                assert not cookie["domain"], line
    assert {"halo-session", "halo-visitor", "halo-theme", "halo-navigation"} <= seen
