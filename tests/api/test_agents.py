"""Agents and tokens over the API: what administrators look after, and what is one's own."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.agents import PASSWORD, add_agent, signed_in
from support.api import Program

from halo_host.agents.roles import Role
from halo_host.audit import entries
from halo_host.database.api_tables import api_requests
from halo_host.host import Host


def test_an_agent_is_added_changed_disabled_and_let_in_again(
    administrator: Program, host: Host
) -> None:
    made = administrator.post(
        "/agents", {"name": "Ann Archer", "email": "ann@example.com", "role": "operator"}
    )
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("/api/v1")
    assert made.get_json()["has_password"] is False

    etag = administrator.get(path).headers["ETag"]
    changed = administrator.patch(path, {"name": "Ann Baker"}, If_Match=etag)
    assert (changed.get_json()["name"], changed.get_json()["email"]) == (
        "Ann Baker",
        "ann@example.com",
    )
    stale = administrator.put(f"{path}/role", {"role": "viewer"}, If_Match=etag)
    assert stale.status_code == 412
    assert administrator.put(f"{path}/role", {"role": "viewer"}).get_json()["role"] == "viewer"
    assert administrator.post(f"{path}/disable").get_json()["disabled_at"] is not None
    assert administrator.post(f"{path}/enable").get_json()["disabled_at"] is None
    assert [it["name"] for it in administrator.get("/agents").get_json()["items"]] == [
        "Administrator Program",
        "Ann Baker",
    ]
    by = {it.agent for it in entries(host.database, entity="agent") if it.action != "agent.added"}
    assert by == {"Administrator Program"}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": "Ann", "email": "nowhere"}, None),
        ({"name": "Ann", "email": "administrator@example.com"}, None),
        ({"name": "Ann", "email": "ann@example.com", "password": "violet"}, "body.password"),
        ({"name": "Ann", "email": "ann@example.com", "role": "owner"}, "body.role"),
    ],
)
def test_an_agent_that_cannot_be_is_refused(
    administrator: Program, host: Host, body: dict[str, str], where: str | None
) -> None:
    answer = administrator.post("/agents", body)

    assert answer.status_code == 422
    if where is not None:
        assert answer.get_json(force=True)["errors"][0]["where"] == where
    assert len(host.agents.all()) == 1


def test_the_last_administrator_stays(administrator: Program, host: Host) -> None:
    me = host.agents.find("administrator@example.com").id

    for answer in (
        administrator.post(f"/agents/{me}/disable"),
        administrator.put(f"/agents/{me}/role", {"role": "viewer"}),
    ):
        assert answer.status_code == 422
        assert answer.get_json(force=True)["detail"]
    assert administrator.get("/me").get_json()["role"] == "administrator"


def test_a_password_is_chosen_by_a_link_that_nothing_keeps(
    administrator: Program, host: Host
) -> None:
    agent = host.agents.add("Ann", "ann@example.com", Role.VIEWER, agent="Test")

    answer = administrator.post(f"/agents/{agent.id}/password-link", Idempotency_Key="k1")

    token = answer.get_json()["url"].partition("token=")[2]
    assert answer.headers["Cache-Control"] == "no-store"
    with host.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(api_requests)) == 0
    assert host.agents.redeem_password_link(token, PASSWORD).agent.id == agent.id


def test_sessions_of_an_agent_are_ended(administrator: Program, host: Host) -> None:
    agent = add_agent(host)
    other = host.agents.sign_in("olive@example.com", PASSWORD, "192.0.2.1").session_id
    for _ in range(2):
        signed_in(host)
    path = f"/agents/{agent.id}/sessions"
    assert len(administrator.get(path).get_json()["items"]) == 3
    assert "token" not in administrator.get(path).text

    assert administrator.post(f"{path}/end", {"session": other}).get_json() == {"ended": 1}
    assert administrator.post(f"{path}/end", {"session": other}).status_code == 404
    assert administrator.post("/agents/1/sessions/end", {"session": 2}).status_code == 404
    assert administrator.post(f"{path}/end").get_json() == {"ended": 2}
    assert host.agents.sessions(agent.id) == []


def test_a_token_is_made_used_and_revoked(app: Flask, administrator: Program, host: Host) -> None:
    agent = add_agent(host)
    path = f"/agents/{agent.id}/tokens"

    made = administrator.post(
        path, {"name": "Export", "role": "viewer", "days": 7}, Idempotency_Key="k1"
    )

    assert made.status_code == 201
    secret, number = made.get_json()["secret"], made.get_json()["token"]["id"]
    with host.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(api_requests)) == 0
    program = Program(app, secret)
    assert program.get("/me").get_json()["token"]["id"] == number
    assert secret not in administrator.get(path).text
    assert administrator.post(f"/agents/1/tokens/{number}/revoke").status_code == 404
    assert administrator.post(f"{path}/{number}/revoke").get_json()["revoked_at"] is not None
    assert program.get("/me").status_code == 401
    assert administrator.get(path).get_json()["items"] == []
    assert len(administrator.get(f"{path}?ended=true").get_json()["items"]) == 1
    assert administrator.post(f"{path}/{number}/revoke").status_code == 422


def test_a_token_is_never_above_its_agent_or_too_long(administrator: Program, host: Host) -> None:
    path = f"/agents/{add_agent(host).id}/tokens"

    above = administrator.post(path, {"name": "Export", "role": "administrator"})
    endless = administrator.post(path, {"name": "Export", "days": 10_000})

    assert above.status_code == endless.status_code == 422
    assert "cannot be administrator" in above.get_json(force=True)["detail"]
    assert administrator.get(path).get_json()["items"] == []


def test_everybody_sees_and_revokes_tokens_of_their_own_alone(
    viewer: Program, operator: Program, host: Host
) -> None:
    (of_operator,) = host.agents.tokens.list(host.agents.find("operator@example.com").id)
    (own,) = viewer.get("/me/tokens").get_json()["items"]

    assert own["name"] == "test"
    assert viewer.post(f"/me/tokens/{of_operator.id}/revoke").status_code == 404
    assert viewer.post(f"/me/tokens/{own['id']}/revoke").status_code == 200
    assert viewer.get("/me").status_code == 401
    assert operator.get("/me").status_code == 200


def test_the_audit_log_is_for_administrators_page_by_page(
    administrator: Program, operator: Program, viewer: Program, host: Host
) -> None:
    made = operator.post("/customers", {"name": "Acme Ltd"}).get_json()["id"]
    operator.patch(f"/customers/{made}", {"reference": "C7"})
    operator.post("/custom-fields", {"name": "Office"})

    first = administrator.get("/audit?agent=Operator Program&limit=2").get_json()
    rest = administrator.get(
        f"/audit?agent=Operator Program&limit=2&cursor={first['next']}"
    ).get_json()
    found = first["items"] + rest["items"]
    assert found[0]["entity"] == "custom-field"
    assert found[1]["after"]["reference"] == "C7"
    assert {it["agent"] for it in found} == {"Operator Program"}
    assert rest["next"] is None
    assert "customer" in administrator.get("/audit/entities").get_json()["items"]
    later = administrator.get("/audit?since=2026-03-02T10:00:00Z").get_json()
    assert later["items"] == []
    assert administrator.get("/audit?q=C7").get_json()["items"][0]["entity_id"] == str(made)

    assert operator.get("/audit").status_code == 403
    seen = viewer.get(f"/customers/{made}/changes").get_json()["items"]
    assert {it["entity"] for it in seen} <= {"customer", "site"}
    assert seen[0]["after"]["reference"] == "C7"
    assert viewer.get("/users/99/changes").status_code == 404
