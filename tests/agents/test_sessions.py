"""Sessions: they expire, are renewed and end; only the hash of a token is stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import event, func, select
from support.agents import ADDRESS, BY, PASSWORD, add_agent, signed_in
from support.clock import Clock

from halo_host.agents.agent import SignedIn, SignInRefused
from halo_host.agents.roles import Role
from halo_host.audit import entries
from halo_host.database.agent_tables import agent_sessions
from halo_host.errors import InvalidInput, NotFound
from halo_host.host import Host

NEW = "another good password of mine"


@pytest.fixture
def session(host: Host) -> SignedIn:
    add_agent(host)
    return signed_in(host)


def test_a_sign_in_opens_a_session_for_the_token(host: Host, session: SignedIn) -> None:
    found = host.agents.session(session.token)

    assert found == replace(session, token="")
    assert (session.agent.email, session.name, session.role) == (
        "olive@example.com",
        "Olive Operator",
        Role.OPERATOR,
    )
    assert session.agent.last_sign_in_at == host.clock()
    assert len(session.token) == len(session.csrf_token) == 43
    with host.database.read() as connection:
        stored = connection.scalar(select(agent_sessions.c.token_hash))
    assert stored == sha256(session.token.encode()).hexdigest()


def test_each_sign_in_has_a_token_and_a_form_token_of_its_own(
    host: Host, session: SignedIn
) -> None:
    other = signed_in(host)

    assert other.session_id != session.session_id
    assert len({session.token, other.token, session.csrf_token, other.csrf_token}) == 4


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 100_000, "\0", "\ud800", "' OR 1=1"])
def test_an_unknown_token_opens_nothing(host: Host, session: SignedIn, token: str) -> None:
    assert host.agents.session(token) is None
    host.agents.sign_out(token)
    with pytest.raises(SignInRefused, match="session is over"):
        host.agents.change_password(token, PASSWORD, NEW, address=ADDRESS)
    assert host.agents.session(session.token)


def test_the_hash_of_a_token_is_no_token(host: Host, session: SignedIn) -> None:
    assert host.agents.session(sha256(session.token.encode()).hexdigest()) is None


def test_a_session_that_nobody_uses_ends_after_half_a_day(
    host: Host, session: SignedIn, clock: Clock
) -> None:
    for _ in range(3):
        clock.advance(hours=11, minutes=59)
        assert host.agents.session(session.token)
    clock.advance(hours=12)
    assert host.agents.session(session.token) is None
    assert host.agents.sessions() == []


def test_a_session_in_use_ends_after_a_week(host: Host, session: SignedIn, clock: Clock) -> None:
    for _ in range(7 * 24 - 1):
        clock.advance(hours=1)
        assert host.agents.session(session.token)
    clock.advance(hours=1)
    assert clock() == session.expires_at
    assert host.agents.session(session.token) is None


def test_how_long_sessions_last_is_a_setting(host: Host, clock: Clock) -> None:
    add_agent(host)
    settings = replace(host.settings, session_hours=1, session_days=2)
    with Host(settings, clock=clock) as other:
        session = signed_in(other)
        assert (session.expires_at - clock()).days == 2
        clock.advance(hours=1)
        assert other.agents.session(session.token) is None


def test_a_session_in_use_writes_at_most_once_a_minute(
    host: Host, session: SignedIn, clock: Clock
) -> None:
    writes: list[str] = []
    event.listen(
        host.database._reader,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: (
            writes.append(statement) if statement.startswith("UPDATE") else None
        ),
    )
    for _ in range(120):
        clock.advance(seconds=1)
        assert host.agents.session(session.token)
    assert len(writes) == 2
    (shown,) = host.agents.sessions(session.agent.id)
    assert shown.seen_at == clock()


def test_sessions_that_are_over_are_cleared_away(
    host: Host, session: SignedIn, clock: Clock
) -> None:
    clock.advance(days=1)
    signed_in(host)

    with host.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(agent_sessions)) == 1


def test_after_a_change_of_the_role_the_next_request_gets_a_new_token(
    host: Host, session: SignedIn, clock: Clock
) -> None:
    host.agents.set_role(session.agent.id, Role.VIEWER, agent=BY)

    renewed = host.agents.session(session.token)
    assert renewed
    assert renewed.role is Role.VIEWER
    assert renewed.token not in {"", session.token}
    assert (renewed.session_id, renewed.csrf_token) == (session.session_id, session.csrf_token)
    again = host.agents.session(renewed.token)
    assert again
    assert again.token == ""
    # A request that was under way with the former token is answered, for a minute.
    clock.advance(seconds=59)
    late = host.agents.session(session.token)
    assert late
    assert late.token == ""
    clock.advance(seconds=1)
    assert host.agents.session(session.token) is None
    assert host.agents.session(renewed.token)


def test_of_many_requests_at_once_one_brings_the_new_token(host: Host, session: SignedIn) -> None:
    host.agents.set_role(session.agent.id, Role.VIEWER, agent=BY)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(host.agents.session, [session.token] * 16))
    assert all(found)
    (token,) = {it.token for it in found if it and it.token}
    assert host.agents.session(token)


def test_signing_out_ends_this_session_alone(host: Host, session: SignedIn) -> None:
    other = signed_in(host)
    host.agents.sign_out(session.token)
    host.agents.sign_out(session.token)

    assert host.agents.session(session.token) is None
    assert host.agents.session(other.token)
    said = [(it.agent, it.action) for it in entries(host.database) if "signed" in it.action]
    assert said == [
        ("Olive Operator", "agent.signed_out"),
        ("Olive Operator", "agent.signed_in"),
        ("Olive Operator", "agent.signed_in"),
    ]


def test_with_the_former_token_one_signs_out_too(host: Host, session: SignedIn) -> None:
    host.agents.set_role(session.agent.id, Role.VIEWER, agent=BY)
    renewed = host.agents.session(session.token)
    assert renewed
    host.agents.sign_out(session.token)

    assert host.agents.session(renewed.token) is None


def test_who_is_disabled_is_out_at_once_and_stays_out(host: Host, session: SignedIn) -> None:
    host.agents.disable(session.agent.id, agent=BY)
    assert host.agents.session(session.token) is None

    host.agents.enable(session.agent.id, agent=BY)
    assert host.agents.session(session.token) is None
    assert signed_in(host)


def test_a_new_password_ends_every_session(host: Host, session: SignedIn) -> None:
    host.agents.set_password(session.agent.id, NEW, agent=BY)

    assert host.agents.session(session.token) is None
    with pytest.raises(SignInRefused):
        signed_in(host)
    assert host.agents.sign_in("olive@example.com", NEW, ADDRESS)


def test_who_changes_the_own_password_stays_with_a_new_token(host: Host, session: SignedIn) -> None:
    other = signed_in(host)
    changed = host.agents.change_password(session.token, PASSWORD, NEW, address=ADDRESS)

    assert changed.session_id == session.session_id
    assert changed.token not in {"", session.token}
    assert host.agents.session(changed.token)
    assert host.agents.session(other.token) is None
    assert host.agents.sign_in("olive@example.com", NEW, ADDRESS)


def test_the_own_password_is_changed_only_with_the_old_one(host: Host, session: SignedIn) -> None:
    def change(old: str, new: str) -> None:
        host.agents.change_password(session.token, old, new, address=ADDRESS)

    with pytest.raises(InvalidInput, match="the old one"):
        change(PASSWORD, PASSWORD)
    with pytest.raises(InvalidInput, match="too short"):
        change(PASSWORD, "short")
    for _ in range(5):
        with pytest.raises(SignInRefused, match="old password is wrong"):
            change("a wrong password", NEW)
    with pytest.raises(SignInRefused, match="too many") as caught:
        change(PASSWORD, NEW)
    assert caught.value.retry_after
    assert host.agents.session(session.token)


def test_sessions_are_listed_and_ended_one_or_all(
    host: Host, session: SignedIn, clock: Clock
) -> None:
    add_agent(host, "Bob")
    clock.advance(minutes=5)
    second = signed_in(host, address="2001:db8::1")
    bob = signed_in(host, "bob@example.com")

    shown = host.agents.sessions(session.agent.id)
    assert [(it.id, it.method, it.address, it.browser) for it in shown] == [
        (second.session_id, "password", "2001:db8::1", "Test/1.0"),
        (session.session_id, "password", ADDRESS, "Test/1.0"),
    ]
    assert len(host.agents.sessions()) == 3

    host.agents.end_session(second.session_id, agent=BY)
    assert host.agents.session(second.token) is None
    with pytest.raises(NotFound, match="over already"):
        host.agents.end_session(second.session_id, agent=BY)
    third = signed_in(host)
    assert host.agents.end_sessions(session.agent.id, agent=BY, but=third.session_id) == 1
    assert host.agents.session(session.token) is None
    assert host.agents.session(third.token)
    assert host.agents.session(bob.token)
    assert host.agents.end_sessions(agent=BY) == 2
    assert host.agents.sessions() == []
    assert host.agents.end_sessions(agent=BY) == 0
    ended = [it for it in entries(host.database) if it.action == "agent.sessions_ended"]
    assert [(it.entity_id, it.after) for it in reversed(ended)] == [
        ("1", {"sessions": 1}),
        ("1", {"sessions": 1}),
        ("", {"sessions": 2}),
    ]


def test_an_address_and_a_browser_of_any_kind_are_taken(host: Host) -> None:
    add_agent(host)
    session = host.agents.sign_in(
        "olive@example.com", PASSWORD, "\0\ud800" * 999, browser="<script>\0\ud800" * 999
    )

    (shown,) = host.agents.sessions(session.agent.id)
    assert len(shown.address) == 100
    assert len(shown.browser) == 200
