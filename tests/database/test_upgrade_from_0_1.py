"""A database that host 0.1 made and worked with, brought to this version: everything is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import MetaData, Table, inspect, select, text
from support.acme import INSTALLED, Ledger
from support.released import ReleasedHost

from halo_host.cli import main
from halo_host.database.database import Database
from halo_host.database.upgrade import HEAD

OLD = "0.1.0"
GONE = {"alembic_version", "import_locks"}
PAYERS = [
    {"id": "CU1", "given_name": "Ann", "company": "acme ltd", "email": "ann@acme.example"},
    {"id": "CU2", "given_name": "Bob", "phone": "1", "metadata": {"office": "Leeds"}},
    {"id": "CU3", "given_name": "Cléo"},
]
SHOWN = (["users", "list", "--json"], ["import", "list", "--json"], ["audit", "--json"])


@pytest.fixture
def old_host(tmp_path: Path) -> ReleasedHost:
    return ReleasedHost(OLD, tmp_path, INSTALLED)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.fixture
def made(old_host: ReleasedHost, database_url: str, data: Path, ledger: Ledger) -> list[Any]:
    """What host 0.1 says of a desk that it has worked with; the address is `database_url`."""

    def work(*commands: Sequence[str]) -> list[str]:
        return old_host.run(data, database_url, *commands)

    ledger.write(*PAYERS)
    version, *_ = work(
        ["--version"],
        ["customers", "add", "Acme Ltd"],
        ["customers", "add", "Unsorted"],
        ["custom-fields", "add", "Office"],
        [
            *("connections", "enable", "acme-pay", "--default-site", "Unsorted/Main"),
            *("--set", f"ledger={ledger.path}", "--set", "api_key=a-secret-key"),
        ],
        ["mappings", "add", "acme-pay", "office", "Office", "--policy", "overwrite"],
        ["import", "run", "acme-pay"],
    )
    assert OLD in version
    ledger.write(*PAYERS[:2], {**PAYERS[2], "phone": "2"})
    said = work(["import", "run", "acme-pay"], ["import", "undo", "2"], *SHOWN)
    return [json.loads(text) for text in said[2:]]


def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, read without the tables that the code knows."""
    found = {}
    with closing(Database(url)) as database, database.read() as connection:
        for name in set(inspect(connection).get_table_names()) - GONE:
            table = Table(name, MetaData(), autoload_with=connection)
            held = connection.execute(select(table)).mappings()
            found[name] = sorted((dict(row) for row in held), key=str)
    return found


@pytest.fixture
def halo(database_url: str, data: Path, acme_pay: None) -> Any:
    def run(*arguments: str, fails: bool = False) -> Result:
        given = ["--data", str(data), "--database", database_url, *arguments]
        result = CliRunner().invoke(main, given)
        assert result.exit_code == int(fails), result.output
        return result

    return run


def test_everything_of_host_0_1_is_there_after_the_upgrade(
    made: list[Any], database_url: str, halo: Any, ledger: Ledger
) -> None:
    before = rows(database_url)
    assert before["users"]
    assert before["connection_secrets"]

    assert "halo-host database upgrade" in halo("users", "list", fails=True).output
    assert f"are at {HEAD}" in halo("database", "upgrade").output

    after = rows(database_url)
    for table, held in before.items():
        if table == "id_counters":  # the tables that were added have theirs
            assert [row for row in after[table] if row in held] == held
        else:
            # What was added to a table's rows has its default.
            kept = [{name: row[name] for name in held[0]} for row in after[table]] if held else []
            assert sorted(kept, key=str) == held, table
    assert [json.loads(halo(*words).output) for words in SHOWN] == made


def test_the_upgraded_host_goes_on_where_host_0_1_stopped(
    made: list[Any], halo: Any, ledger: Ledger, database_url: str
) -> None:
    halo("database", "upgrade")

    assert "Acme Account" in halo("connections", "check", "acme-pay").output
    ledger.write(*PAYERS[:2], PAYERS[2], {"id": "CU4", "given_name": "Dee"})
    said = halo("import", "run", "acme-pay").output
    assert "1 new user" in said
    assert "2 unchanged" in said  # Cléo is held, since her change was undone
    assert halo("import", "undo", "1").exit_code == 0
    with closing(Database(database_url)) as database, database.read() as connection:
        assert "import_locks" not in inspect(connection).get_table_names()
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


def test_an_upgrade_that_is_repeated_changes_nothing(
    made: list[Any], halo: Any, database_url: str
) -> None:
    halo("database", "upgrade")
    before = rows(database_url)

    halo("database", "upgrade")

    assert rows(database_url) == before


def test_a_back_up_made_before_the_upgrade_brings_host_0_1_back(
    made: list[Any],
    old_host: ReleasedHost,
    halo: Any,
    data: Path,
    database_url: str,
    tmp_path: Path,
) -> None:
    before = rows(database_url)
    halo("database", "backup", str(tmp_path / "back-up.tar.gz"))
    halo("database", "upgrade")
    halo("customers", "add", "Added later")

    said = halo("database", "restore", str(tmp_path / "back-up.tar.gz"), "--force").output

    assert "Next: halo-host database upgrade" in said
    assert rows(database_url) == before
    assert [json.loads(said) for said in old_host.run(data, database_url, *SHOWN)] == made
