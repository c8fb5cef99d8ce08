"""A folder or an address in which there is no database: said, not made."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from halo_host.cli import main


def run(*arguments: str, status: int) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(
    "command",
    [
        "health",
        "payments list",
        "sync status",
        "sync now bank",
        "users list",
        "users add Acme/Main",
        "webhooks list",
        "webhooks counts",
        "webhooks prune",
        "audit",
        "secrets rotate",
    ],
)
def test_a_mistyped_folder_is_an_error_and_is_not_made(tmp_path: Path, command: str) -> None:
    folder = tmp_path / "mistyped"

    said = run("--data", str(folder), *command.split(), status=1).stderr

    assert f"There is no database in the data folder {folder}" in said
    assert "Check --data and HALO_HOST_DATA" in said
    assert "halo-host connections enable" in said
    assert not folder.exists()


def test_an_empty_folder_stays_empty(tmp_path: Path) -> None:
    run("--data", str(tmp_path), "health", "--json", status=1)
    run("--data", str(tmp_path), "webhooks", "list", status=1)

    assert [it.name for it in tmp_path.iterdir()] == ["home"]


def test_an_empty_database_is_named_and_stays_empty(database_url: str, tmp_path: Path) -> None:
    said = run("--database", database_url, "health", status=1).stderr
    assert "There is no database in" in said or "is empty" in said
    assert "Check --database and HALO_HOST_DATABASE_URL" in said

    said = run("--database", database_url, "health", status=1).stderr
    assert "There is no database in" in said or "is empty" in said


def test_the_folder_around_that_of_the_demo_is_told_where_it_is(tmp_path: Path) -> None:
    run("--data", str(tmp_path / "demo"), "customers", "add", "Acme Ltd", status=0)

    said = run("--data", str(tmp_path), "health", status=1).stderr

    assert f"That of the demo is in {tmp_path / 'demo'}" in said
    assert (
        "No connection is enabled"
        in run("--data", str(tmp_path / "demo"), "health", status=0).stdout
    )


@pytest.mark.parametrize("command", ["customers add Acme", "custom-fields add Tier --entity user"])
def test_an_installation_begins_with_a_command_that_adds(tmp_path: Path, command: str) -> None:
    folder = str(tmp_path / "new")

    run("--data", folder, *command.split(), status=0)

    assert "[]" in run("--data", folder, "connections", "list", "--json", status=0).stdout
