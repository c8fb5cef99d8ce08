"""`halo-host agents` as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.agents import ADDRESS, PASSWORD
from support.clock import Clock

from halo_host.agents.agent import SignInRefused
from halo_host.agents.roles import Role
from halo_host.cli import main
from halo_host.host import Host
from halo_host.settings import Settings

Run = Callable[..., Result]
TWICE = f"{PASSWORD}\n{PASSWORD}\n"


@pytest.fixture
def halo(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("HALO_HOST_PASSWORD_ROUNDS", "1")
    monkeypatch.setenv("HALO_HOST_PASSWORD_MEMORY", "8")

    def run(*arguments: str, fails: int = 0, answer: str | None = None) -> Result:
        given = ["--data", str(tmp_path / "data"), "--database", database_url, *arguments]
        result = CliRunner().invoke(main, given, input=answer)
        assert result.exit_code == fails, result.output
        assert "Traceback" not in result.output
        assert PASSWORD not in result.output
        return result

    return run


@pytest.fixture
def desk(halo: Run, database_url: str, tmp_path: Path) -> Host:
    """What the commands work on, with Ada, the administrator, and Olive."""
    halo("agents", "add", "Ada Admin", "ada@example.com", answer=TWICE)
    halo("agents", "add", "Olive Smith", "olive@example.com", "--role", "operator", answer=TWICE)
    return Host(Settings(data=tmp_path / "data", database_url=database_url))


def shown(halo: Run, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(halo("agents", *words, "--json").stdout)
    return found


def test_the_first_agent_is_an_administrator_and_others_are_viewers(halo: Run) -> None:
    said = halo("agents", "add", "Ada Admin", "ada@example.com", answer=TWICE).stdout
    assert "Agent 1 is added: Ada Admin <ada@example.com>, administrator." in said
    said = halo("agents", "add", "vic@example.com", "Vic Viewer", answer=TWICE).output
    assert "Vic Viewer <vic@example.com>, viewer." in said  # in either order
    assert "halo-host agents role 2 ROLE" in said

    assert [(it["name"], it["role"], it["has_password"]) for it in shown(halo, "list")] == [
        ("Ada Admin", "administrator", True),
        ("Vic Viewer", "viewer", True),
    ]
    said = halo("agents", "list").output
    assert "ada@example.com" in said
    assert "never" in said


def test_with_the_password_that_was_typed_one_signs_in(desk: Host, halo: Run) -> None:
    with desk:
        session = desk.agents.sign_in("olive@example.com", PASSWORD, ADDRESS)
        assert session.role is Role.OPERATOR
        (listed,) = shown(halo, "sessions", "olive@example.com")
        assert (listed["address"], listed["method"]) == (ADDRESS, "password")
        assert "Olive Smith" in halo("agents", "sessions").output
        assert halo("agents", "end-sessions", "olive@example.com").output == "1 session ended.\n"
        assert desk.agents.session(session.token) is None
        assert "No session is open" in halo("agents", "sessions").output
        assert halo("agents", "end-sessions", "--all").output == "0 sessions ended.\n"


def test_two_passwords_that_differ_are_asked_for_again(halo: Run) -> None:
    said = halo("agents", "add", "Ada", "ada@example.com", answer=f"one\nother\n{TWICE}").output

    assert "do not match" in said
    assert "is added" in said


def test_a_weak_password_is_refused_with_its_reason(halo: Run) -> None:
    weak = "Password1234\n" * 2
    said = halo("agents", "add", "Ada", "ada@example.com", answer=weak, fails=1).output

    assert "too easily guessed" in said
    assert "Password1234" not in said
    assert shown(halo, "list") == []


def test_a_script_gives_the_password_in_a_file(halo: Run, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    halo("agents", "add", "Ada", "ada@example.com", "--password-file", str(file))
    halo("agents", "password", "ada@example.com", "--password-file", "-", answer=f"{PASSWORD}\n")

    file.write_bytes(b"\xff\xfe\xfd")
    said = halo("agents", "password", "1", "--password-file", str(file), fails=1).output
    assert "not text" in said
    missing = str(tmp_path / "nowhere")
    assert "No such file" in (
        halo("agents", "password", "1", "--password-file", missing, fails=2).output
    )


def test_without_anybody_to_ask_the_command_says_what_to_do(
    database_url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "halo_host", "--data", str(tmp_path / "data")]
    done = subprocess.run(
        [*command, "--database", database_url, "agents", "add", "Ada", "ada@example.com"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,  # no terminal to ask at
        env={**os.environ, "PYTHONWARNINGS": "default"},
        check=False,
    )
    assert done.returncode == 1
    assert "--password-file" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_agent_is_changed_disabled_and_enabled(desk: Host, halo: Run) -> None:
    desk.close()
    assert (
        "is administrator." in halo("agents", "role", "olive@example.com", "administrator").output
    )
    said = halo(
        "agents", "change", "2", "--name", "Olivia Smith", "--email", "o@example.com"
    ).output
    assert "Olivia Smith <o@example.com>" in said
    assert "is disabled." in halo("agents", "disable", "o@example.com").output
    assert "disabled" in halo("agents", "list").output
    assert [it["disabled"] for it in shown(halo, "list")] == [False, True]
    assert "is enabled." in halo("agents", "enable", "o@example.com").output
    assert "linked to no provider" in halo("agents", "unlink", "2", fails=1).output
    audit = json.loads(halo("audit", "--entity", "agent", "--id", "2", "--json").output)
    assert [it["action"] for it in audit] == [
        "agent.enabled",
        "agent.disabled",
        "agent.changed",
        "agent.changed",
        "agent.added",
    ]
    assert all("(command line)" in it["agent"] for it in audit)


def test_a_mistake_is_said_and_changes_nothing(desk: Host, halo: Run) -> None:
    desk.close()
    before = shown(halo, "list")
    assert (
        "no agent bob@example.com" in halo("agents", "disable", "bob@example.com", fails=1).output
    )
    assert "the only administrator" in halo("agents", "disable", "1", fails=1).output
    assert "the only administrator" in halo("agents", "role", "1", "viewer", fails=1).output
    assert "has that e-mail" in (
        halo("agents", "add", "X", "OLIVE@example.com", "--no-password", fails=1).output
    )
    halo("agents", "role", "1", "king", fails=2)
    halo("agents", "change", "1", fails=2)
    halo("agents", "end-sessions", fails=2)
    halo("agents", "end-sessions", "1", "--all", fails=2)
    halo("agents", "add", "X", "x@example.com", "--link", "--no-password", fails=2)
    halo("agents", "password", "1", "--link", "--password-file", "-", fails=2)
    assert shown(halo, "list") == before


def test_a_link_lets_the_agent_choose_the_password(halo: Run, desk: Host, clock: Clock) -> None:
    with desk:
        made = halo("agents", "add", "Bob", "bob@example.com", "--link")
        address = made.stdout.splitlines()[-1]
        assert address.startswith("http://127.0.0.1:8080/new-password?token=")
        assert "works once" in made.stderr
        desk.agents.redeem_password_link(address.partition("token=")[2], PASSWORD)
        assert desk.agents.sign_in("bob@example.com", PASSWORD, ADDRESS)

        address = halo("agents", "password", "bob@example.com", "--link").stdout.strip()
        owner = desk.agents.password_link(address.partition("token=")[2])
        assert owner
        assert owner.name == "Bob"


def test_a_new_password_takes_the_place_of_a_forgotten_one(halo: Run, desk: Host) -> None:
    other = "another good password of mine"
    with desk:
        for _ in range(6):
            with pytest.raises(SignInRefused):
                desk.agents.sign_in("olive@example.com", "forgotten", ADDRESS)
        halo("agents", "password", "olive@example.com", answer=f"{other}\n{other}\n")
        assert desk.agents.sign_in("olive@example.com", other, ADDRESS)


def test_an_api_token_is_printed_once_and_revoked(halo: Run, desk: Host) -> None:
    with desk:
        made = halo("agents", "tokens", "add", "olive@example.com", "Export", "--days", "30")
        secret = made.stdout.strip()
        assert "not shown again" in made.stderr
        assert desk.agents.tokens.use(secret)
        assert "role viewer" not in made.stderr

        listed = halo("agents", "tokens", "list").output
        assert "Export" in listed
        assert secret not in listed
        (token,) = shown(halo, "tokens", "list", "olive@example.com")
        assert (token["role"], token["id"]) == ("viewer", 1)
        assert "is revoked" in halo("agents", "tokens", "revoke", "1").output
        assert desk.agents.tokens.use(secret) is None
        assert "There is no API token" in halo("agents", "tokens", "list").output
        assert "revoked" in halo("agents", "tokens", "list", "--all").output
        refused = halo(*("agents", "tokens", "add", "2", "X", "--role", "administrator"), fails=1)
        assert "Olive Smith is operator" in refused.output
        halo("agents", "tokens", "add", "2", "X", "--days", "0", fails=2)


def test_where_there_is_no_database_only_adding_makes_one(halo: Run, tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["--data", str(tmp_path / "typo"), "agents", "list"])

    assert said.exit_code == 1
    assert not (tmp_path / "typo").exists()
