"""No form of any page is carried out without the token of a page of one's own session."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from flask import Flask
from support.pages import Visitor, visitor_with
from support.served import Served, served_by

from halo_host.agents.roles import Role
from halo_host.host import Host

WORDS = "did not come from a page of this host"


def unsafe(app: Flask) -> list[Served]:
    """Webhooks and the API ask for a signature or a token that no browser sends by itself."""
    found = [it for it in served_by(app) if it.method != "GET" and not it.is_api]
    assert len(found) > 60
    return [it for it in found if it.rule != "/webhooks/<slug>"]


@pytest.fixture
def victim(app: Flask, host: Host, desk: object) -> Visitor:
    return visitor_with(app, host, Role.ADMINISTRATOR)


def refused(answer: object) -> bool:
    return answer.status_code == 403 and WORDS in answer.text  # type: ignore[attr-defined]


def test_without_a_token_nothing_is_done(app: Flask, victim: Visitor) -> None:
    for each in unsafe(app):
        answer = victim.client.open(
            each.address(), method=each.method, headers={"Accept": "text/html"}
        )
        assert refused(answer), each


def test_a_token_of_another_session_or_of_none_is_worth_nothing(
    app: Flask, host: Host, victim: Visitor, operator: Visitor, stranger: Visitor
) -> None:
    made_up = base64.urlsafe_b64encode(bytes(64)).decode()
    for token in (operator.token(), stranger.token(), made_up, victim.cookie()):
        for each in unsafe(app):
            for form, header in (({"csrf_token": token}, {}), ({}, {"X-CSRF-Token": token})):
                answer = victim.client.open(
                    each.address(),
                    method=each.method,
                    data=form,
                    headers={"Accept": "text/html", **header},
                )
                assert refused(answer), each


def test_the_token_counts_in_the_body_alone_and_never_in_the_address(
    app: Flask, victim: Visitor
) -> None:
    token = quote(victim.token())
    for each in unsafe(app):
        for path in (f"?csrf_token={token}", f"?X-CSRF-Token={token}"):
            answer = victim.client.open(
                each.address() + path, method=each.method, headers={"Accept": "text/html"}
            )
            assert refused(answer), each


def test_a_token_in_another_kind_of_body_is_none(victim: Visitor) -> None:
    """Other sites can send these without asking the browser first."""
    token = victim.token()
    for kind, data in {
        "text/plain": f"csrf_token={token}",
        "application/json": f'{{"csrf_token": "{token}"}}',
        "": f"csrf_token={token}",
    }.items():
        answer = victim.client.post(
            "/sign-out", data=data, content_type=kind, headers={"Accept": "text/html"}
        )
        assert refused(answer), kind
    assert victim.get("/account").status_code == 200


def test_reading_changes_nothing(app: Flask, host: Host, victim: Visitor) -> None:
    """Whatever GET and HEAD ask for, and whatever they bring: no row of the audit log comes of it.

    So a link, a picture or a frame of another site does nothing.
    """
    before = audited(host)

    for each in served_by(app):
        if each.method == "GET":
            for method in ("GET", "HEAD"):
                victim.client.open(each.address(), method=method, query_string={"_method": "POST"})
                victim.client.open(
                    each.address(), method=method, headers={"X-HTTP-Method-Override": "POST"}
                )

    assert audited(host) == before


def audited(host: Host) -> int:
    from sqlalchemy import func, select

    from halo_host.database.tables import audit_log

    with host.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(audit_log)) or 0
