"""`halo-host payments` as a person types it: tables, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.acme import AGENT
from support.mirror import DAY, Mirror

from halo_host.cli import main
from halo_host.host import Host

Run = Callable[..., Result]


@pytest.fixture
def halo(host: Host, tmp_path: Path) -> Run:
    """Run a command; `status` is what it must end with."""

    def run(*arguments: str, status: int = 0) -> Result:
        given = ["--data", str(tmp_path / "data"), "--database"]
        given += [host.settings.database_url, *arguments]
        result = CliRunner().invoke(main, given)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def ann(mirror: Mirror) -> int:
    """Ann of Acme, whose payment failed once, and a payment of nobody."""
    host = mirror.host
    host.directory.add_customer("Acme Ltd", agent=AGENT)
    ann = host.directory.add_user("Acme Ltd/Main", {"given_name": "Ann"}, agent=AGENT).id
    mirror.link("CU1", ann)
    mirror.payer("CU2", "=cmd|' /C calc'!A0")
    mirror.payment(
        "PM1",
        "CU1",
        amount=-123_456,
        charge_date=date(2026, 1, 5),
        description="+44 1",
        raw={"a": 1},
    )
    mirror.payment("PM2", "CU2", amount=5, currency="JPY", status="failed")
    mirror.failure("PM2", "insufficient_funds", code="R01")
    return ann


def test_a_list_names_user_customer_and_reason(halo: Run, ann: int) -> None:
    said = halo("payments", "list", "--totals").output

    assert "-1234.56 GBP" in said
    assert "Ann" in said
    assert "Acme Ltd" in said
    assert "insufficient_funds" in said
    assert "(=cmd" in said
    assert "1 payment: 5 JPY, collected 0 JPY, failed 5 JPY, refunded 0 JPY" in said


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--connection", "bank"], ["PM2", "PM1"]),
        (["--status", "failed"], ["PM2"]),
        (["--state", "paid_out"], ["PM1"]),
        (["--state", "paid_out", "--state", "failed"], ["PM2", "PM1"]),
        (["--from", "2026-01-05", "--to", "2026-01-05"], ["PM1"]),
        (["--customer", "acme ltd"], ["PM1"]),
        (["--user", "1"], ["PM1"]),
        (["--payer", "CU2"], ["PM2"]),
        (["--reason", "insufficient_funds"], ["PM2"]),
        (["--unlinked"], ["PM2"]),
        (["--sort", "oldest"], ["PM1", "PM2"]),
        (["--sort", "largest"], ["PM2", "PM1"]),
        (["--limit", "1"], ["PM2"]),
    ],
)
def test_options_narrow_the_list(
    halo: Run, ann: int, options: list[str], expected: list[str]
) -> None:
    page = json.loads(halo("payments", "list", "--json", *options).output)

    assert [item["payment"] for item in page["items"]] == expected


def test_json_tells_amounts_as_minor_units_and_in_words(halo: Run, ann: int) -> None:
    page = json.loads(halo("payments", "list", "--json", "--limit", "1", "--totals").output)

    (item,) = page["items"]
    assert item["amount"] == {"minor_units": 5, "currency": "JPY", "text": "5 JPY"}
    assert item["user"] is None
    assert item["payer"] == {"id": "CU2", "name": "=cmd|' /C calc'!A0"}
    assert item["failure"]["cause"] == "insufficient_funds"
    assert [total["currency"] for total in page["totals"]] == ["GBP", "JPY"]
    rest = halo("payments", "list", "--json", "--cursor", page["next_cursor"])
    assert [item["payment"] for item in json.loads(rest.output)["items"]] == ["PM1"]


def test_more_pages_are_named_and_a_bad_cursor_is_refused(halo: Run, ann: int) -> None:
    assert "More payments: --cursor " in halo("payments", "list", "--limit", "1").stderr
    assert "More payments" not in halo("payments", "list", "--limit", "2").stderr
    said = halo("payments", "list", "--cursor", "nonsense", status=1).output
    assert "first page" in said


def test_csv_holds_no_formula_and_exact_amounts(halo: Run, ann: int) -> None:
    output = halo("payments", "list", "--csv", "--sort", "oldest").stdout

    first, second = csv.DictReader(io.StringIO(output))
    assert (first["payment"], first["amount"], first["currency"]) == ("PM1", "-1234.56", "GBP")
    assert (first["user"], first["user_name"], first["customer_name"]) == ("1", "Ann", "Acme Ltd")
    assert (first["charge_date"], first["created_at"]) == (
        "2026-01-05",
        "2026-01-01T00:00:00+00:00",
    )
    assert first["description"] == "'+44 1"
    assert first["url"] == "https://pay.example/payments/PM1"
    assert (second["amount"], second["refunded"], second["charge_date"]) == ("5", "0", "")
    assert second["payer_name"] == "'=cmd|' /C calc'!A0"
    assert (second["failure_cause"], second["failure_code"]) == ("insufficient_funds", "R01")
    assert second["user"] == ""


def test_csv_of_nothing_has_headings_alone(halo: Run, mirror: Mirror) -> None:
    lines = halo("payments", "list", "--csv").stdout.splitlines()

    assert len(lines) == 1
    assert lines[0].startswith("connection,payment,status")


def test_csv_takes_no_page(halo: Run, mirror: Mirror) -> None:
    assert "nothing else" in halo("payments", "list", "--csv", "--totals", status=2).output


def test_a_reason_that_nobody_gave_is_answered_with_those_there_are(halo: Run, ann: int) -> None:
    said = halo("payments", "list", "--reason", "bad_weather").stderr

    assert "Reasons that payments failed for: insufficient_funds" in said


def test_a_tab_of_a_status_that_no_payment_has_names_those_there_are(halo: Run, ann: int) -> None:
    tab = ("users", "tab", str(ann), "bank")

    assert "Statuses of payments: " in halo(*tab, "--status", "foo").stderr
    assert "failed" in halo(*tab, "--status", "foo").stderr
    assert "Statuses" not in halo(*tab, "--status", "failed").stderr
    assert "Statuses" not in halo(*tab).stderr


def test_a_status_that_no_payment_has_is_answered_with_those_there_are(halo: Run, ann: int) -> None:
    said = halo("payments", "list", "--status", "fialed")

    assert said.stdout == "No payment is like that.\n"
    assert "Statuses of payments: failed, paid_out" in said.stderr
    assert "--state" in said.stderr
    assert "Statuses" not in halo("payments", "list", "--status", "failed").stderr


def test_an_empty_list_is_said_in_a_sentence(halo: Run, mirror: Mirror) -> None:
    assert halo("payments", "list").stdout == "There is no payment in the mirror yet.\n"
    assert "No payment is like that." in halo("payments", "list", "--unlinked").stdout


def test_days_are_named_and_refused_in_words(halo: Run) -> None:
    assert "--from DATE" in halo("payments", "list", "--help").output
    assert "--to DATE" in halo("payments", "summary", "--help").output
    said = halo("payments", "list", "--from", "1.3.2026", status=2).output
    assert "1.3.2026 is no date such as 2026-03-31." in said


def test_what_is_not_there_is_an_error(halo: Run, mirror: Mirror) -> None:
    assert "no customer" in halo("payments", "list", "--customer", "x", status=1).output
    assert "no payment PM9" in halo("payments", "show", "PM9", status=1).output
    assert "no connection x" in halo("payments", "summary", "--connection", "x", status=1).output


def test_one_payment_is_shown_with_all_around_it(halo: Run, mirror: Mirror, ann: int) -> None:
    mirror.payment("PM3", "CU1", payout_id="PO1", mandate_id="MD1", raw={"id": "PM3", "x": "é"})
    mirror.failure("PM3", "insufficient_funds", DAY + timedelta(hours=1))
    mirror.mandate("MD1", "CU1")
    mirror.refund("RF1", "PM3")
    mirror.payout("PO1", amount=985)
    mirror.payout_item("PO1", 0, 10_000, payment_id="PM3")
    mirror.payout_item("PO1", 1, -147, type="fee", payment_id="PM3")

    said = halo("payments", "show", "PM3", "--raw").output
    assert "1, Ann, of Acme Ltd" in said
    assert "paid_out: It went out to your bank." in said
    assert "MD1 (bacs), active" in said
    assert "RF1: 1.00 GBP, paid on 2026-01-01" in said
    assert "! failed" in said
    assert "They do NOT add up to the payout: 9.853 GBP, not 9.85 GBP." in said
    assert '"x": "é"' in said

    mirror.payout_item("PO1", 2, -3, type="tax")
    assert "They add up to the payout: 9.85 GBP." in halo("payments", "show", "PM3").output
    whole = json.loads(halo("payments", "show", "PM3", "--json").output)
    assert whole["payout"]["adds_up"] is True
    assert whole["raw"] == {"id": "PM3", "x": "é"}
    assert [entry["action"] for entry in whole["timeline"]] == ["failed"]


def test_a_payment_of_nobody_says_so(halo: Run, ann: int) -> None:
    assert "the payer is linked to nobody" in halo("payments", "show", "PM2").output


def test_a_summary_says_what_came_in_what_failed_and_how_long_it_took(
    halo: Run, mirror: Mirror, ann: int
) -> None:
    mirror.payment("PM3", "CU1", payout_id="PO1", charge_date=date(2026, 1, 5), amount=250)
    mirror.payout("PO1", arrives_on=date(2026, 1, 9))

    said = halo("payments", "summary", "--from", "2026-01-01", "--to", "2026-01-31").output
    assert "charged from 2026-01-01 to 2026-01-31" in said
    assert "-1232.06 GBP" in said
    assert "Collected (confirmed or paid out), by month of the charge:" in said
    assert "Failed, charged back, denied or cancelled, by the latest reason:" in said
    assert "insufficient_funds" in said
    assert "half within 4 days, nine in ten within 4 days (1 payment)" in said
    assert "1 payment of 1 payer" in said

    counted = json.loads(
        halo("payments", "summary", "--from", "2026-01-01", "--to", "2026-01-31", "--json").output
    )
    assert counted["collected"][0]["amount"]["minor_units"] == -123_206
    assert counted["unlinked"] == {"payments": 1, "payers": 1}
    assert counted["days_to_payout"] == {"payments": 1, "median": 4, "nine_in_ten": 4}


def test_a_summary_of_nothing_says_so(halo: Run, ann: int) -> None:
    said = halo("payments", "summary", "--from", "2020-01-01", "--to", "2020-01-31").output
    assert "No payment was collected in this time." in said
    assert "No payment failed in this time." in said
    assert "Nothing was refunded in this time." in said
    assert "No payment of this time was paid out yet." in said

    said = halo("payments", "summary", "--from", "9000-01-01", status=2).output
    assert "9000-01-01 is after today, where the summary ends unless --to names" in said
    assert (
        "in this time"
        in halo("payments", "summary", "--from", "9000-01-01", "--to", "9000-12-31").output
    )


@pytest.mark.parametrize(
    ("end", "start"),
    [
        (date(2026, 11, 23), date(2025, 12, 1)),
        (date(2026, 12, 31), date(2026, 1, 1)),
        (date(2026, 1, 31), date(2025, 2, 1)),
    ],
)
def test_a_summary_is_of_twelve_months_unless_told(
    halo: Run, mirror: Mirror, end: date, start: date
) -> None:
    summary = json.loads(halo("payments", "summary", "--to", str(end), "--json").output)

    assert (summary["first_day"], summary["last_day"]) == (str(start), str(end))


def test_the_tab_of_the_mirror_is_printed(halo: Run, mirror: Mirror, ann: int) -> None:
    mirror.filled()

    said = halo("users", "tab", "1", "bank", "--limit", "1").output

    assert "PM1" in said
    assert "checked 2026-01-01" in said
