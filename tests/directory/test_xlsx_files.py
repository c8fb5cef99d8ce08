"""XLSX workbooks: what a person sees in a cell is what is loaded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from halo_host.directory.directory import Directory
from halo_host.directory.report import LoadReport
from halo_host.errors import InvalidInput

AGENT = "tester"
Load = Callable[..., LoadReport]


def workbook(rows: Iterable[Iterable[Any]], *, other_sheets: tuple[str, ...] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for title in other_sheets:
        book.create_sheet(title).append(["customer"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_is_known_by_its_content(load: Load, directory: Directory) -> None:
    content = workbook([["Customer", "E Mail"], ["Acme", "ann@acme.example"], [], ["Beta", None]])

    report = load(content, name="people.csv")

    assert report.problems == ()
    assert [customer.name for customer in directory.customers()] == ["Acme", "Beta"]
    assert directory.user("ann@acme.example").customer == "Acme"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (447700900123, "447700900123"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (-1.5, "-1.5"),
        (True, "TRUE"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 5, 47, 37), "2026-11-23 05:47:37"),  # noqa: DTZ001
        (time(14, 30), "14:30:00"),
        ("  padded ", "padded"),
        ("one_x000D_two", "one\rtwo"),
        ("+44 1", "+44 1"),
        ("'=1+1", "=1+1"),
    ],
)
def test_a_cell_becomes_the_text_that_a_person_sees(
    load: Load, directory: Directory, value: Any, seen: str
) -> None:
    report = load(workbook([["customer", "phone"], ["Acme", value]]), name="people.xlsx")

    assert report.problems == ()
    assert [user.phone for user in directory.users()] == [seen]


def test_leading_zeros_of_a_number_format_are_kept(load: Load, directory: Directory) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["customer", "postal_code"])
    sheet.append(["Acme", 1234])
    sheet["B2"].number_format = "00000"
    content = io.BytesIO()
    book.save(content)

    load(content.getvalue())

    assert directory.users()[0].postal_code == "01234"


def test_formulas_and_errors_are_problems_of_their_rows(load: Load, directory: Directory) -> None:
    content = workbook(
        [
            ["customer", "city", "phone"],
            ["Acme", "=1+1", None],
            ["Beta", "#N/A", None],
            ["Gamma", "Leeds", 1],
        ]
    )

    report = load(content)

    assert [(problem.line, problem.message) for problem in report.problems] == [
        (2, "city holds a formula; paste its value."),
        (3, "city holds an error of the spreadsheet program; paste a value."),
    ]
    assert [customer.name for customer in directory.customers()] == ["Gamma"]


def test_row_numbers_are_those_of_the_sheet(load: Load) -> None:
    content = workbook([[], ["customer", "city"], [], [None, "Leeds"], ["Acme", "x" * 2_001]])

    report = load(content)

    assert [problem.line for problem in report.problems] == [4, 5]


def test_only_the_first_sheet_is_read_and_that_is_said(load: Load, directory: Directory) -> None:
    report = load(workbook([["customer"], ["Acme"]], other_sheets=("More",)))

    assert report.warnings == ("Only the first sheet, “Sheet”, was read.",)
    assert len(directory.customers()) == 1


def test_an_empty_sheet_is_refused(load: Load) -> None:
    with pytest.raises(InvalidInput, match="is empty"):
        load(workbook([]))


def test_a_workbook_cut_short_or_changed_is_refused(load: Load, directory: Directory) -> None:
    whole = workbook([["customer"], *([f"Customer {n}"] for n in range(2_000))])
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 0xFF

    for content in (whole[: len(whole) // 2], bytes(changed)):
        with pytest.raises(InvalidInput, match="no XLSX workbook, or it is damaged"):
            load(content)
    assert directory.customers() == []


def test_another_zip_archive_is_refused(load: Load) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(InvalidInput, match="no XLSX workbook"):
        load(content.getvalue())


def test_a_workbook_that_unpacks_to_too_much_is_refused(load: Load) -> None:
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w") as part,
    ):
        for _ in range(129):
            part.write(bytes(1024 * 1024))

    with pytest.raises(InvalidInput, match=r"unpacks to 129 MiB.*\n.*Save it as CSV"):
        load(content.getvalue())


def test_a_sheet_that_breaks_off_loads_what_stands_before(load: Load, directory: Directory) -> None:
    broken = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["customer"], ["Acme"], ["Beta"]]))) as whole,
        zipfile.ZipFile(broken, "w") as archive,
    ):
        for part in whole.infolist():
            content = whole.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b'<row r="3"', b'<row r="3')
            archive.writestr(part, content)

    report = load(broken.getvalue())

    assert [customer.name for customer in directory.customers()] == ["Acme"]
    assert [(problem.line, problem.message) for problem in report.problems] == [
        (3, "The sheet is damaged here; the rows below were not loaded.")
    ]


def test_an_exported_sheet_holds_texts_alone(directory: Directory, tmp_path: Any) -> None:
    for name in ("=1+1", "#N/A", "TRUE", "2026-11-23", "+44"):
        directory.add_customer(name, agent=AGENT)

    directory.export(tmp_path / "out.xlsx", "xlsx")

    sheet = load_workbook(tmp_path / "out.xlsx").worksheets[0]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [(cell.data_type, cell.value) for cell in cells] == [
        ("s", "'=1+1"),
        ("s", "#N/A"),
        ("s", "TRUE"),
        ("s", "2026-11-23"),
        ("s", "'+44"),
    ]
