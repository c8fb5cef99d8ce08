"""Every field of every form and every part of every query, with values that nobody types.

Which fields there are is learned from the views themselves, as they ask for them.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask
from support.acme import Desk
from support.agents import add_agent
from support.api import PREFIX, Program
from support.mirror import Mirror
from support.nasty import BEYOND, VALUES, recording
from support.pages import Visitor, visitor_with
from support.served import Served, served_by

from halo_host.agents.roles import Role
from halo_host.api.callers import Pace
from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker

# Whatever these were sent, the rest of the test would see another host: they end sessions.
LAST = ("/sign-out", "/account/sessions/end", "/account/password")


def in_use(desk: Desk, mirror: Mirror) -> None:
    """An import that waits, a user with payments, a field, a mapping."""
    host = desk.host
    host.directory.add_custom_field("Branch", agent="Test")
    desk.run({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})
    desk.ledger.write({"id": "CU1", "given_name": "Anna"}, {"id": "CU2", "given_name": "Bob"})
    host.reviews.start("acme-pay", agent="Test")
    Worker(host.jobs, carriers(host), lambda: False).work()
    mirror.link("CU1", desk.user_of("CU1"))
    mirror.payer("CU1", "Ann")
    mirror.payment("PM1")


def test_no_value_of_a_field_breaks_a_page(
    app: Flask, host: Host, desk: Desk, mirror: Mirror
) -> None:
    in_use(desk, mirror)
    seen = recording(app)
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)
    spare = str(add_agent(host, "Spare Administrator", Role.ADMINISTRATOR).id)
    token = visitor.token()
    asked = 0

    def send(each: Served, part: str, name: str, value: str) -> None:
        nonlocal asked
        asked += 1
        form = {"csrf_token": token, **({name: value} if part == "form" else {})}
        answer = visitor.client.open(
            each.address(
                spare if "/agents/" in each.rule else "1",
                slug="payments",
                connection="acme-pay" if asked % 2 else "bank",
            ),
            method=each.method,
            query_string={name: value} if part == "args" else None,
            data=form if each.method == "POST" else None,
            headers={"Accept": "text/html"},
        )
        assert answer.status_code < 500, (each, part, name, value[:60], answer.text)
        assert not answer.headers.get("Location", "").startswith("/sign-in?"), each

    for each in served_by(app):
        if each.is_api or each.rule in {*LAST, "/metrics", "/readyz"}:
            continue
        send(each, "", "", "")
        done: set[tuple[str, str]] = set()
        while new := seen.get(each.endpoint, set()) - done:
            done |= new
            for part, name in new:
                if name != "csrf_token" and (part == "args" or each.method == "POST"):
                    for value in VALUES:
                        send(each, part, name, value)
    assert asked > 2_000


def test_no_value_of_a_query_breaks_the_api(
    app: Flask, host: Host, desk: Desk, mirror: Mirror, program: Program
) -> None:
    in_use(desk, mirror)
    app.extensions["halo_host_api_pace"] = Pace(a_second=1e9, burst=10**9)
    described = app.test_client().get(f"{PREFIX}/openapi.json").get_json()["paths"]
    asked = 0
    for each in served_by(app):
        if not each.is_api or each.role is None:
            continue
        path = each.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}")
        about = described[path][each.method.lower()]
        names = [it["name"] for it in about["parameters"] if it["in"] == "query"]
        for name in names:
            for value in VALUES:
                asked += 1
                answer = program.call(
                    each.method, f"{each.address().removeprefix(PREFIX)}?{name}={quote(value)}"
                )
                assert answer.status_code < 500, (each, name, value[:60], answer.text)
                assert answer.status_code != 429
    assert asked > 500


@pytest.mark.parametrize("number", ["0", "-1", str(2**63 - 1), BEYOND, "9" * 5_000, "1.0", "١"])
def test_rows_and_people_that_no_database_can_count_are_not_there(
    host: Host, desk: Desk, mirror: Mirror, operator: Visitor, number: str
) -> None:
    """Where several fields must fit before a number is looked at."""
    in_use(desk, mirror)
    waiting = host.imports.newest(limit=1)[0]
    place, ticks = f"/imports/{waiting.number}/rows/1", f"/imports/{waiting.number}/ticks"
    version = str(waiting.version)
    user = desk.user_of("CU1")

    for path, fields in (
        (place, {"choice": "link", "user": number, "version": version}),
        (place, {"choice": "new", "site": number, "version": version}),
        (ticks, {"row": number, "version": version, "wanted": "0"}),
        (f"/users/{user}/move", {"site": number}),
        ("/users/new", {"site": number, "given_name": "Ann", "email": "c@example.com"}),
        ("/integrations/acme-pay/sites/edit", {"default_site": number, "site": number}),
        ("/account/sessions/end", {"session": number}),
    ):
        answer = operator.post(path, fields)
        assert answer.status_code in {303, 409, 422}, (path, answer.status_code, answer.text)
    assert len(host.directory.users(limit=10)) == 1


def test_more_rows_than_a_page_shows_are_not_named_one_by_one(
    host: Host, desk: Desk, mirror: Mirror, operator: Visitor
) -> None:
    in_use(desk, mirror)
    waiting = host.imports.newest(limit=1)[0]

    answer = operator.post(
        f"/imports/{waiting.number}/ticks",
        {"row": ["1"] * 200_000, "wanted": "0", "version": str(waiting.version)},
    )

    assert answer.status_code == 422
    assert "10,000" in answer.text
    assert host.imports.get(waiting.number).version == waiting.version
