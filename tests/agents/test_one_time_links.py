"""Links that work once: the first administrator, and a password of one's own choice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.agents import ADDRESS, BY, PASSWORD, add_agent, signed_in
from support.clock import Clock

from halo_host.agents.agent import SignInRefused
from halo_host.agents.one_time_links import unfit
from halo_host.agents.roles import Role
from halo_host.audit import entries
from halo_host.errors import InvalidInput
from halo_host.host import Host

ADA = ("Ada Admin", "ada@example.com")
NEW = "another good password of mine"


def first_link(host: Host) -> str:
    token = host.agents.begin_first_link()
    assert token
    return token


def test_an_empty_database_gets_its_administrator_by_a_link(host: Host) -> None:
    token = first_link(host)
    assert host.agents.first_link_is_open(token)

    session = host.agents.redeem_first_link(token, *ADA, PASSWORD, address=ADDRESS)

    assert (session.name, session.role, session.method) == ("Ada Admin", Role.ADMINISTRATOR, "link")
    assert host.agents.session(session.token)
    assert signed_in(host, "ada@example.com")
    added = [it for it in entries(host.database) if it.action == "agent.added"]
    assert [(it.agent, it.after) for it in added] == [
        (
            "Ada Admin",
            {
                "name": "Ada Admin",
                "email": "ada@example.com",
                "role": "administrator",
                "password": "***",
                "by": "one-time link",
            },
        )
    ]


def test_the_first_link_works_once(host: Host) -> None:
    token, other = first_link(host), first_link(host)
    host.agents.redeem_first_link(token, *ADA, PASSWORD)

    for used in (token, other):
        assert not host.agents.first_link_is_open(used)
        with pytest.raises(SignInRefused, match="used already"):
            host.agents.redeem_first_link(used, "Eve", "eve@example.com", PASSWORD)
    assert host.agents.begin_first_link() is None
    assert [it.name for it in host.agents.all()] == ["Ada Admin"]


def test_where_there_is_an_agent_there_is_no_first_link(host: Host) -> None:
    token = first_link(host)
    viewer = add_agent(host, "Vic Viewer", Role.VIEWER)
    host.agents.disable(viewer.id, agent=BY)

    assert host.agents.begin_first_link() is None
    assert not host.agents.first_link_is_open(token)
    with pytest.raises(SignInRefused):
        host.agents.redeem_first_link(token, *ADA, PASSWORD)


def test_the_first_link_is_too_old_after_an_hour(host: Host, clock: Clock) -> None:
    token = first_link(host)
    clock.advance(minutes=59)
    assert host.agents.first_link_is_open(token)
    clock.advance(minutes=1)

    assert not host.agents.first_link_is_open(token)
    with pytest.raises(SignInRefused, match="too old"):
        host.agents.redeem_first_link(token, *ADA, PASSWORD)
    assert host.agents.redeem_first_link(first_link(host), *ADA, PASSWORD)


def test_what_cannot_be_used_leaves_the_first_link_good(host: Host) -> None:
    token = first_link(host)
    for name, email, password in (
        ("", "ada@example.com", PASSWORD),
        ("Ada", "no address", PASSWORD),
        ("Ada", "ada@example.com", "short"),
    ):
        with pytest.raises(InvalidInput):
            host.agents.redeem_first_link(token, name, email, password)
    assert host.agents.all() == []
    assert host.agents.redeem_first_link(token, *ADA, PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "\0\ud800", "x" * 10_000])
def test_an_unknown_link_opens_nothing(host: Host, token: str) -> None:
    first_link(host)

    assert not host.agents.first_link_is_open(token)
    assert host.agents.password_link(token) is None
    with pytest.raises(SignInRefused):
        host.agents.redeem_first_link(token, *ADA, PASSWORD)
    with pytest.raises(SignInRefused):
        host.agents.redeem_password_link(token, PASSWORD)
    assert host.agents.all() == []


def test_of_two_people_with_links_at_once_one_becomes_administrator(host: Host) -> None:
    links = [first_link(host) for _ in range(4)]

    def redeem(number: int) -> bool:
        try:
            host.agents.redeem_first_link(
                links[number], f"P{number}", f"p{number}@example.com", PASSWORD
            )
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(redeem, range(4))) == 1
    assert len(host.agents.all()) == 1


def test_an_agent_chooses_a_password_by_a_link(host: Host) -> None:
    olive = add_agent(host, password=None)
    token = host.agents.begin_password_link(olive.id, agent="Ada")
    assert host.agents.password_link(token) == olive

    session = host.agents.redeem_password_link(token, NEW, address=ADDRESS)

    assert session.agent.has_password
    assert host.agents.sign_in("olive@example.com", NEW, ADDRESS)
    assert host.agents.password_link(token) is None
    with pytest.raises(SignInRefused, match="used already"):
        host.agents.redeem_password_link(token, PASSWORD)
    said = [(it.agent, it.action) for it in entries(host.database, entity="agent", limit=4)]
    assert said[1:] == [
        ("Olive Operator", "agent.signed_in"),
        ("Olive Operator", "agent.password_set"),
        ("Ada", "agent.link_made"),
    ]


def test_a_link_replaces_a_forgotten_password_and_ends_sessions(host: Host) -> None:
    olive = add_agent(host)
    before = signed_in(host)
    first = host.agents.begin_password_link(olive.id, agent=BY)
    second = host.agents.begin_password_link(olive.id, agent=BY)

    assert host.agents.password_link(first) is None
    with pytest.raises(InvalidInput, match="too short"):
        host.agents.redeem_password_link(second, "short")
    assert host.agents.session(before.token)
    host.agents.redeem_password_link(second, NEW)
    assert host.agents.session(before.token) is None
    with pytest.raises(SignInRefused):
        signed_in(host)


def test_a_password_link_ends_after_a_day_or_with_the_agent(host: Host, clock: Clock) -> None:
    olive = add_agent(host)
    token = host.agents.begin_password_link(olive.id, agent=BY)
    clock.advance(days=1)
    assert host.agents.password_link(token) is None

    token = host.agents.begin_password_link(olive.id, agent=BY)
    host.agents.disable(olive.id, agent=BY)
    assert host.agents.password_link(token) is None
    with pytest.raises(InvalidInput, match="is disabled"):
        host.agents.begin_password_link(olive.id, agent=BY)
    host.agents.enable(olive.id, agent=BY)
    assert host.agents.password_link(token) is None


def test_a_link_of_one_kind_does_not_open_the_other(host: Host) -> None:
    first = first_link(host)
    assert host.agents.password_link(first) is None
    olive = add_agent(host)
    token = host.agents.begin_password_link(olive.id, agent=BY)
    with pytest.raises(SignInRefused):
        host.agents.redeem_first_link(token, *ADA, PASSWORD)
    assert host.agents.password_link(token)


def test_all_that_is_wrong_with_a_new_account_is_known_at_once() -> None:
    wrong = unfit(" ", "notmail", "short")

    assert {field: error.message.split(":")[0] for field, error in wrong.items()} == {
        "name": "An agent needs a name of 1 to 100 characters.",
        "email": "That is no e-mail address.",
        "password": "The password is too short",
    }
    assert unfit(*ADA, PASSWORD) == {}
