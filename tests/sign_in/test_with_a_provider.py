"""Single sign-on, step by step, at a real provider: who comes in, as whom, and who does not."""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from support.agents import BY, PASSWORD, add_agent
from support.clock import Clock
from support.serving import serving
from support.sign_in_provider import CLIENT, CLIENT_SECRET, Person, SignInProvider, running_provider

from halo_host.agents.roles import Role
from halo_host.audit import entries
from halo_host.host import Host

from .conftest import BACK, NewPerson

pytestmark = pytest.mark.once
SESSION, UNDER_WAY = "halo-session", "halo-sign-in"


def said(answer: requests.Response) -> str:
    """A refusal is a page: its text."""
    assert answer.status_code == 422, (answer.status_code, answer.headers)
    return html.unescape(answer.text)


def is_in(person: Person) -> bool:
    return person.get("/account").status_code == 200


def with_query(address: str, **values: str | None) -> str:
    """The address with other values in its query; None takes one away."""
    found = {name: each[0] for name, each in parse_qs(urlsplit(address).query).items()}
    kept = {name: value for name, value in (found | values).items() if value is not None}
    request = requests.Request("GET", address.partition("?")[0], params=kept).prepare()
    assert request.url
    return request.url


def test_a_group_gives_a_stranger_an_account_with_its_role(
    desk: Host, person: Person, provider: SignInProvider
) -> None:
    provider.has_user("olive", "desk", "staff")

    answer = person.signs_in("olive")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Olive Operator" in person.get("/").text
    (olive,) = desk.agents.all()
    assert (olive.email, olive.role) == ("olive@example.com", Role.OPERATOR)
    assert olive.provider == provider.issuer
    (session,) = desk.agents.sessions()
    assert (session.method, session.address) == ("provider", "127.0.0.1")


def test_the_groups_count_anew_with_each_sign_in(
    desk: Host, new_person: NewPerson, provider: SignInProvider
) -> None:
    provider.has_user("olive", "desk")
    first = new_person(desk)
    first.signs_in("olive")

    provider.has_user("olive", "desk", "desk-admins")
    second = new_person(desk)
    second.signs_in("olive")
    assert [it.role for it in desk.agents.all()] == [Role.ADMINISTRATOR]
    assert is_in(first)

    provider.has_user("olive", "staff")
    assert "None of the groups" in said(new_person(desk).signs_in("olive"))
    assert not is_in(first)
    assert not is_in(second)


def test_a_verified_address_links_the_agent_who_keeps_role_and_password(
    desk: Host, new_person: NewPerson, provider: SignInProvider
) -> None:
    olive = add_agent(desk, role=Role.VIEWER)
    provider.has_user("olive", "desk-admins")
    new_person(desk).signs_in("olive")

    # From then on it is the account that counts, whatever its address.
    provider.has_user("olive", email="olive.jones@example.com", verified=False)
    person = new_person(desk)
    assert person.signs_in("olive").status_code == 303
    assert is_in(person)
    (found,) = desk.agents.all()
    assert (found.id, found.role, found.email) == (olive.id, Role.VIEWER, "olive@example.com")
    assert desk.agents.sign_in("olive@example.com", PASSWORD, "192.0.2.7")
    linked = [it for it in entries(desk.database) if it.action == "agent.linked"]
    assert [it.after for it in linked] == [{"provider": provider.issuer, "subject": "olive"}]


@pytest.mark.parametrize("known", [True, False])
def test_an_address_that_was_not_verified_lets_nobody_in(
    desk: Host, person: Person, provider: SignInProvider, known: bool
) -> None:
    if known:
        add_agent(desk, role=Role.ADMINISTRATOR)
    provider.has_user("olive", "desk-admins", verified=False)

    assert "has not verified the e-mail address" in said(person.signs_in("olive"))
    assert not is_in(person)
    assert desk.agents.sessions() == []
    assert [it.provider for it in desk.agents.all()] == [""] * known


