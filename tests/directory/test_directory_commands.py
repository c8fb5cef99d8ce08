"""The directory from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from support.acme import Desk
from support.clock import Clock

from halo_host.cli import main
from halo_host.database.database import Database
from halo_host.database.tables import users
from halo_host.directory.directory import Directory

Run = Callable[..., Result]
PROGRAM = [sys.executable, "-c", "from halo_host.cli import main; main()"]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """Run a command: `run("users", "list")`."""

    def run_command(*arguments: object, status: int = 0) -> Result:
        options = ["--data", str(tmp_path / "data"), "--database", database_url]
        result = CliRunner().invoke(main, [*options, *map(str, arguments)])
        assert result.exit_code == status, result.output
        return result

    return run_command


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(
        "customer,site,given_name,email,custom:Manager\n"
        "Acme Ltd,HQ,Ann,ann@acme.example,Jo\n"
        "ACME LTD.,HQ,Bob,bob@acme.example,\n"
        "Beta,,Cy,,\n"
    )
    return file


def test_import_reports_skipped_rows_by_line_and_loads_the_rest(run: Run, people: Path) -> None:
    result = run("directory", "import", people, "--create-fields", status=1)

    assert "customers: 2 added, 0 changed, 0 unchanged" in result.stdout
    assert "users:     2 added, 0 changed, 0 unchanged" in result.stdout
    assert "1 row skipped" in result.stdout
    assert result.stderr.startswith("line 3: Duplicate customer: “ACME LTD.”")


def test_import_prints_json_for_programs(run: Run, people: Path) -> None:
    result = run("directory", "import", people, "--create-fields", "--json", status=1)

    report = json.loads(result.stdout)
    assert report["users"] == {"added": 2, "changed": 0, "unchanged": 0}
    assert [problem["line"] for problem in report["problems"]] == [3]


def test_import_of_a_good_file_ends_well_and_again(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("customer;city\nMüller;Köln\n".encode("cp1252"))

    run("directory", "import", file, "--encoding", "cp1252")
    again = run("directory", "import", file, "--encoding", "cp1252")

    assert "users:     0 added, 0 changed, 1 unchanged" in again.stdout
    assert "skipped" not in again.output


def test_a_file_that_cannot_be_loaded_is_an_error_with_advice(run: Run, people: Path) -> None:
    result = run("directory", "import", people, status=1)

    assert result.stderr == (
        "Error: Users have no custom field “Manager”.\n"
        "Add it (halo-host custom-fields add 'Manager'), or import with --create-fields.\n"
    )
    missing = run("directory", "import", "nowhere.csv", status=1)
    assert missing.stderr.startswith("Error: There is no file nowhere.csv.")
    assert run("customers", "list", "--json").stdout == "[]\n"


def test_export_to_the_screen_and_to_files(run: Run, people: Path, tmp_path: Path) -> None:
    run("directory", "import", people, "--create-fields", status=1)

    screen = run("directory", "export", "-")
    run("directory", "export", tmp_path / "out.xlsx")
    written = run("directory", "export", tmp_path / "out.txt")

    assert screen.stdout.splitlines()[1].startswith("Acme Ltd,,HQ,yes,,Ann,,,ann@acme.example")
    assert (tmp_path / "out.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "out.txt").read_bytes().startswith(b"\xef\xbb\xbfcustomer,")
    assert "2 rows written to" in written.stdout
    assert "CSV only" in run("directory", "export", "-", "--format", "xlsx", status=2).stderr


def test_export_warns_of_users_that_an_import_cannot_tell_apart(run: Run) -> None:
    run("customers", "add", "Acme")
    for name in ("Ann", "Bob"):
        run("users", "add", "Main", "--set", f"given_name={name}", "--set", "email=i@x.example")

    assert run("directory", "export", "-").stderr.startswith("Note: 2 users without a reference")


def test_customers_and_sites_are_added_shown_and_listed(run: Run) -> None:
    added = run("customers", "add", "Acme Ltd", "--site", "HQ", "--site", "Depot")
    run("customers", "add", "Beta", "--reference", "B1")
    run("sites", "add", "B1", "North", "--invoice")
    moved = run("sites", "invoice", "Acme Ltd/Depot")

    assert added.stdout == "Customer 1 added: Acme Ltd\n"
    assert moved.stdout == "The invoice site of Acme Ltd is Depot.\n"
    shown = json.loads(run("customers", "show", "acme ltd", "--json").stdout)
    assert [(site["name"], site["is_invoice_site"]) for site in shown["sites"]] == [
        ("HQ", False),
        ("Depot", True),
    ]
    assert "Depot" in run("customers", "show", "1").stdout
    listed = json.loads(run("sites", "list", "--customer", "B1", "--json").stdout)
    assert [(site["name"], site["is_invoice_site"]) for site in listed] == [
        ("Main", False),
        ("North", True),
    ]
    assert "Acme Ltd" in run("sites", "list").stdout
    assert "--after 1" in run("customers", "list", "--limit", "1").stderr
    assert "Beta" in run("customers", "list", "B1").stdout


def test_an_unknown_thing_is_an_error_that_says_where_to_look(run: Run) -> None:
    run("customers", "add", "Acme Ltd")
    assert "customers list" in run("customers", "show", "Nobody", status=1).stderr
    assert "sites list" in run("sites", "invoice", "Nowhere", status=1).stderr
    assert "users list" in run("users", "show", "7", status=1).stderr


def test_a_user_is_added_edited_moved_and_shown(run: Run) -> None:
    run("customers", "add", "Acme Ltd", "--site", "HQ", "--site", "Depot")
    run("custom-fields", "add", "Manager")

    added = run("users", "add", "HQ", "--set", "given_name=Ann", "--set", "phone=1=2")
    run("users", "edit", "1", "--set", "phone=", "--set", "reference=U1", "--set", "city=Leeds")
    moved = run("users", "move", "U1", "Acme Ltd/Depot")
    run("users", "set-field", "U1", "manager", "Jo")

    assert added.stdout == "User 1 added: Ann\n"
    assert moved.stdout == "User 1, Ann, is in Acme Ltd/Depot.\n"
    shown = json.loads(run("users", "show", "U1", "--json").stdout)
    assert (shown["name"], shown["phone"], shown["city"], shown["site"]) == (
        "Ann",
        "",
        "Leeds",
        "Depot",
    )
    assert shown["custom"] == {"Manager": "Jo"}
    text = run("users", "show", "1").stdout
    assert "custom:Manager" in text
    assert "No payer is linked" in text
    assert "nothing to change" in run("users", "edit", "1", status=2).stderr.lower()
    assert "FIELD=VALUE" in run("users", "edit", "1", "--set", "phone", status=2).stderr
    assert "given_name" in run("users", "edit", "1", "--set", "shoe=7", status=1).stderr


def test_users_are_listed_page_by_page(run: Run) -> None:
    run("customers", "add", "Acme")
    for name in ("Ann", "Bob", "Anna"):
        run("users", "add", "Main", "--set", f"given_name={name}")

    first = run("users", "list", "ann", "--limit", "1", "--json")
    rest = run("users", "list", "ann", "--after", "1", "--customer", "Acme", "--json")

    assert [user["name"] for user in json.loads(first.stdout)] == ["Ann"]
    assert [user["name"] for user in json.loads(rest.stdout)] == ["Anna"]
    assert "Bob" in run("users", "list").stdout


def test_a_shown_user_names_the_payers_linked_to_it(run: Run, desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann", "email": "ann@acme.example"})

    shown = json.loads(run("users", "show", "ann@acme.example", "--json").stdout)

    assert [(link["connection"], link["external_id"]) for link in shown["links"]] == [
        ("acme-pay", "CU1")
    ]
    assert "CU1" in run("users", "show", "ann@acme.example").stdout


def test_custom_fields_are_added_and_listed(run: Run) -> None:
    run("custom-fields", "add", "Manager")
    run("custom-fields", "add", "Birthday", "--type", "date")

    listed = json.loads(run("custom-fields", "list", "--json").stdout)

    assert [(field["name"], field["type"], field["mappable"]) for field in listed] == [
        ("Manager", "text", True),
        ("Birthday", "date", False),
    ]
    assert "Date" in run("custom-fields", "list").stdout
    assert "already" in run("custom-fields", "add", "manager", status=1).stderr


@pytest.mark.parametrize("group", ["directory", "customers", "sites", "users", "custom-fields"])
def test_every_command_explains_itself_with_an_example(run: Run, group: str) -> None:
    overview = run(group, "--help").stdout
    names = [line.split()[0] for line in overview.partition("Commands:")[2].splitlines() if line]

    for name in names:
        assert "Example" in run(group, name, "--help").stdout


# --- as a process of its own -------------------------------------------------------------------


def test_the_exit_status_of_the_program_tells_of_skipped_rows(
    database_url: str, tmp_path: Path, people: Path
) -> None:
    command = [*PROGRAM, "--data", str(tmp_path), "--database", database_url, "directory"]

    first = subprocess.run(
        [*command, "import", str(people), "--create-fields"], capture_output=True, text=True
    )
    exported = subprocess.run([*command, "export", "-"], capture_output=True)

    assert (first.returncode, first.stderr.split(":")[0]) == (1, "line 3")
    assert exported.returncode == 0
    assert exported.stdout.startswith(b"customer,customer_ref,site,")


def test_a_reader_that_goes_away_ends_the_export_quietly(
    directory: Directory, database_url: str, tmp_path: Path
) -> None:
    for number in range(200):
        directory.add_customer(f"{number} " + "x" * 1_900, agent="tester")
    command = [*PROGRAM, "--data", str(tmp_path), "--database", database_url]

    with subprocess.Popen(
        [*command, "directory", "export", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("committed", [1, 500])
def test_a_killed_import_goes_on_when_it_is_run_again(
    database: Database, database_url: str, clock: Clock, tmp_path: Path, committed: int
) -> None:
    file = tmp_path / "people.csv"
    rows = [f"Customer {n // 3},Site {n % 2},G{n},{n}@x.example\n" for n in range(1_500)]
    file.write_text("customer,site,given_name,email\n" + "".join(rows))
    command = [*PROGRAM, "--data", str(tmp_path), "--database", database_url]

    with subprocess.Popen([*command, "directory", "import", str(file)]) as process:
        while process.poll() is None and _count(database) < committed:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert committed <= _count(database)
    report = Directory(database, clock).load(file, agent="tester")

    assert report.problems == ()
    assert report.users.added + report.users.unchanged == 1_500
    assert report.customers.added + report.customers.unchanged == 500
    assert _count(database) == 1_500


def _count(database: Database) -> int:
    with database.read() as connection:
        count: Any = connection.scalar(select(func.count()).select_from(users))
    return int(count)
