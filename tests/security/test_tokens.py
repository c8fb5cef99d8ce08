"""Tokens of the API are good for what they were given for, and no longer than that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from support.acme import CONNECTION, Desk
from support.agents import add_agent
from support.api import PREFIX, Program, program_with
from support.clock import Clock
from support.served import Served, served_by

from halo_host.agents.api_tokens import PREFIX as OURS
from halo_host.agents.roles import Role
from halo_host.host import Host


def of_the_api(app: Flask) -> Iterator[tuple[Served, Role]]:
    for each in served_by(app):
        if each.is_api and each.role is not None:
            yield each, each.role


def refused_everywhere(app: Flask, program: Program, status: int) -> bool:
    return all(
        program.call(each.method, each.address().removeprefix(PREFIX)).status_code == status
        for each, _ in of_the_api(app)
    )


def test_a_token_that_is_expired_opens_nothing(app: Flask, program: Program, clock: Clock) -> None:
    assert program.get("/me").status_code == 200

    clock.advance(days=90)

    assert refused_everywhere(app, program, 401)


def test_a_token_that_is_revoked_opens_nothing(app: Flask, program: Program, host: Host) -> None:
    (token,) = host.agents.tokens.list()
    host.agents.tokens.revoke(token.id, agent="Test")

    assert refused_everywhere(app, program, 401)


def test_a_token_of_a_disabled_agent_opens_nothing_until_the_agent_is_back(
    app: Flask, host: Host
) -> None:
    add_agent(host, "Other Administrator", Role.ADMINISTRATOR)
    program = program_with(app, host, Role.OPERATOR)
    agent = host.agents.find("operator@example.com")
    host.agents.disable(agent.id, agent="Test")

    assert refused_everywhere(app, program, 401)

    host.agents.enable(agent.id, agent="Test")
    assert program.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("agent", "token"),
    [(Role.OPERATOR, Role.VIEWER), (Role.ADMINISTRATOR, Role.OPERATOR),
     (Role.ADMINISTRATOR, Role.VIEWER)],
)  # fmt: skip
def test_a_token_of_a_lower_role_than_its_agents_is_good_for_that_role(
    app: Flask, host: Host, agent: Role, token: Role
) -> None:
    owner = add_agent(host, role=agent)
    made = host.agents.tokens.add(owner.id, "low", token, agent="Test")
    program = Program(app, made.secret)

    assert program.get("/me").get_json()["role"] == token
    for each, needed in of_the_api(app):
        if not token.allows(needed):
            answer = program.call(each.method, each.address("987654321").removeprefix(PREFIX))
            assert answer.status_code == 403, each


def test_a_token_is_no_better_than_its_agent_is_now(app: Flask, host: Host) -> None:
    add_agent(host, "Other Administrator", Role.ADMINISTRATOR)
    program = program_with(app, host, Role.ADMINISTRATOR, "Former Administrator")
    former = host.agents.find("former@example.com")

    host.agents.set_role(former.id, Role.VIEWER, agent="Test")

    for each, needed in of_the_api(app):
        if needed is not Role.VIEWER:
            answer = program.call(each.method, each.address("987654321").removeprefix(PREFIX))
            assert answer.status_code == 403, each


@pytest.mark.parametrize(
    "given",
    [
        "Bearer",
        "Bearer ",
        "Bearer {}x",
        "Bearer x{}",
        "Bearer {} {}",
        "Bearer {},{}",
        "Bearer '{}'",
        "Bearer\t{}",
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer " + OURS,
        "Bearer " + "halo_%",
        "Bearer " + OURS + "_" * 43,
        "Bearer " + OURS + "x" * 5_000,
    ],
)
def test_what_is_nearly_a_token_is_none(app: Flask, program: Program, given: str) -> None:
    answer = app.test_client().get(
        f"{PREFIX}/me", headers={"Authorization": given.replace("{}", program.token)}
    )

    assert answer.status_code == 401
    assert program.token not in answer.text + str(answer.headers)


def test_a_token_in_the_address_or_a_cookie_is_none(app: Flask, program: Program) -> None:
    """There it would stand in logs and histories."""
    client = app.test_client()
    client.set_cookie("halo-session", program.token)
    client.set_cookie("Authorization", f"Bearer {program.token}")
    for name in ("token", "access_token", "authorization", "api_key"):
        answer = client.get(f"{PREFIX}/me", query_string={name: program.token})
        assert answer.status_code == 401
    assert client.get("/account").status_code == 303


def test_a_token_of_the_api_opens_no_page(app: Flask, program: Program) -> None:
    headers = {"Authorization": f"Bearer {program.token}"}
    for each in served_by(app):
        if not each.is_api and each.role is not None and each.method == "GET":
            answer = app.test_client().get(each.address(), headers=headers)
            assert answer.status_code == 303, each


def test_an_idempotency_key_of_somebody_else_brings_nobody_elses_answer(
    app: Flask, host: Host, desk: Desk, program: Program
) -> None:
    other = program_with(app, host, Role.OPERATOR)
    first = program.post("/customers", {"name": "Acme North"}, Idempotency_Key="k")

    answer = other.post("/customers", {"name": "Acme North"}, Idempotency_Key="k")

    assert first.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.headers.get("Location") != first.headers["Location"]


def test_a_key_is_looked_up_after_the_role(app: Flask, host: Host, program: Program) -> None:
    """A lower token of the same agent gets no answer of the higher one."""
    owner = host.agents.find("machine@example.com")
    low = host.agents.tokens.add(owner.id, "low", Role.VIEWER, agent="Test")
    program.post("/customers", {"name": "Acme North"}, Idempotency_Key="k")

    answer = Program(app, low.secret).post(
        "/customers", {"name": "Acme North"}, Idempotency_Key="k"
    )

    assert answer.status_code == 403
    assert "Acme" not in answer.text


def test_what_changed_since_it_was_read_is_not_written_over(program: Program, desk: Desk) -> None:
    address = f"/customers/{desk.acme.id}"
    read = program.get(address)
    etag = read.headers["ETag"]
    assert program.patch(address, {"name": "Acme One"}, If_Match=etag).status_code == 200

    for stale in (etag, '"x"', 'W/"x"', "", '"*"'):
        answer = program.patch(address, {"name": "Acme Two"}, If_Match=stale)
        assert answer.status_code == 412, stale
        assert answer.mimetype == "application/problem+json"
    assert program.get(address).get_json()["name"] == "Acme One"
    assert program.get(address, If_None_Match=etag).status_code == 200


def test_secrets_go_in_and_never_come_out(app: Flask, host: Host, desk: Desk) -> None:
    """Whatever is read, by whatever role, before and after they are changed wrongly."""
    program = program_with(app, host, Role.ADMINISTRATOR)
    wrong = [
        {"settings": {"api_key": "short-hushed"[:5]}},
        {"settings": {"api_key": ["hushed-in-a-list"]}},
        {"settings": {"api_key": "hushed-with-nul\0"}},
        {"settings": {"region": "hushed-nowhere", "api_key": "hushed-and-long"}},
        {"settings": {"hushed-name": 1}},
    ]
    for body in wrong:
        answer = program.patch(f"/connections/{CONNECTION}", body)
        assert answer.status_code == 422, body
        assert "hushed-" not in answer.text.replace("hushed-name", ""), answer.text
    for each in served_by(app):
        if each.is_api and each.method == "GET":
            text = program.call("GET", each.address().removeprefix(PREFIX)).text
            assert "a-secret-key" not in text, each
            assert program.token not in text, each
