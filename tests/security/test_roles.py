"""Every address of pages and API, with every role: `routes.txt` says who may what.

A route that is new, gone or for another role than before fails here until the table says so: it is
a decision that somebody takes and somebody else reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from support.api import PREFIX, Program, program_with
from support.pages import Visitor, visitor_with
from support.served import Served, served_by

from halo_host.agents.roles import Role
from halo_host.host import Host

TABLE = Path(__file__).with_name("routes.txt")
NOWHERE = "987654321"  # a number that nothing has


class Entry(NamedTuple):
    role: str
    method: str
    address: str


def table() -> list[Entry]:
    lines = TABLE.read_text("utf-8").splitlines()
    return [Entry(*line.split()) for line in lines if not line.startswith("#")]


def guarded(app: Flask) -> Iterator[tuple[Served, Role]]:
    for each in served_by(app):
        if each.role is not None:
            yield each, each.role


def test_the_table_names_every_route_with_who_may_use_it(app: Flask) -> None:
    served = {
        Entry(it.role.value if it.role else "public", it.method, it.rule) for it in served_by(app)
    }
    listed = table()

    new = "\n".join("{:<13} {:<6} {}".format(*it) for it in sorted(served - set(listed)))
    gone = "\n".join("{:<13} {:<6} {}".format(*it) for it in sorted(set(listed) - served))
    assert not new, f"lines that {TABLE.name} lacks, if that is who may:\n{new}"
    assert not gone, f"lines of {TABLE.name} that are not so:\n{gone}"
    assert len(listed) == len(set(listed))


def test_the_description_of_the_api_names_the_same_roles(app: Flask) -> None:
    described = app.test_client().get(f"{PREFIX}/openapi.json").get_json()["paths"]

    said = {
        Entry(match[1], method.upper(), PREFIX + re.sub(r"{(\w+)}", r"<\1>", path))
        for path, methods in described.items()
        for method, about in methods.items()
        if (match := re.search(r"Needs the role (\w+)\.", about["description"]))
    }

    public = {f"{PREFIX}/openapi.json", "/api/docs"}
    assert said == {
        it for it in table() if it.address.startswith("/api") and it.address not in public
    }


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page(app: Flask) -> None:
    stranger = Visitor(app)
    token = stranger.token()
    pages = [it for it, _ in guarded(app) if not it.is_api]
    assert len(pages) > 100

    for each in pages:
        answer = stranger.client.open(
            each.address(), method=each.method, data={"csrf_token": token}
        )
        assert answer.status_code == 303, each
        assert answer.headers["Location"].startswith("/sign-in"), each
        assert not answer.data, each


def test_parts_of_pages_ask_to_sign_in_with_a_header_that_htmx_follows(app: Flask) -> None:
    stranger = Visitor(app)

    for each in (it for it, _ in guarded(app) if it.method == "GET" and not it.is_api):
        answer = stranger.htmx(each.address())
        assert answer.status_code == 401, each
        assert answer.headers["HX-Redirect"].startswith("/sign-in"), each


@pytest.mark.parametrize("role", Role)
def test_a_page_is_for_its_role_and_those_above(
    app: Flask, host: Host, desk: object, role: Role
) -> None:
    visitor = visitor_with(app, host, role)
    token = visitor.token()

    for each, needed in guarded(app):
        if each.is_api:
            continue
        answer = visitor.client.open(
            each.address(NOWHERE),
            method=each.method,
            data={"csrf_token": token} if each.method != "GET" else None,
            headers={"Accept": "text/html"},
        )
        if role.allows(needed):
            assert answer.status_code not in {401, 403}, (each, answer.text)
            assert answer.status_code < 500, (each, answer.text)
        else:
            assert answer.status_code == 403, each
            assert f"This needs the role {needed}" in answer.text, each


@pytest.mark.parametrize("role", Role)
def test_a_part_of_the_api_is_for_its_role_and_those_above(
    app: Flask, host: Host, desk: object, role: Role
) -> None:
    program = program_with(app, host, role)

    for each, needed in guarded(app):
        if not each.is_api:
            continue
        answer = program.call(each.method, each.address(NOWHERE).removeprefix(PREFIX))
        if role.allows(needed):
            assert answer.status_code not in {401, 403}, (each, answer.text)
            assert answer.status_code < 500, (each, answer.text)
        else:
            assert answer.status_code == 403, each
            assert answer.mimetype == "application/problem+json", each


def test_without_a_token_the_api_tells_nothing(app: Flask, host: Host) -> None:
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)  # a session of the pages is no token
    for each, _ in guarded(app):
        if each.is_api:
            for answer in (
                Program(app).call(each.method, each.address().removeprefix(PREFIX)),
                visitor.client.open(each.address(), method=each.method),
            ):
                assert answer.status_code == 401, each
                assert answer.headers["WWW-Authenticate"].startswith("Bearer"), each


def test_methods_that_a_route_does_not_take_are_refused_whoever_asks(
    app: Flask, host: Host
) -> None:
    visitor = visitor_with(app, host, Role.ADMINISTRATOR)
    token = visitor.token()
    addresses = app.url_map.bind("")
    every = {
        "GET",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "X",
    }

    for address in {each.address() for each in served_by(app)}:
        taken = set(addresses.allowed_methods(address))
        for method in every - taken:
            answer = visitor.client.open(address, method=method, headers={"X-CSRF-Token": token})
            assert answer.status_code == 405, (method, address)
            assert set(answer.headers["Allow"].split(", ")) == taken, (method, address)