@pytest.mark.parametrize("groups", [(), ("staff",)])
def test_a_stranger_without_a_group_that_counts_is_refused(
    desk: Host, person: Person, provider: SignInProvider, groups: tuple[str, ...]
) -> None:
    provider.has_user("olive", *groups)

    assert "There is no account for this e-mail address" in said(person.signs_in("olive"))
    assert desk.agents.all() == []


def test_a_disabled_agent_is_refused(
    desk: Host, new_person: NewPerson, provider: SignInProvider
) -> None:
    provider.has_user("olive", "desk")
    new_person(desk).signs_in("olive")
    (olive,) = desk.agents.all()
    desk.agents.disable(olive.id, agent=BY)

    assert "This account is disabled" in said(new_person(desk).signs_in("olive"))
    assert desk.agents.sessions() == []


def test_whoever_says_no_at_the_provider_is_told_so_and_may_begin_again(
    desk: Host, person: Person, provider: SignInProvider
) -> None:
    provider.has_user("olive", "desk")

    text = said(person.signs_in("olive", "/users", answer="deny"))
    assert "Canaille did not sign you in" in text
    assert "access_denied" in text
    assert desk.agents.all() == []
    assert person.signs_in("olive").status_code == 303  # /users is not forgotten, either
    assert 'href="/sign-in/provider?next=%2Fusers"' in text


@pytest.mark.parametrize("state", [None, "", "of-somebody-else"])
def test_an_answer_to_another_browser_is_refused(
    desk: Host, person: Person, provider: SignInProvider, state: str | None
) -> None:
    provider.has_user("olive", "desk")
    address = person.comes_back(person.begins(), "olive")

    answer = person.get(with_query(address, state=state))
    assert "was not begun in this browser" in said(answer)
    assert desk.agents.sessions() == []
    # It was somebody else's try, and this one is still good.
    assert person.get(address).status_code == 303


def test_the_answer_to_one_browser_signs_in_no_other(
    desk: Host, new_person: NewPerson, provider: SignInProvider
) -> None:
    provider.has_user("mallory", "desk")
    provider.has_user("olive", "desk")
    victim, attacker = new_person(desk), new_person(desk)
    address = attacker.comes_back(attacker.begins(), "mallory")

    assert "was not begun in this browser" in said(victim.get(address))
    # Nor does it once the victim is on the way, with the victim's own state.
    mine = parse_qs(urlsplit(victim.comes_back(victim.begins(), "olive")).query)["state"][0]
    assert "Begin again" in said(victim.get(with_query(address, state=mine)))
    assert desk.agents.all() == []


def test_an_answer_is_good_once(desk: Host, person: Person, provider: SignInProvider) -> None:
    provider.has_user("olive", "desk")
    address = person.comes_back(person.begins("/users"), "olive")
    under_way = person.session.cookies[UNDER_WAY]
    assert person.get(address).headers["Location"] == "/users"
    assert UNDER_WAY not in person.session.cookies

    # Who goes back in the browser stays signed in.
    again = person.get(address)
    assert (again.status_code, again.headers["Location"]) == (303, "/")
    assert len(desk.agents.sessions()) == 1

    thief = Person(person.host)
    assert "was not begun in this browser" in said(thief.get(address))
    thief.session.cookies.set(UNDER_WAY, under_way)
    text = said(thief.get(address))
    assert "used already, or took too long" in text
    assert "invalid_grant" in text
    assert len(desk.agents.sessions()) == 1
    thief.close()


@pytest.mark.parametrize(
    ("issuer", "why"),
    [("https://login.example.com", "came from another provider"), (None, "does not say")],
)
def test_an_answer_of_another_provider_is_refused(
    desk: Host, person: Person, provider: SignInProvider, issuer: str | None, why: str
) -> None:
    provider.has_user("olive", "desk")
    address = person.comes_back(person.begins(), "olive")

    assert why in said(person.get(with_query(address, iss=issuer)))
    assert desk.agents.sessions() == []


