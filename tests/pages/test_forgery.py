"""Other sites can neither act in an agent's name, nor lead away, nor take a session over."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from support.agents import PASSWORD, add_agent
from support.pages import Visitor

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app
from halo_host.web.shell.next_page import safe_page

CREDENTIALS = {"email": "olive@example.com", "password": PASSWORD}


@pytest.mark.parametrize("token", ["", "x", "AAAA", "ä", "A" * 88, "=" * 88])
def test_a_form_without_the_token_of_its_page_changes_nothing(
    visitor: Visitor, host: Host, token: str
) -> None:
    add_agent(host)

    answer = visitor.post("/sign-in", CREDENTIALS, token=token)

    assert answer.status_code == 403
    assert visitor.cookie() == ""


def test_the_token_of_another_visit_does_not_fit(app: Flask, host: Host) -> None:
    add_agent(host)
    one, other = Visitor(app), Visitor(app)

    assert one.post("/sign-in", CREDENTIALS, token=other.token()).status_code == 403
    assert one.post("/sign-in", CREDENTIALS, token=one.token()).status_code == 303


def test_a_token_from_before_signing_in_does_not_fit_afterwards(
    visitor: Visitor, host: Host
) -> None:
    add_agent(host)
    before = visitor.token()
    visitor.post("/sign-in", CREDENTIALS, token=before)

    assert visitor.post("/sign-out", token=before).status_code == 403
    assert visitor.get("/").status_code == 200


def test_the_token_may_come_in_a_header_and_differs_in_each_page(viewer: Visitor) -> None:
    one, other = viewer.token(), viewer.token()
    assert one != other

    for token in (one, other):
        answer = viewer.client.post(
            "/viewing/theme",
            data={"theme": "dark"},
            headers={"X-CSRF-Token": token, "X-Halo-Part": "kept"},
        )
        assert answer.status_code == 204


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_request_that_the_browser_says_comes_from_elsewhere_is_refused(
    viewer: Visitor, site: str
) -> None:
    assert viewer.post("/sign-out", Sec_Fetch_Site=site).status_code == 403
    assert viewer.get("/").status_code == 200
    assert viewer.post("/sign-out", Sec_Fetch_Site="same-origin").status_code == 303


def test_a_session_that_was_planted_before_signing_in_is_worth_nothing(
    app: Flask, host: Host
) -> None:
    add_agent(host)
    planted = "planted-by-somebody-else-planted-by-somebody"
    victim, attacker = Visitor(app), Visitor(app)
    victim.client.set_cookie("halo-session", planted)
    attacker.client.set_cookie("halo-session", planted)

    assert victim.sign_in("olive@example.com").status_code == 303

    assert victim.cookie() != planted
    assert victim.get("/").status_code == 200
    assert attacker.get("/").status_code == 303


def test_signing_in_anew_ends_the_session_before(visitor: Visitor, app: Flask, host: Host) -> None:
    add_agent(host)
    visitor.sign_in("olive@example.com")
    stolen = Visitor(app)
    stolen.client.set_cookie("halo-session", visitor.cookie())
    assert stolen.get("/").status_code == 200

    visitor.sign_in("olive@example.com")

    assert stolen.get("/").status_code == 303
    assert visitor.get("/").status_code == 200


def test_signing_out_ends_the_session_on_the_server(
    visitor: Visitor, app: Flask, host: Host
) -> None:
    add_agent(host)
    visitor.sign_in("olive@example.com")
    copy = Visitor(app)
    copy.client.set_cookie("halo-session", visitor.cookie())

    answer = visitor.post("/sign-out")

    assert answer.headers["Location"] == "/signed-out"
    assert visitor.cookie() == ""
    assert copy.get("/").status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/ /evil",
        "/x\r\nSet-Cookie: a=b",
        "evil.example",
        "http:evil.example",
        "/" + "x" * 5_000,
        "/ä",
        "",
    ],
)
def test_signing_in_never_leads_to_another_site(visitor: Visitor, host: Host, address: str) -> None:
    add_agent(host)

    answer = visitor.sign_in("olive@example.com", wanted=address)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    assert "a=b" not in str(answer.headers)


@pytest.mark.parametrize("address", ["/", "/users?after=12&sort=-name", "/users/1/tabs/acme-pay/x"])
def test_pages_of_the_host_are_led_to(address: str) -> None:
    assert safe_page(address) == address


@pytest.mark.parametrize(
    "name", ["X-Request-Id", "User-Agent", "X-Forwarded-For", "HX-Current-URL", "Accept"]
)
def test_no_header_of_a_request_becomes_one_of_the_answer(visitor: Visitor, name: str) -> None:
    nasty = "x\u00e4; Set-Cookie: planted=1"

    answer = visitor.client.get("/", headers={name: nasty})

    assert "planted" not in str(answer.headers)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(host: Host) -> None:
    add_agent(host)
    plain = Visitor(create_app(host, AnswerTimes()))
    set_plain = plain.sign_in("olive@example.com").headers["Set-Cookie"]
    assert re.match(r"halo-session=\S{30,};", set_plain)
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in set_plain

    host.settings = replace(host.settings, public_url="https://desk.example.com")
    behind = create_app(host, AnswerTimes()).test_client()
    shown = behind.get("/sign-in", base_url="https://desk.example.com")
    visit = shown.headers["Set-Cookie"]
    assert visit.startswith("__Host-halo-visitor=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in visit
    assert "Domain" not in visit


def test_too_many_wrong_passwords_are_refused_in_the_same_words(
    visitor: Visitor, host: Host
) -> None:
    add_agent(host, role=Role.VIEWER)
    answers = [visitor.sign_in("olive@example.com", "wrong one") for _ in range(8)]

    assert {it.status_code for it in answers[:3]} == {422}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert visitor.sign_in("olive@example.com").status_code == 429


def test_whether_there_is_such_an_agent_is_not_told(visitor: Visitor, host: Host) -> None:
    add_agent(host)

    def message(email: str) -> str:
        found = re.search(r'notice-title">([^<]*)<', visitor.sign_in(email, "wrong one").text)
        assert found is not None
        return found[1]

    assert message("olive@example.com") == message("nobody@example.com")


def test_a_form_that_is_too_large_is_refused(viewer: Visitor) -> None:
    answer = viewer.client.post(
        "/viewing/theme", data={"theme": "x" * 3_000_000}, headers={"Accept": "text/html"}
    )

    assert answer.status_code == 413
    assert "too large" in answer.text
