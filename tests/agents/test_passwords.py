"""Passwords: what is refused, what a hash costs, and that nothing tells who exists."""

from __future__ import annotations

import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import argon2
import pytest
from support.agents import ADDRESS, BY, PASSWORD, add_agent, signed_in

from halo_host.agents.agent import SignInRefused
from halo_host.agents.passwords import Passwords, refuse_weak
from halo_host.agents.roles import Role
from halo_host.errors import InvalidInput
from halo_host.host import Host
from halo_host.settings import settings_from


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords were compared with."""
    hashes: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, hash: str, password: bytes) -> bool:  # noqa: A002
        hashes.append(hash)
        return bool(verify(self, hash, password))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    return hashes


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "needs 12 characters"),
        ("violet-harb", "needs 12 characters"),
        ("x" * 1_025, "may have 1024"),
        ("aaaaaaaaaaaa", "repeats"),
        ("abcabcabcabc", "repeats"),
        ("Xy9!Xy9!Xy9!Xy9!", "repeats"),
        ("837465920174", "digits alone"),
        ("123456789012", "digits alone"),
        ("qwertyuiop12", "follow each other"),
        ("abcdefghijklmn", "follow each other"),
        ("1qaz2wsx3edc", "follow each other"),
        ("Password1234", "everybody uses"),
        ("passwordpass", "everybody uses"),
        ("P@ssw0rd2026!", "everybody uses"),
        ("Welcome-2026-!", "everybody uses"),
        ("Summer2026!!", "everybody uses"),
        ("correcthorsebatterystaple", "everybody uses"),
        ("administrator", "everybody uses"),
        ("halohost-2026", "everybody uses"),
        ("OliveOperator", "a name or an e-mail"),
        ("operator.olive7", "a name or an e-mail"),
        ("0liv3-0p3r4t0r", "a name or an e-mail"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as caught:
        refuse_weak(password, "Olive Operator", "olive@example.com")
    assert password == "" or password not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct violet staple",
        "kT7#mQ2!xW9z",
        "my cat sleeps on password",
        "Wir fahren nach Süden",
        "这是一个很长的密码并且很安全",
        "olive trees grow by the sea",
        "x" * 4 + "yz!" + "violets" * 140,
    ],
)
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    refuse_weak(password, "Olive Operator", "olive@example.com")


def test_a_weak_password_changes_nothing(host: Host) -> None:
    with pytest.raises(InvalidInput, match="too short"):
        add_agent(host, password="short")
    assert host.agents.all() == []
    olive = add_agent(host)
    with pytest.raises(InvalidInput, match="everybody uses"):
        host.agents.set_password(olive.id, "Password1234", agent=BY)
    assert signed_in(host).agent.id == olive.id


def test_a_password_is_the_same_however_its_letters_are_composed(host: Host) -> None:
    composed = unicodedata.normalize("NFC", "süße Äpfel am Baum")
    add_agent(host, password=composed)

    decomposed = unicodedata.normalize("NFD", composed)
    assert decomposed != composed
    assert host.agents.sign_in("olive@example.com", decomposed, ADDRESS)


def test_a_hash_is_argon2id_with_the_cost_that_is_set(host: Host) -> None:
    hashed = Passwords(rounds=2, memory_mib=3).new_hash(PASSWORD)

    made = argon2.extract_parameters(hashed)
    assert (made.type, made.time_cost, made.memory_cost) == (argon2.Type.ID, 2, 3 * 1024)


def test_the_usual_cost_is_that_of_rfc_9106() -> None:
    usual = settings_from({"HALO_HOST_DATA": "data"})
    recommended = argon2.profiles.RFC_9106_LOW_MEMORY

    assert usual.password_rounds == recommended.time_cost
    assert usual.password_memory * 1024 == recommended.memory_cost


@pytest.mark.parametrize("value", ["0", "-1", "7", "5000", "many", "1.5", "9" * 400, "00000006499"])
def test_a_cost_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="HALO_HOST_PASSWORD_MEMORY is no number from 8"):
        settings_from({"HALO_HOST_DATA": "data", "HALO_HOST_PASSWORD_MEMORY": value})


def test_when_the_cost_rises_a_hash_is_made_anew_at_the_next_sign_in() -> None:
    cheap, dear = Passwords(rounds=1, memory_mib=1), Passwords(rounds=2, memory_mib=1)
    hashed = cheap.new_hash(PASSWORD)

    assert not cheap.is_outdated(hashed)
    assert dear.is_outdated(hashed)
    assert dear.matches(PASSWORD, hashed)
    assert not cheap.is_outdated(dear.new_hash(PASSWORD))  # it never gets weaker again


def test_the_new_hash_is_stored_and_sessions_stay(host: Host) -> None:
    add_agent(host)
    before = signed_in(host)

    def rounds() -> int:
        with host.database.read() as connection:
            hashed = connection.exec_driver_sql("SELECT password_hash FROM agents").scalar_one()
        return argon2.extract_parameters(hashed).time_cost

    assert rounds() == 1
    dearer = replace(host.settings, password_rounds=2)
    with Host(dearer, clock=host.clock) as later:
        assert later.agents.sign_in("olive@example.com", PASSWORD, ADDRESS)
        assert rounds() == 2
        assert later.agents.session(before.token)
    assert signed_in(host)
    assert rounds() == 2


def test_whoever_does_not_exist_is_refused_in_the_same_words_at_the_same_cost(
    host: Host, verified: list[str]
) -> None:
    add_agent(host)
    add_agent(host, "Provider Only", Role.VIEWER, password=None)
    gone = add_agent(host, "Gone")
    host.agents.disable(gone.id, agent=BY)

    said = set()
    tries = [
        ("olive@example.com", "a wrong password"),
        ("nobody@example.com", PASSWORD),
        ("provider@example.com", PASSWORD),
        ("provider@example.com", ""),
        ("gone@example.com", PASSWORD),
        ("no address at all", PASSWORD),
        ("a\0b\ud800", "\0\ud800"),
        ("x" * 100_000, "y" * 100_000),
    ]
    for email, password in tries:
        with pytest.raises(SignInRefused) as caught:
            host.agents.sign_in(email, password, ADDRESS)
        said.add((str(caught.value), caught.value.retry_after))
    assert len(said) == 1
    assert len(verified) == len(tries)
    costs = {(it.time_cost, it.memory_cost) for it in map(argon2.extract_parameters, verified)}
    assert costs == {(1, 1024)}


def test_a_stored_hash_that_was_damaged_lets_nobody_in(host: Host) -> None:
    olive = add_agent(host)
    with host.database.write() as connection:
        connection.exec_driver_sql("UPDATE agents SET password_hash = 'damaged'")

    with pytest.raises(SignInRefused):
        signed_in(host)
    host.agents.set_password(olive.id, PASSWORD, agent=BY)
    assert signed_in(host)


def test_few_hashes_are_made_at_a_time_however_many_threads_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords(rounds=1, memory_mib=1)
    hashed = passwords.new_hash(PASSWORD)
    inside, most, changed = 0, 0, threading.Condition()

    def verify(self: argon2.PasswordHasher, hash: str, password: bytes) -> bool:  # noqa: A002
        nonlocal inside, most
        with changed:
            inside += 1
            most = max(most, inside)
            changed.notify_all()
            assert changed.wait_for(lambda: most == 4, timeout=60)  # full, so let them out
            inside -= 1
        return True

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(lambda _: passwords.matches(PASSWORD, hashed), range(24)))
    assert most == 4