def test_a_signature_with_a_new_key_is_known(
    desk: Host, new_person: NewPerson, provider: SignInProvider
) -> None:
    provider.has_user("olive", "desk")
    assert new_person(desk).signs_in("olive").status_code == 303
    provider.changes_its_key()

    assert new_person(desk).signs_in("olive").status_code == 303


@pytest.mark.parametrize(
    ("method", "secret"),
    [
        ("client_secret_basic", CLIENT_SECRET),
        ("client_secret_post", "100% a+b & c: d"),
        ("none", ""),
    ],
)
def test_the_host_proves_itself_as_it_is_registered(
    desk: Host,
    clock: Clock,
    new_person: NewPerson,
    provider: SignInProvider,
    method: str,
    secret: str,
) -> None:
    provider.has_user("olive", "desk")
    settings = replace(desk.settings, oidc_client_secret=secret)
    with Host(settings, clock=clock) as host:
        person = new_person(host, token_endpoint_auth_method=method, client_secret=secret)
        assert person.signs_in("olive").status_code == 303


@pytest.mark.parametrize("name", ["oidc_client_secret", "oidc_client_id"])
def test_a_wrong_secret_of_the_host_is_named(
    desk: Host, clock: Clock, new_person: NewPerson, provider: SignInProvider, name: str
) -> None:
    provider.has_user("olive", "desk")
    provider.has_client(client_id="other")
    wrong: Any = {name: "other"}
    with Host(replace(desk.settings, **wrong), clock=clock) as host:
        person = new_person(host)
        if name == "oidc_client_id":
            provider.has_client(person.host + BACK, client_id="other", client_secret="its own")
        text = said(person.signs_in("olive"))
    assert "its client id or client secret is wrong (invalid_client)" in text
    assert "HALO_HOST_OIDC_CLIENT_SECRET" in text
    assert CLIENT_SECRET not in text


def test_while_the_provider_is_down_the_password_still_opens(
    desk: Host, clock: Clock, new_person: NewPerson, caplog: pytest.LogCaptureFixture
) -> None:
    add_agent(desk)
    with running_provider() as other:
        other.has_user("olive", "desk")
        settings = replace(desk.settings, oidc_issuer=other.issuer)
        with Host(settings, clock=clock) as host:
            person = new_person(host)
            other.has_client(person.host + BACK)
            assert person.signs_in("olive").status_code == 303
    with Host(settings, clock=clock) as host:
        person = new_person(host)
        for _ in range(2):
            text = said(person.get("/sign-in/provider?next=/users"))
            assert "Canaille does not answer" in text
            assert "sign in with a password" in text
        token = text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"email": "olive@example.com", "password": PASSWORD, "csrf_token": token}
        answer = person.session.post(
            f"{person.host}/sign-in", {**form, "next": "/users"}, timeout=30, allow_redirects=False
        )
        assert answer.headers["Location"] == "/users"
    assert "Canaille does not answer: " in caplog.text


def test_a_provider_that_goes_down_midway_is_told_so(
    desk: Host, clock: Clock, new_person: NewPerson
) -> None:
    with running_provider() as other:
        settings = replace(desk.settings, oidc_issuer=other.issuer)
        host = Host(settings, clock=clock)
        person = new_person(host)
        other.has_client(person.host + BACK)
        other.has_user("olive", "desk")
        address = person.comes_back(person.begins(), "olive")
    with host:
        assert "Canaille does not answer" in said(person.get(address))
    assert desk.agents.all() == []


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/users", "/users"),
        ("/payments?status=failed~late&q=a%2Cb%3Bc", "/payments?status=failed~late&q=a%2Cb%3Bc"),
        ('/payments?q="x",y;z', "/payments?q=%22x%22,y;z"),
        ("/users?q=" + "," * 1_480, "/"),  # more than a cookie holds
        ("//elsewhere.example", "/"),
        ("https://elsewhere.example/users", "/"),
        ("/\\elsewhere.example", "/"),
        ("/users\r\nSet-Cookie: a=b", "/"),
    ],
)
def test_it_leads_to_the_page_that_was_wanted_and_never_elsewhere(
    person: Person, provider: SignInProvider, wanted: str, led: str
) -> None:
    provider.has_user("olive", "desk")
    begun = person.session.get(
        f"{person.host}/sign-in/provider",
        params={"next": wanted},
        timeout=30,
        allow_redirects=False,
    )

    answer = person.get(person.comes_back(begun.headers["Location"], "olive"))
    assert (answer.status_code, answer.headers["Location"]) == (303, led)


