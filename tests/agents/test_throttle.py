"""Guessing is slowed down, by e-mail address and by network address, across web processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select
from support.agents import ADDRESS, BY, PASSWORD, add_agent, signed_in
from support.clock import Clock

from halo_host.agents.agent import SignInRefused
from halo_host.agents.throttle import MOST_FOR_ADDRESS, MOST_FOR_EMAIL, network_of
from halo_host.audit import entries
from halo_host.database.agent_tables import sign_in_failures
from halo_host.host import Host

OLIVE = "olive@example.com"


def refusal(host: Host, email: str = OLIVE, address: str = ADDRESS) -> SignInRefused:
    with pytest.raises(SignInRefused) as caught:
        host.agents.sign_in(email, "a wrong password", address)
    return caught.value


def looked_at(refusals: Sequence[SignInRefused]) -> int:
    """How many passwords were hashed: the other attempts were refused before."""
    return sum(it.retry_after is None for it in refusals)


def test_a_thousand_wrong_passwords_cost_five_hashes(host: Host) -> None:
    add_agent(host)

    refusals = [refusal(host, address=f"192.0.2.{number % 250}") for number in range(1_000)]

    assert looked_at(refusals) == looked_at(refusals[:5]) == MOST_FOR_EMAIL == 5
    assert refusals[-1].retry_after == 15 * 60
    assert "Wait 15 minutes" in str(refusals[-1])


def test_a_thousand_addresses_tried_from_one_place_cost_twenty_hashes(host: Host) -> None:
    refusals = [refusal(host, f"guess{number}@example.com") for number in range(1_000)]

    assert looked_at(refusals) == MOST_FOR_ADDRESS == 20


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "127.0.0.1", "::1", "fd00::1", "::ffff:192.168.0.1", "unix:"]
)
def test_who_guesses_behind_a_proxy_does_not_shut_everybody_out(host: Host, address: str) -> None:
    add_agent(host)
    for number in range(2 * MOST_FOR_ADDRESS):
        assert refusal(host, f"guess{number}@example.com", address).retry_after is None

    assert signed_in(host, address=address)
    assert looked_at([refusal(host, address=address) for _ in range(9)]) == MOST_FOR_EMAIL


def test_the_right_password_waits_too_until_the_time_is_over(host: Host, clock: Clock) -> None:
    add_agent(host)
    for _ in range(MOST_FOR_EMAIL):
        refusal(host)
        clock.advance(minutes=1)

    with pytest.raises(SignInRefused, match="too many attempts") as caught:
        signed_in(host)
    assert caught.value.retry_after == 10 * 60
    clock.advance(minutes=9, seconds=59)
    assert refusal(host).retry_after == 1  # trying on does not make it longer
    clock.advance(seconds=1)
    assert signed_in(host)


def test_after_the_right_password_the_count_begins_anew(host: Host) -> None:
    add_agent(host)
    for _ in range(3):
        for _ in range(MOST_FOR_EMAIL - 1):
            assert refusal(host).retry_after is None
        assert signed_in(host)


def test_those_who_sign_in_from_one_office_do_not_use_up_its_attempts(host: Host) -> None:
    add_agent(host)
    for _ in range(3 * MOST_FOR_ADDRESS):
        assert signed_in(host)


def test_an_unknown_agent_waits_as_a_known_one_does(host: Host) -> None:
    add_agent(host)

    known = [str(refusal(host)) for _ in range(8)]
    unknown = [str(refusal(host, "nobody@example.com")) for _ in range(8)]
    assert known == unknown


def test_an_administrator_ends_the_wait_with_a_new_password(host: Host) -> None:
    olive = add_agent(host)
    for _ in range(9):
        refusal(host)

    host.agents.set_password(olive.id, PASSWORD, agent=BY)
    assert signed_in(host)


def test_the_audit_log_says_once_that_the_attempts_are_used_up(host: Host) -> None:
    olive = add_agent(host)
    for number in range(30):
        refusal(host, address=f"198.51.100.{number}")
        refusal(host, "nobody@example.com", address=f"198.51.100.{number}")

    found = [it for it in entries(host.database) if it.action == "agent.attempts_used_up"]
    assert [(it.entity_id, it.after) for it in found] == [
        ("", {"address": "198.51.100.4"}),
        (str(olive.id), {"address": "198.51.100.4"}),
    ]


def test_what_was_typed_is_not_kept_and_old_counts_go(host: Host, clock: Clock) -> None:
    for number in range(40):
        refusal(host, f"my secret password {number}", f"198.51.100.{number}")
    query = select(func.count()).select_from(sign_in_failures)
    with host.database.read() as connection:
        kept = str(connection.execute(select(sign_in_failures)).all())
        assert connection.scalar(query) == 80
    assert "my secret" not in kept
    assert "198.51" not in kept

    clock.advance(minutes=15)
    refusal(host)
    with host.database.read() as connection:
        assert connection.scalar(query) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("unix:", " unix: ", True),
    ],
)
def test_a_place_is_what_one_subscriber_has(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_without_a_network_address_the_e_mail_address_still_counts(host: Host) -> None:
    assert looked_at([refusal(host, address="") for _ in range(9)]) == MOST_FOR_EMAIL


def test_threads_at_once_get_no_more_attempts_than_one(host: Host) -> None:
    add_agent(host)

    with ExitStack() as stack:
        hosts = [stack.enter_context(Host(host.settings, clock=host.clock)) for _ in range(3)]
        threads = stack.enter_context(ThreadPoolExecutor(12))
        refusals = list(threads.map(refusal, hosts * 10))
    assert looked_at(refusals) == MOST_FOR_EMAIL


_GUESSES = """
import json, sys
from pathlib import Path
from halo_host.agents.agent import SignInRefused
from halo_host.host import Host
from halo_host.settings import Settings

settings = Settings(
    data=Path(sys.argv[1]), database_url=sys.argv[2], password_rounds=1, password_memory=1
)
waits = []
with Host(settings) as host:
    for number in range(10):
        try:
            host.agents.sign_in("olive@example.com", "a wrong password", "192.0.2.7")
        except SignInRefused as error:
            waits.append(error.retry_after)
print(json.dumps(waits))
"""


def test_several_web_processes_count_together(database_url: str, tmp_path: Path) -> None:
    from halo_host.settings import Settings

    with Host(Settings(data=tmp_path, database_url=database_url)) as host:
        assert host.agents.all() == []  # makes the tables
    command = [sys.executable, "-c", _GUESSES, str(tmp_path), database_url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    waits: list[int | None] = []
    for process in running:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        waits += json.loads(said)

    assert len(waits) == 30
    assert waits.count(None) == MOST_FOR_EMAIL
