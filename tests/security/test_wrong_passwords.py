"""Guessing passwords through the pages: slow for whoever guesses, and for nobody else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event
from support.agents import PASSWORD, add_agent
from support.clock import Clock
from support.pages import Visitor

from halo_host.agents.roles import Role
from halo_host.host import Host
from halo_host.masking import MASKED

OLIVE = "olive@example.com"
MANY = 1_000


class Guesser:
    """Somebody who tries passwords, from any address on the internet."""

    def __init__(self, app: Flask) -> None:
        self.visitor = Visitor(app)
        self.token = self.visitor.token()

    def tries(self, email: str, password: str, address: str) -> int:
        answer = self.visitor.client.post(
            "/sign-in",
            data={"email": email, "password": password, "csrf_token": self.token},
            environ_overrides={"REMOTE_ADDR": address},
        )
        self.said = re.sub(r"\s+", " ", answer.text)
        return answer.status_code


@pytest.fixture
def guesser(app: Flask, host: Host) -> Guesser:
    add_agent(host)
    add_agent(host, "Vera Viewer", Role.VIEWER)
    return Guesser(app)


@contextmanager
def counted(host: Host) -> Iterator[Counter[str]]:
    """What is asked of the database, and how often a hash is worked out."""
    seen: Counter[str] = Counter()

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen[statement] += 1

    hasher = host.agents._passwords._hasher
    verify = type(hasher).verify

    def verified(self: object, *given: object) -> bool:
        seen["hash"] += 1
        return verify(self, *given)  # type: ignore[arg-type]

    with host.database.read() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    patch = pytest.MonkeyPatch()
    patch.setattr(type(hasher), "verify", verified)
    try:
        yield seen
    finally:
        patch.undo()
        event.remove(engine, "before_cursor_execute", note)


def test_a_thousand_from_one_address_are_refused_after_a_few(
    app: Flask, guesser: Guesser, host: Host, clock: Clock
) -> None:
    with counted(host) as cost:
        answers = Counter(guesser.tries(OLIVE, f"guess {n}", "203.0.113.9") for n in range(MANY))

    assert set(answers) == {422, 429}
    assert answers[422] == cost["hash"] == 5
    assert guesser.tries(OLIVE, PASSWORD, "203.0.113.9") == 429  # even the right one waits

    clock.advance(minutes=16)

    assert guesser.tries(OLIVE, PASSWORD, "203.0.113.9") == 303


def test_a_thousand_from_a_thousand_addresses_shut_out_no_other_agent(
    app: Flask, guesser: Guesser, host: Host, clock: Clock
) -> None:
    with counted(host) as cost:
        answers = Counter(
            guesser.tries(OLIVE, f"guess {n}", f"198.51.{n // 250}.{n % 250}") for n in range(MANY)
        )

    assert answers == {422: 5, 429: MANY - 5}
    assert cost["hash"] == 5
    assert Guesser(app).tries("vera@example.com", PASSWORD, "192.0.2.1") == 303
    clock.advance(minutes=16)
    assert guesser.tries(OLIVE, PASSWORD, "192.0.2.2") == 303


def test_a_thousand_names_from_one_address_shut_out_nobody_elsewhere(
    app: Flask, guesser: Guesser, host: Host
) -> None:
    with counted(host) as cost:
        answers = Counter(
            guesser.tries(f"guess{n}@example.com", PASSWORD, "203.0.113.9") for n in range(MANY)
        )

    assert answers == {422: 20, 429: MANY - 20}
    assert cost["hash"] == 20
    assert guesser.tries(OLIVE, PASSWORD, "203.0.113.9") == 429
    assert guesser.tries(OLIVE, PASSWORD, "192.0.2.2") == 303


def test_an_address_that_is_written_into_a_header_is_not_believed(
    app: Flask, guesser: Guesser
) -> None:
    """Only a proxy on this machine says whom it serves."""
    answers = Counter(
        guesser.visitor.client.post(
            "/sign-in",
            data={"email": f"g{n}@example.com", "password": "x", "csrf_token": guesser.token},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
            environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
        ).status_code
        for n in range(60)
    )

    assert answers == {422: 20, 429: 40}


def test_an_answer_costs_the_same_whether_there_is_such_an_agent(
    app: Flask, guesser: Guesser, host: Host
) -> None:
    """The same statements, the same hashes, the same words, at every attempt."""
    disabled = add_agent(host, "Dora Disabled")
    host.agents.disable(disabled.id, agent="Test")
    add_agent(host, "Nora Newcomer", password=None)  # has a link, and no password yet
    guesser.tries("warm@example.com", "x", "192.0.2.99")
    seen: dict[str, list[object]] = {}
    for place, email in enumerate(
        (OLIVE, "nobody@example.com", "dora@example.com", "nora@example.com", "not an address")
    ):
        for _ in range(7):
            with counted(host) as cost:
                status = guesser.tries(email, "a wrong guess", f"192.0.2.{place}")
            words = guesser.said.replace(email, "E-MAIL")
            words = re.sub(r'(csrf[^>]*|request[^<]*|content)="[^"]*"', "", words)
            seen.setdefault(email, []).append((status, sorted(cost.items()), words))

    known = seen.pop(OLIVE)
    for email, others in seen.items():
        assert others == known, email


def test_what_was_typed_is_neither_shown_again_nor_kept(
    app: Flask, guesser: Guesser, host: Host
) -> None:
    from halo_host.audit import entries

    for number in range(6):
        guesser.tries(OLIVE, f"my-own-secret-{number}", "203.0.113.9")
        assert "my-own-secret" not in guesser.said

    kept = str(entries(host.database))
    assert "my-own-secret" not in kept
    assert PASSWORD not in kept
    assert MASKED in kept