def test_a_page_that_was_planted_in_the_cookie_is_not_led_to(
    person: Person, provider: SignInProvider
) -> None:
    provider.has_user("olive", "desk")
    address = person.comes_back(person.begins(), "olive")
    planted = person.session.cookies[UNDER_WAY].rpartition("~")[0] + "~//elsewhere.example"
    person.session.cookies.set(UNDER_WAY, planted, domain="127.0.0.1")

    assert person.get(address).headers["Location"] == "/"


def test_a_sign_in_ends_the_session_before_and_begins_one_of_its_own(
    desk: Host, person: Person, provider: SignInProvider
) -> None:
    add_agent(desk, "Bob")
    before = desk.agents.sign_in("bob@example.com", PASSWORD, "127.0.0.1")
    person.session.cookies.set(SESSION, before.token, domain="127.0.0.1")
    provider.has_user("olive", "desk")

    address = person.comes_back(person.begins_anew(), "olive")
    assert is_in(person)  # still as Bob
    person.get(address)
    cookie = next(it for it in person.session.cookies if it.name == SESSION)
    assert cookie.value != before.token
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"
    assert desk.agents.session(before.token) is None
    assert "Olive Operator" in person.get("/").text


def test_a_refused_sign_in_leaves_the_session_before_as_it_is(
    desk: Host, person: Person, provider: SignInProvider
) -> None:
    add_agent(desk, "Bob")
    before = desk.agents.sign_in("bob@example.com", PASSWORD, "127.0.0.1")
    person.session.cookies.set(SESSION, before.token, domain="127.0.0.1")
    provider.has_user("olive")

    assert "no account" in said(person.get(person.comes_back(person.begins_anew(), "olive")))
    assert desk.agents.session(before.token)


def test_without_a_provider_there_is_no_such_door(host: Host, new_person: NewPerson) -> None:
    add_agent(host)
    person = new_person(host)

    assert "/sign-in/provider" not in person.get("/sign-in").text
    for path in ("/sign-in/provider", BACK):
        assert person.get(path).status_code == 404


def test_the_server_takes_the_provider_from_its_environment(
    host: Host, provider: SignInProvider, tmp_path: Path
) -> None:
    provider.has_user("olive", "night shift")
    environment = {
        "HALO_HOST_OIDC_ISSUER": provider.issuer,
        "HALO_HOST_OIDC_CLIENT_ID": CLIENT,
        "HALO_HOST_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "HALO_HOST_OIDC_VIEWERS": "day shift, night shift",
    }
    assert host.agents.all() == []
    with serving(host.settings, tmp_path, "--no-integrator", environment=environment) as running:
        provider.has_client(running.url + BACK)
        person = Person(running.url)
        assert "Sign in with 127.0.0.1" in person.get("/sign-in").text
        address = person.comes_back(person.begins("/users"), "olive")
        assert person.get(address).headers["Location"] == "/users"
        assert person.get("/users").status_code == 200
        person.close()
        log = running.said()
    assert [(it.name, it.role) for it in host.agents.all()] == [("Olive Operator", Role.VIEWER)]
    secret = parse_qs(urlsplit(address).query)["code"][0]
    assert secret not in log
    assert CLIENT_SECRET not in log
