"""Export: the same columns, a stable order, and a whole file or none."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from halo_host.directory import xlsx_file
from halo_host.directory.directory import Directory
from halo_host.directory.export import ExportReport
from halo_host.directory.report import LoadReport
from halo_host.errors import HostError, InvalidInput

AGENT = "tester"
Load = Callable[..., LoadReport]


def exported(directory: Directory) -> list[str]:
    stream = io.BytesIO()
    directory.export(stream, "csv")
    return stream.getvalue().decode().splitlines()


def test_rows_come_in_a_stable_order_and_places_without_users_too(directory: Directory) -> None:
    directory.add_customer("Zeta", site_names=("HQ", "Depot"), reference="Z1", agent=AGENT)
    directory.add_customer("Acme", agent=AGENT)
    directory.add_user("Zeta/HQ", {"given_name": "Bob", "phone": "+44 1"}, agent=AGENT)
    directory.add_user("Zeta/HQ", {"given_name": "Ann"}, reference="U1", agent=AGENT)

    headings, *rows = exported(directory)

    assert headings.startswith("customer,customer_ref,site,invoice_site,user_ref,given_name")
    assert [row.rstrip(",") for row in rows] == [
        "Acme,,Main,yes",
        "Zeta,Z1,HQ,yes,,Bob,,,,'+44 1",
        "Zeta,Z1,HQ,yes,U1,Ann",
        "Zeta,Z1,Depot,no",
    ]


def test_text_fields_of_users_are_columns_and_others_are_not(directory: Directory) -> None:
    directory.add_customer("Acme", agent=AGENT)
    user = directory.add_user("Main", {"given_name": "Ann"}, agent=AGENT).id
    directory.add_custom_field("Birthday", type="date", agent=AGENT)
    directory.add_custom_field("Alarm code", entity="site", agent=AGENT)
    directory.add_custom_field("Manager, main", agent=AGENT)
    directory.set_value(user, "Manager, main", "@jo", agent=AGENT)

    headings, row = exported(directory)

    assert headings.endswith('language,"custom:Manager, main"')
    assert row.endswith(",'@jo")


def test_a_file_opens_in_spreadsheet_programs_as_utf_8(
    directory: Directory, tmp_path: Path
) -> None:
    directory.add_customer("Müller", agent=AGENT)

    report = directory.export(tmp_path / "out.csv", "csv")

    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfcustomer,")
    assert report == ExportReport(rows=1, indistinct_users=0, empty_users=0)
    assert os.listdir(tmp_path / "home") == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_importing_an_export_into_the_same_directory_changes_nothing(
    load: Load, directory: Directory, tmp_path: Path, kind: str
) -> None:
    directory.add_custom_field("Manager", agent=AGENT)
    directory.add_customer("Acme", site_names=("HQ", "Depot"), agent=AGENT)
    directory.add_customer("ACME", reference="A2", agent=AGENT)
    for name in ("Ann", "Bob", "=Cy"):
        fields = {"given_name": name, "email": "info@x.example"}
        user = directory.add_user("Acme/Depot", fields, agent=AGENT)
        directory.set_value(user.id, "Manager", "'=Jo", agent=AGENT)
    directory.add_user("A2/Main", {"phone": "-"}, agent=AGENT)
    before = exported(directory)

    directory.export(tmp_path / f"out.{kind}", kind)  # type: ignore[arg-type]
    report = load((tmp_path / f"out.{kind}").read_bytes())

    assert report.problems == ()
    assert (report.customers.unchanged, report.sites.unchanged, report.users.unchanged) == (2, 3, 4)
    assert (report.users.added, report.users.changed) == (0, 0)
    assert exported(directory) == before


def test_users_that_a_file_cannot_tell_apart_are_counted(directory: Directory) -> None:
    directory.add_customer("Acme", site_names=("HQ", "Depot"), agent=AGENT)
    for fields in (
        {"email": "info@x.example", "given_name": "Ann"},
        {"email": "INFO@x.example", "given_name": "Bob"},
        {"given_name": "Cy"},
        {"given_name": "Cy", "phone": "2"},
    ):
        directory.add_user("HQ", fields, agent=AGENT)
    directory.add_user("Depot", {"given_name": "Cy"}, agent=AGENT)
    user = directory.add_user("Depot", {"given_name": "Eve"}, agent=AGENT)
    directory.edit_user(user.id, {"given_name": ""}, agent=AGENT)
    directory.add_user("HQ", {"given_name": "Cy"}, reference="U1", agent=AGENT)

    assert directory.export(io.BytesIO(), "csv") == ExportReport(
        rows=7, indistinct_users=4, empty_users=1
    )


def test_a_failing_export_leaves_the_old_file_and_no_half_one(
    directory: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        directory.add_customer(f"Customer {number}", agent=AGENT)
    target = tmp_path / "exports" / "out.xlsx"
    target.parent.mkdir()
    target.write_text("the old file")
    monkeypatch.setattr(xlsx_file, "MAX_ROWS", 2)

    with pytest.raises(InvalidInput, match=r"at most 2 rows.\nExport as CSV"):
        directory.export(target, "xlsx")

    assert os.listdir(target.parent) == ["out.xlsx"]
    assert target.read_text() == "the old file"


def test_targets_that_are_no_files_are_refused(directory: Directory, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no file"):
        directory.export(tmp_path, "csv")
    with pytest.raises(HostError, match="cannot be written: No such file or directory"):
        directory.export(tmp_path / "nowhere" / "out.csv", "csv")
    with pytest.raises(InvalidInput, match="is no file"):
        directory.export(Path(os.devnull), "csv")
