"""`halo-host directory`: load and save customers, sites and users as CSV or XLSX."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from ..directory.export import ExportReport
from ..directory.report import Counts, LoadReport
from ..directory.spreadsheet import FORMATS, Format
from ..host import Host
from ..plurals import counted
from .face import agent, printable, with_host, with_new_host
from .output import print_json


@click.group()
def command() -> None:
    """Load and save customers, sites and users as CSV or XLSX.

    docs/directory.md describes the columns and how a row finds its customer, site and user.
    """


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoding", metavar="NAME", help="Of a CSV file that is not UTF-8, e.g. cp1252.")
@click.option("--create-fields", is_flag=True, help="Add the custom fields that are missing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@with_new_host
def import_(
    host: Host, file: Path, encoding: str | None, create_fields: bool, as_json: bool
) -> None:
    """Load FILE, CSV or XLSX.

    A row is a user with its customer and site, or a customer and a site alone.

    Columns: customer, customer_ref, site, invoice_site, user_ref, given_name, family_name, company,
    email, phone, address_line1 to address_line3, city, region, postal_code, country, language, and
    custom:NAME for a custom field. Only customer is required.

    A bad row is skipped and reported with its line; the rest is loaded, and the exit status is 1.
    Loading the same file again changes nothing.

    \b
    Example: a file with the two lines
      customer,given_name,family_name,email
      Acme Ltd,Ann,Archer,ann@acme.example
    is loaded with
      halo-host directory import people.csv
    """
    with _progress() as progress:
        report = host.directory.load(
            file,
            agent=agent(),
            encoding=encoding,
            create_fields=create_fields,
            progress=progress,
        )
    if as_json:
        print_json(asdict(report))
    else:
        _print_report(report)
    if report.problems:
        sys.exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[int], None] | None]:
    """A count of rows on the terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda rows: click.echo(f"\r{rows:,} rows …", err=True, nl=False)
    finally:
        click.echo("\r\033[K", err=True, nl=False)


def _print_report(report: LoadReport) -> None:
    for warning in report.warnings:
        click.echo(f"Note: {printable(warning)}", err=True)
    for problem in report.problems:
        click.echo(f"line {problem.line}: {printable(problem.message)}", err=True)
    for name in ("customers", "sites", "users"):
        counts: Counts = getattr(report, name)
        click.echo(
            f"{name + ':':<11}{counts.added} added, {counts.changed} changed, "
            f"{counts.unchanged} unchanged"
        )
    if report.problems:
        skipped = counted(len(report.problems), "row")
        click.echo(f"{skipped} skipped; mend the file and import it again.")


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: xlsx for a FILE of that suffix, else csv.",
)
@with_host
def export(host: Host, file: Path, format_: Format | None) -> None:
    """Write the directory to FILE.

    - as FILE writes CSV to standard output.

    `directory import` takes the file back with the same values. Texts that a spreadsheet program
    would run as a formula get an apostrophe in front, which import takes away again.

    \b
    Examples:
      halo-host directory export people.xlsx
      halo-host directory export - > people.csv
    """
    if str(file) != "-":
        suffix: Format = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
        report = host.directory.export(file, format_ or suffix)
        click.echo(f"{counted(report.rows, 'row')} written to {printable(str(file))}.")
    elif format_ == "xlsx":
        raise click.UsageError("Standard output takes CSV only; name a file for XLSX.")
    else:
        report = host.directory.export(sys.stdout.buffer, "csv")
    _warn(report)


def _warn(report: ExportReport) -> None:
    if report.indistinct_users:
        click.echo(
            f"Note: {counted(report.indistinct_users, 'user')} without a reference, whose e-mail "
            "or names another of the same customer or site has too. Importing this file "
            "elsewhere reports all but the first: give them references with "
            "`halo-host users edit USER --set reference=…`.",
            err=True,
        )
    if report.empty_users:
        click.echo(
            f"Note: {counted(report.empty_users, 'user')} without a value in any column; importing "
            "this file elsewhere leaves them out.",
            err=True,
        )
