"""Files that cannot be loaded: a clear message, and nothing is lost or half done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from halo_host.directory.directory import Directory
from halo_host.directory.report import LoadReport
from halo_host.errors import InvalidInput

AGENT = "tester"
Load = Callable[..., LoadReport]


def names(directory: Directory) -> list[str]:
    return [customer.name for customer in directory.customers()]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "people.csv is empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "people.csv is empty"),
        (b",,,\n", "All cells of the file are empty"),
        (b'"",""\n', "All cells of the file are empty"),
        (
            b"customer\nAcme\nM\xfcller\n",
            r"not UTF-8 text: line 3, byte 16 of the file.*\n.*cp1252",
        ),
        (b"customer\r\nAcme\r\nM\xc3", r"not UTF-8 text: line 3, byte 18 of the file"),
        (b"customer\nAc\0me\n", "line 2 holds a NUL character"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not UTF-8 text: line 1, byte 1"),
        (b"site,email\nHQ,a\n", r"no column customer. Its headings are: “site”, “email”"),
        (b"Custmer,email\nAcme,a\n", r"Is it “Custmer”\? Call it: customer"),
        (b"Client name,email\nAcme,a\n", r"Is it “Client name”\? Call it: customer"),
        (b"customer,emial,shoe\nAcme,a,b\n", r"“emial” \(is it email\?\), “shoe”"),
        (b"customer,E MAIL,email\nAcme,a,b\n", "more than one column “email”"),
        (b"customer,custom:A b,custom:a-B\nAcme,a,b\n", "more than one column “custom:a b”"),
        (b"customer|site|email\nAcme|HQ|a\n", r"not separated by commas.*perhaps.*“\|”"),
        (b"customer,custom:Shoe\nAcme,7\n", r"no custom field “Shoe”.\n.*custom-fields add 'Shoe'"),
        (b'customer,"email\nAcme,a\n', "headings in line 1 cannot be read. A quotation mark"),
        (b"PK\x03\x04 something else", "no XLSX workbook, or it is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", r"old .xls kind, or has a password.\n.*\.xlsx"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_as_a_whole(
    load: Load, directory: Directory, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        load(content)
    assert names(directory) == []


def test_a_bad_byte_far_behind_refuses_the_file_before_anything_is_loaded(
    load: Load, directory: Directory
) -> None:
    content = b"customer\r\n" + b"".join(b"Customer %d\r\n" % n for n in range(120_000))

    with pytest.raises(InvalidInput, match=f"line 120002, byte {len(content) + 2:,} of the file"):
        load(content + b"M\xfcller\r\n")
    assert names(directory) == []


def test_a_missing_file_and_a_folder_are_told_apart(directory: Directory, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        directory.load(tmp_path / "nothing.csv", agent=AGENT)
    with pytest.raises(InvalidInput, match="is a folder"):
        directory.load(tmp_path, agent=AGENT)


def test_a_file_named_xls_is_refused_with_advice(load: Load) -> None:
    with pytest.raises(InvalidInput, match=r"old .xls kind.*\n.*“CSV UTF-8”"):
        load("customer\nAcme\n", name="people.xls")


def test_a_custom_field_that_is_no_text_field_is_refused(load: Load, directory: Directory) -> None:
    directory.add_custom_field("Birthday", type="date", agent=AGENT)
    content = "customer,custom:New,custom:Birthday\nAcme,a,b\n"

    with pytest.raises(InvalidInput, match="“Birthday” is a Date field of users"):
        load(content, create_fields=True)
    assert [field.name for field in directory.custom_fields()] == ["Birthday"]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("customer,site\nMüller,Süd\n".encode(), {}),
        ("customer,site\nMüller,Süd\n".encode("utf-8-sig"), {}),
        ("customer;site\r\nMüller;Süd\r\n".encode(), {}),
        ("customer\tsite\nMüller\tSüd\n".encode("utf-16"), {}),
        ("customer\tsite\nMüller\tSüd\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("customer,site\nMüller,Süd\n".encode("utf-8-sig"), {"encoding": "UTF8"}),
        ('\n"customer";"site"\r"Müller";"Süd"\r'.encode(), {}),
        ("customer,site\nMüller,Süd\n".encode(), {"name": "people.xlsx"}),
    ],
)
def test_encodings_separators_and_line_ends_are_recognised(
    load: Load, directory: Directory, content: bytes, options: dict[str, str]
) -> None:
    assert load(content, **options).problems == ()
    assert [site.label for site in directory.sites()] == ["Müller/Süd"]


@pytest.mark.parametrize("encoding", ["klingon", "base64", ""])
def test_an_unknown_encoding_is_refused(load: Load, encoding: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no text encoding.\n.*cp1252"):
        load("customer\nAcme\n", encoding=encoding)


def test_an_encoding_that_decodes_nothing_is_refused(load: Load) -> None:
    with pytest.raises(InvalidInput, match="cannot be read as UNDEFINED text"):
        load("customer\nAcme\n", encoding="undefined")


def test_problems_name_the_line_that_an_editor_shows(load: Load, directory: Directory) -> None:
    report = load(
        "customer,address_line1,phone\n"
        'Acme,"1 High Street\r\nfirst floor\nback",1\n'
        "\n"
        ",no customer,\n"
        'Beta,"a ""quoted"" word",2\n'
        'Gamma,"stray" quote,3\n'
        'Delta,"two\nlines",=x\n'
        "Echo,,4\n"
    )

    assert [problem.line for problem in report.problems] == [6, 8, 9]
    assert "inside a quoted cell, write quotation marks twice" in report.problems[1].message
    assert names(directory) == ["Acme", "Beta", "Echo"]
    assert directory.users()[0].address_line1 == "1 High Street\r\nfirst floor\nback"


def test_a_quotation_mark_that_is_never_closed_ends_the_reading(
    load: Load, directory: Directory
) -> None:
    report = load('customer,city\nAcme,\nBeta,"Leeds\nGamma,\nDelta,\n')

    assert names(directory) == ["Acme"]
    assert [problem.line for problem in report.problems] == [3]
    assert "never closed; this row and all below it" in report.problems[0].message


def test_a_cell_of_a_megabyte_is_a_problem_of_its_row(load: Load, directory: Directory) -> None:
    content = f"customer,city\nAcme,{'x' * 1024 * 1024}\nBeta,Leeds\n"

    report = load(content)

    (problem,) = report.problems
    assert problem.line == 2
    assert problem.message == "city has 1,048,576 characters; at most 2,000 are stored."
    assert names(directory) == ["Beta"]


@pytest.mark.parametrize("content", ['Beta,"{}\n{}"\n', "Beta,{}{}\n"])
def test_a_cell_that_has_no_end_stops_the_reading_without_filling_the_memory(
    load: Load, directory: Directory, content: str
) -> None:
    half = "x" * 9 * 1024 * 1024

    report = load("customer,city\nAcme,\n" + content.format(half, half) + "Gamma,\n")

    assert names(directory) == ["Acme"]
    assert [problem.line for problem in report.problems] == [3]
    assert "more than 16,777,216 characters" in report.problems[0].message


def test_a_trailing_empty_column_and_short_rows_do_no_harm(
    load: Load, directory: Directory
) -> None:
    assert load("customer,city,\nAcme,Leeds,\nBeta\n").problems == ()
    assert names(directory) == ["Acme", "Beta"]
