"""An import that is kept for review, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.acme import Ledger

from halo_host.cli import main

Run = Callable[..., str]


@pytest.fixture
def halo(database_url: str, tmp_path: Path, acme_pay: None) -> Run:
    """What a command says; `status` is how it must end."""

    def run(*arguments: str, status: int = 0) -> str:
        given = ["--data", str(tmp_path / "data"), "--database", database_url, *arguments]
        result = CliRunner().invoke(main, given)
        assert result.exit_code == status, result.output
        return result.output

    return run


@pytest.fixture
def ledger(halo: Run, tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger")
    halo("customers", "add", "Acme Ltd")
    halo(
        *("connections", "enable", "acme-pay", "--default-site", "Acme Ltd/Main"),
        *("--set", f"ledger={ledger.path}", "--set", "api_key=a-secret-key"),
    )
    ledger.write(
        {"id": "CU1", "given_name": "Ann"},
        {"id": "CU2", "given_name": "Bob"},
        {"id": "CU3", "given_name": "Cat"},
    )
    return ledger


def test_what_is_left_out_can_be_held(halo: Run, ledger: Ledger) -> None:
    halo("import", "run", "acme-pay", "--review")
    halo("import", "leave-out", "1", "--search", "cu3")

    said = halo("import", "apply", "1", "--hold-left-out")

    assert "1 payer left out, and held until somebody releases them." in said
    assert "left-out" in halo("import", "held", "acme-pay")
    halo("import", "run", "acme-pay")
    assert "Cat" not in halo("users", "list")


def test_rows_are_left_out_taken_again_and_applied(halo: Run, ledger: Ledger) -> None:
    kept = halo("import", "run", "acme-pay", "--review")
    assert "Change set 1 of acme-pay: planned" in kept
    assert "Nothing is applied yet." in kept
    assert "No users" in halo("users", "list") or "Ann" not in halo("users", "list")

    assert "3 rows left out." in halo("import", "leave-out", "1", "--all")
    assert "1 row will be applied again." in halo("import", "take", "1", "--search", "cu2")
    assert "1 row will be applied again." in halo("import", "take", "1", "1")
    assert "applied" in halo("import", "apply", "1")

    listed = halo("users", "list")
    assert "Ann" in listed
    assert "Bob" in listed
    assert "Cat" not in listed


def test_what_is_meant_must_be_said(halo: Run, ledger: Ledger) -> None:
    halo("import", "run", "acme-pay", "--review")
    assert "Name rows" in halo("import", "leave-out", "1", status=2)
    assert "Name rows" in halo("import", "take", "1", "1", "--all", status=2)
    assert "choose one" in halo("import", "run", "acme-pay", "--review", "--dry-run", status=2)
    assert "There is no import 9" in halo("import", "take", "9", "--all", status=1)
    halo("import", "discard", "1")
    assert "is discarded" in halo("import", "leave-out", "1", "--all", status=1)


def test_an_open_review_is_replaced_only_where_that_is_said(halo: Run, ledger: Ledger) -> None:
    halo("import", "run", "acme-pay", "--review")

    for command in (("run", "acme-pay"), ("run", "acme-pay", "--review")):
        refused = halo("import", *command, status=1)
        assert "Import 1 of acme-pay waits for its review" in refused
        assert "halo-host import run acme-pay --replace-review" in refused
    assert "waits for its review" in halo("sync", "now", "acme-pay", "users", status=1)
    assert "waits for the review of import 1" in halo("sync", "status", "acme-pay")
    assert "planned" in halo("import", "list", "acme-pay")

    done = halo("import", "run", "acme-pay", "--replace-review")
    assert "Change set 2 of acme-pay: applied" in done
    assert "discarded" in halo("import", "show", "1")
