"""The command line as a person types it: what it says, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from support.acme import Ledger

from halo_host.cli import COMMANDS, main
from halo_host.cli.face import printable

Run = Callable[..., Result]


@pytest.fixture
def halo(database_url: str, tmp_path: Path, acme_pay: None) -> Run:
    """Run a command; `fails=True` where it must end with status 1."""

    def run(*arguments: str, fails: bool = False, answer: str | None = None) -> Result:
        given = ["--data", str(tmp_path / "data"), "--database", database_url, *arguments]
        result = CliRunner().invoke(main, given, input=answer)
        assert result.exit_code == int(fails), result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def ledger(halo: Run, tmp_path: Path) -> Ledger:
    """A connection to Acme Pay, set up as the guide says, and what its provider holds."""
    ledger = Ledger(tmp_path / "ledger")
    halo("customers", "add", "Acme Ltd")
    halo("customers", "add", "Unsorted")
    halo(
        *("connections", "enable", "acme-pay", "--default-site", "Unsorted/Main"),
        *("--set", f"ledger={ledger.path}", "--set", "api_key=a-secret-key"),
    )
    return ledger


def test_every_command_explains_itself(halo: Run) -> None:
    listed = halo("--help").output
    for name, text in COMMANDS.items():
        assert f"{name} " in listed
        assert text.split(",")[0][:30] in " ".join(listed.split())
        assert "Usage:" in halo(name, "--help").output


def test_the_way_from_a_preview_to_an_undo(halo: Run, ledger: Ledger) -> None:
    ledger.write(
        {"id": "CU1", "given_name": "Ann", "company": "acme ltd"},
        {"id": "CU2", "given_name": "Bob", "phone": "1"},
    )
    preview = halo("import", "run", "acme-pay", "--dry-run").output
    assert "Nothing was written" in preview
    assert "2 new users" in preview
    assert halo("users", "list", "--json").output.strip() == "[]"

    assert "2 new users" in halo("import", "run", "acme-pay").output
    shown = halo("import", "show", "1").output
    assert "The customer Acme Ltd has the payer's company name" in shown
    assert "phone: “” → “1”" in shown

    assert "2 unchanged" in halo("import", "run", "acme-pay").output
    undone = halo("import", "undo", "1").output
    assert "Change set 1 of acme-pay: undone" in undone
    assert "2 held, left alone" in halo("import", "run", "acme-pay").output
    assert "CU1" in halo("import", "held", "acme-pay").output
    assert "2 payers released" in halo("import", "release", "acme-pay", "CU1", "CU2").output
    assert "2 new users" in halo("import", "run", "acme-pay").output


def test_rows_come_as_json_and_csv_too(halo: Run, ledger: Ledger) -> None:
    ledger.write({"id": "CU1", "given_name": '=HYPERLINK("x")', "phone": "+44 1"})

    planned = json.loads(halo("import", "run", "acme-pay", "--dry-run", "--json").output)
    assert [row["action"] for row in planned["items"]] == ["new"]
    assert planned["counts"]["fetched"] == 1
    (name, phone) = csv.DictReader(
        io.StringIO(halo("import", "run", "acme-pay", "--dry-run", "--csv").output)
    )
    assert (name["field"], name["after"]) == ("given_name", '\'=HYPERLINK("x")')
    assert (phone["field"], phone["after"]) == ("phone", "'+44 1")

    halo("import", "run", "acme-pay", "--json")
    stored = json.loads(halo("import", "show", "1", "--json").output)
    assert stored["items"][0]["after"]["phone"] == "+44 1"
    assert stored["state"] == "applied"
    assert "'=HYPERLINK" in halo("import", "show", "1", "--csv").output


def test_a_conflict_is_shown_with_its_candidates_and_resolved(halo: Run, ledger: Ledger) -> None:
    halo("users", "add", "Unsorted/Main", "--set", "email=ann@acme.example")
    ledger.write({"id": "CU1", "email": "ann@acme.example", "company": "Acme Ltd"})
    assert "1 conflict, left alone until you resolve it" in halo("import", "run", "acme-pay").output

    shown = halo("import", "show", "1", "--action", "conflict").output
    assert "candidate: user 1, ann@acme.example in Unsorted / Main" in shown

    halo("import", "resolve", "1", "1", "--user", "1")
    assert "1 unchanged" in halo("import", "run", "acme-pay").output


def test_resolve_needs_a_row_and_a_choice(halo: Run, ledger: Ledger) -> None:
    arguments = ["--data", "x", "import", "resolve", "1"]
    for wrong in ([], ["1"], ["1", "--skip", "--lead"], ["1", "--all", "--skip"]):
        assert CliRunner().invoke(main, [*arguments, *wrong]).exit_code == 2


def test_a_held_change_set_ends_with_status_1_and_says_what_to_do(
    halo: Run, ledger: Ledger
) -> None:
    ledger.write({"id": "CU1"}, {"id": "CU2"})
    halo("import", "run", "acme-pay")
    ledger.write({"id": "CU1"})

    held = halo("import", "run", "acme-pay", fails=True).output
    assert "1 of 2 linked payers are gone" in held
    assert "halo-host import apply 2" in held
    assert "is held" in halo("import", "run", "acme-pay", fails=True).output
    assert "applied" in halo("import", "apply", "2").output


def test_a_failure_says_what_happened_and_what_to_do(halo: Run, ledger: Ledger) -> None:
    ledger.write({"fail": "The provider is down."})

    said = halo("import", "run", "acme-pay", fails=True).output
    assert said == "Error: The provider is down.\nTry again later.\n"
    assert "failed" in halo("import", "list").output


def test_plugins_shows_versions_states_and_hooks(halo: Run) -> None:
    shown = halo("plugins").output
    assert "acme-pay" in shown
    assert "halo_import_users" in shown

    plugins = {it["name"]: it for it in json.loads(halo("plugins", "--json").output)}
    acme = plugins["acme"]
    assert (acme["distribution"], acme["version"], acme["ready"]) == ("acme-pay", "1.2", True)


def test_a_secret_is_taken_from_the_environment_or_a_file(
    halo: Run, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "token").write_text("key-of-a-file\n")
    monkeypatch.setenv("HALO_SECRET_KEY_ONE", "key-of-environment")
    monkeypatch.setenv("HALO_HOST_SECRETS_DIR", str(folder))
    configure = ("connections", "configure", "acme-pay", "--set")

    halo(*configure, 'api_key={"$env": "HALO_SECRET_KEY_ONE"}')
    halo(*configure, 'api_key={"$file": "token"}')

    shown = halo("connections", "show", "acme-pay").output
    assert "set, never shown" in shown
    assert "key-of" not in shown


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ('api_key={"$env": "HOME"}', "begins with HALO_SECRET_"),
        ('api_key={"$env": "HALO_SECRET_MISSING"}', "is not set"),
        ('api_key={"$file": "../token"}', "plain name inside"),
        ('api_key={"$file": "link"}', "leads out of"),
        ('api_key={"$file": "missing"}', "cannot be read"),
        ('api_key={"$file": "token", "x": 1}', "not understood"),
        ('ledger={"$file": "token"}', "is no secret"),
        ('region={"$env": "HALO_SECRET_MISSING"}', "is no secret"),
        ("api_key", "needs NAME=VALUE"),
    ],
)
def test_a_reference_that_may_not_be_is_refused(
    halo: Run,
    ledger: Ledger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    complaint: str,
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "token").write_text("outside-the-folder")
    (folder / "link").symlink_to(tmp_path / "token")
    monkeypatch.setenv("HALO_HOST_SECRETS_DIR", str(folder))

    said = halo("connections", "configure", "acme-pay", "--set", setting, fails=True).output
    assert complaint in said
    assert "outside" not in said


def test_a_tab_is_a_whole_page(halo: Run, ledger: Ledger) -> None:
    ledger.write({"id": "CU1", "given_name": "Ann"})
    halo("import", "run", "acme-pay")

    assert halo("users", "tab", "1", "acme-pay").stdout.startswith("<!doctype html>")
    broken = halo("users", "tab", "1", "acme-pay", "--tab", "broken", fails=True)
    assert broken.stdout.startswith("<!doctype html>")
    assert "failed in the tab broken" in broken.stderr


def test_times_of_a_user_and_a_customer_are_written_as_everywhere(
    halo: Run, ledger: Ledger
) -> None:
    ledger.write({"id": "CU1", "given_name": "Ann"})
    halo("import", "run", "acme-pay")

    time = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(rf"acme-pay +CU1 +{time} *\n", halo("users", "show", "1").output)
    assert re.search(rf"Added: {time} UTC\n", halo("customers", "show", "1").output)


def test_what_is_empty_is_said_in_a_sentence(halo: Run, ledger: Ledger) -> None:
    for command, said in (
        ("users list", "There is no user yet."),
        ("users list ann", "No user is found."),
        ("customers list nobody", "No customer is found."),
        ("custom-fields list", "There is no custom field yet"),
        ("import list", "Nothing was imported yet."),
        ("import held acme-pay", "No payer of acme-pay is held."),
        ("alerts list", "No alert is open."),
        ("webhooks list", "Nothing was delivered yet."),
        ("webhooks list --state failed", "There is no such delivery."),
        ("webhooks counts", "Nothing was delivered yet."),
        ("webhooks replay --state failed", "none is replayed"),
        ("audit --entity mapping", "No change of mapping is kept."),
    ):
        assert said in halo(*command.split()).output


def test_no_help_shows_a_format_of_the_machine() -> None:
    for name in COMMANDS:
        for words in _commands_of(name):
            said = CliRunner().invoke(main, [*words, "--help"]).output
            assert "%" not in said, words
            assert "<=" not in said, words


def _commands_of(name: str) -> Iterator[list[str]]:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    yield [name]
    if isinstance(command, click.Group):
        yield from ([name, below] for below in command.commands)


def test_secrets_are_rotated_and_reset(halo: Run, ledger: Ledger) -> None:
    assert "1 secret is encrypted anew" in halo("secrets", "rotate").output
    assert "works" in halo("connections", "check", "acme-pay").output
    assert "1 secret is forgotten" in halo("secrets", "reset", answer="y\n").output


def test_a_revoked_key_is_told_by_the_check(halo: Run, ledger: Ledger) -> None:
    halo("connections", "configure", "acme-pay", "--set", "api_key=revoked-key")

    assert "does not work" in halo("connections", "check", "acme-pay", fails=True).output


def test_mappings_are_listed_and_a_key_nobody_has_is_noted(halo: Run, ledger: Ledger) -> None:
    halo("custom-fields", "add", "Office")
    halo("mappings", "add", "acme-pay", "office", "Office", "--policy", "keep")
    halo("mappings", "core", "acme-pay", "phone", "overwrite")

    listed = json.loads(halo("mappings", "list", "acme-pay", "--json").output)
    assert listed["field_mappings"][0]["policy"] == "keep"
    assert listed["core_fields"]["phone"] == "overwrite"
    noted = halo("mappings", "add", "acme-pay", "ofice", "Office").output
    assert "no payer was seen with ofice" in noted
    renamed = halo("custom-fields", "rename", "Office", "Branch").output
    assert "Custom field 1 is called Branch now." in renamed
    kept = halo("custom-fields", "delete", "Branch", fails=True).output
    assert "ofice of Acme Pay fills it" in kept
    assert "halo-host mappings remove acme-pay 1" in kept
    halo("mappings", "remove", "acme-pay", "Branch")
    assert "Custom field 1 is deleted: Branch" in halo("custom-fields", "delete", "1").output


def test_the_audit_log_names_who_did_what(halo: Run, ledger: Ledger) -> None:
    entries = json.loads(halo("audit", "--entity", "connection", "--json").output)

    assert entries[0]["action"] == "connection.enabled"
    assert entries[0]["agent"].endswith("(command line)")
    assert "a-secret-key" not in str(entries)


def test_the_database_says_where_it_is_and_is_upgraded(halo: Run, ledger: Ledger) -> None:
    assert "current" in halo("database", "show").output
    assert "are at 0003" in halo("database", "upgrade").output


def test_help_loads_no_library_of_the_host() -> None:
    code = (
        "import sys; from halo_host.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'flask', 'sqlalchemy', 'rich', 'pluggy', 'halo_host.host'}\n"
        "print(sorted(heavy & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "show", "99999999999999999999999"),
        ("import", "undo", "9223372036854775808"),
        ("import", "list", "--limit", "-1"),
        ("audit", "--limit", "99999999999999999999999"),
        ("users", "list", "--after", "99999999999999999999"),
        ("users", "show", "\udcff"),
    ],
)
def test_arguments_that_no_database_holds_are_refused(
    halo: Run, arguments: tuple[str, ...]
) -> None:
    result = CliRunner().invoke(main, ["--data", "unused", *arguments])

    assert result.exit_code == 2, result.output
    assert "Error: " in result.output


@pytest.mark.parametrize("name", ["a?b", "c%20d", "d ü%20 ?#x", "e:@f"])
def test_a_data_folder_may_have_any_name(tmp_path: Path, acme_pay: None, name: str) -> None:
    given = ["--data", str(tmp_path / name), "customers", "add", "Acme Ltd"]
    assert CliRunner().invoke(main, given).exit_code == 0

    assert [folder.name for folder in tmp_path.iterdir() if folder.name != "home"] == [name]
    assert (tmp_path / name / "halo-host.db").exists()


def test_a_terminal_without_the_letters_is_no_error(tmp_path: Path, acme_pay: None) -> None:
    environment = {
        **os.environ,
        "HALO_HOST_DATA": str(tmp_path / "data"),
        "PYTHONIOENCODING": "ascii",
    }
    command = [sys.executable, "-c", "from halo_host.cli import main; main()", "customers"]
    added = subprocess.run([*command, "add", "Müller"], env=environment, capture_output=True)
    listed = subprocess.run([*command, "list"], env=environment, capture_output=True)
    as_json = subprocess.run([*command, "list", "--json"], env=environment, capture_output=True)

    assert (added.returncode, listed.returncode) == (0, 0), added.stderr + listed.stderr
    assert b"M?ller" in listed.stdout
    assert "Müller" in as_json.stdout.decode("utf-8")


def test_text_of_others_cannot_steer_the_terminal() -> None:
    assert printable("A\x1b[2Jnn\r\nx\u202e") == "A\ufffd[2Jnn\ufffd\nx\ufffd"


def test_a_reader_that_goes_away_is_no_error_of_ours(tmp_path: Path, acme_pay: None) -> None:
    command = [sys.executable, "-c", "from halo_host.cli import main; main()"]
    environment = {**os.environ, "HALO_HOST_DATA": str(tmp_path / "data")}
    listing = subprocess.Popen(
        [*command, "customers", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert listing.stdout is not None
    listing.stdout.close()
    assert listing.stderr is not None
    assert b"Traceback" not in listing.stderr.read()
    listing.stderr.close()
    listing.wait(timeout=60)
