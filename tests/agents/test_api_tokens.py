"""API tokens: their role, their end, and what is kept of them."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from support.agents import BY, add_agent
from support.clock import Clock

from halo_host.agents.agent import Agent, NewApiToken
from halo_host.agents.roles import Role
from halo_host.audit import entries
from halo_host.errors import InvalidInput, NotFound
from halo_host.host import Host


@pytest.fixture
def olive(host: Host) -> Agent:
    return add_agent(host)


@pytest.fixture
def made(host: Host, olive: Agent) -> NewApiToken:
    return host.agents.tokens.add(olive.id, " Nightly  export ", Role.VIEWER, agent=BY)


def role_of(host: Host, made: NewApiToken) -> Role | None:
    use = host.agents.tokens.use(made.secret)
    return use.role if use else None


def test_a_token_acts_as_its_agent_with_its_own_role(host: Host, made: NewApiToken) -> None:
    use = host.agents.tokens.use(made.secret)

    assert use
    assert (use.agent.email, use.name, use.role, use.token_id) == (
        "olive@example.com",
        "Olive Operator",
        Role.VIEWER,
        made.token.id,
    )
    assert made.secret.startswith("halo_")
    assert made.secret.startswith(made.token.hint)
    assert len(made.secret) - len(made.token.hint) >= 39
    assert made.token.name == "Nightly export"


def test_a_token_has_no_role_above_its_agents(host: Host, olive: Agent) -> None:
    with pytest.raises(InvalidInput, match="Olive Operator is operator"):
        host.agents.tokens.add(olive.id, "x", Role.ADMINISTRATOR, agent=BY)

    made = host.agents.tokens.add(olive.id, "x", Role.OPERATOR, agent=BY)
    host.agents.set_role(olive.id, Role.VIEWER, agent=BY)
    assert role_of(host, made) is Role.VIEWER
    host.agents.set_role(olive.id, Role.ADMINISTRATOR, agent=BY)
    assert role_of(host, made) is Role.OPERATOR


def test_a_token_ends_when_its_days_are_over(
    host: Host, olive: Agent, made: NewApiToken, clock: Clock
) -> None:
    short = host.agents.tokens.add(olive.id, "short", Role.VIEWER, agent=BY, days=1)

    clock.advance(hours=23, minutes=59)
    assert role_of(host, short)
    clock.advance(minutes=1)
    assert role_of(host, short) is None
    assert [it.id for it in host.agents.tokens.list()] == [made.token.id]
    clock.advance(days=88, hours=23)
    assert role_of(host, made)
    clock.advance(hours=1)
    assert role_of(host, made) is None
    assert host.agents.tokens.list() == []
    assert len(host.agents.tokens.list(olive.id, ended=True)) == 2


def test_a_revoked_token_is_refused_at_once(host: Host, made: NewApiToken, clock: Clock) -> None:
    assert role_of(host, made)
    revoked = host.agents.tokens.revoke(made.token.id, agent="Ada")

    assert revoked.revoked_at == clock()
    assert role_of(host, made) is None
    assert host.agents.tokens.list() == []
    with pytest.raises(InvalidInput, match="revoked already"):
        host.agents.tokens.revoke(made.token.id, agent=BY)
    with pytest.raises(NotFound, match="no API token 9"):
        host.agents.tokens.revoke(9, agent=BY)
    said = [
        (it.agent, it.action, it.before, it.after)
        for it in reversed(entries(host.database, entity="api_token"))
    ]
    shown = {
        "name": "Nightly export",
        "agent": "Olive Operator",
        "role": "viewer",
        "expires_at": made.token.expires_at.isoformat(),
        "secret": "***",
    }
    assert said == [
        (BY, "api_token.added", None, shown),
        ("Ada", "api_token.revoked", shown, None),
    ]


def test_the_tokens_of_a_disabled_agent_rest(host: Host, olive: Agent, made: NewApiToken) -> None:
    host.agents.disable(olive.id, agent=BY)
    assert role_of(host, made) is None
    with pytest.raises(InvalidInput, match="is disabled"):
        host.agents.tokens.add(olive.id, "x", Role.VIEWER, agent=BY)

    host.agents.enable(olive.id, agent=BY)
    assert role_of(host, made)


@pytest.mark.parametrize("secret", ["", "halo_", "halo_x", "x", "\ud800", "halo_\0\ud800"])
def test_an_unknown_token_is_refused(host: Host, made: NewApiToken, secret: str) -> None:
    assert host.agents.tokens.use(secret) is None
    assert host.agents.tokens.use(made.secret.removeprefix("halo_")) is None
    assert host.agents.tokens.use(made.secret + "x") is None


@pytest.mark.parametrize("days", [0, -1, 367])
def test_days_that_a_token_cannot_have_are_refused(host: Host, olive: Agent, days: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 366 days"):
        host.agents.tokens.add(olive.id, "x", Role.VIEWER, agent=BY, days=days)


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x07"])
def test_a_token_needs_a_name(host: Host, olive: Agent, name: str) -> None:
    with pytest.raises(InvalidInput, match="needs a name"):
        host.agents.tokens.add(olive.id, name, Role.VIEWER, agent=BY)


def test_an_agent_has_no_endless_number_of_tokens(host: Host, olive: Agent) -> None:
    for number in range(100):
        made = host.agents.tokens.add(olive.id, str(number), Role.VIEWER, agent=BY)

    with pytest.raises(InvalidInput, match="has 100 API tokens"):
        host.agents.tokens.add(olive.id, "x", Role.VIEWER, agent=BY)
    host.agents.tokens.revoke(made.token.id, agent=BY)
    assert host.agents.tokens.add(olive.id, "x", Role.VIEWER, agent=BY)


def test_the_time_of_its_last_use_is_written_at_most_once_a_minute(
    host: Host, made: NewApiToken, clock: Clock
) -> None:
    writes: list[str] = []
    event.listen(
        host.database._reader,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: (
            writes.append(statement) if statement.startswith("UPDATE") else None
        ),
    )
    assert made.token.last_used_at is None
    for _ in range(121):
        assert role_of(host, made)
        clock.advance(seconds=1)
    assert len(writes) == 3
    used = host.agents.tokens.get(made.token.id).last_used_at
    assert used
    assert (clock() - used).total_seconds() == 1
