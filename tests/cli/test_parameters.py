"""Numbers, spans, days and times as options take them, and what is said of others."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click
import pytest
from click.testing import CliRunner

from halo_host.cli import main
from halo_host.cli.parameters import Day, Number, Seconds, Time


@pytest.mark.parametrize("text", ["0", "2001", "-1", "1.5", "many", "", "9" * 5000, "٣"])
def test_a_number_out_of_its_range_is_refused_in_words(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no number of minutes from 1 to 2,000"):
        Number(1, 2000, "minutes").convert(text, None, None)


def test_a_number_in_its_range_is_taken() -> None:
    assert [Number(-1, 2).convert(text, None, None) for text in ("-1", " 2 ", 1)] == [-1, 2, 1]


@pytest.mark.parametrize("text", ["0", "nan", "inf", "3601", "soon", "-5"])
def test_a_span_out_of_its_range_is_refused_in_words(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"is no number of seconds from 0\.05 to 3,600"):
        Seconds(0.05, 3600).convert(text, None, None)
    assert Seconds(0.05, 3600).convert("0.5", None, None) == 0.5


@pytest.mark.parametrize("text", ["2026-02-30", "1.3.2026", "today", "", "2026-03-31T10:00"])
def test_what_is_no_date_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no date such as 2026-03-31"):
        Day().convert(text, None, None)
    assert Day().convert(" 2026-03-31 ", None, None) == date(2026, 3, 31)


def test_a_time_is_in_utc_unless_it_says_another_zone() -> None:
    taken = [
        Time().convert(text, None, None)
        for text in ("2026-03-31", "2026-03-31T14:30", "2026-03-31T14:30:05+02:00")
    ]

    assert taken == [
        datetime(2026, 3, 31, tzinfo=UTC),
        datetime(2026, 3, 31, 14, 30, tzinfo=UTC),
        datetime(2026, 3, 31, 12, 30, 5, tzinfo=UTC),
    ]
    with pytest.raises(click.BadParameter, match="is no time such as 2026-03-31 or"):
        Time().convert("yesterday", None, None)


@pytest.mark.parametrize("command", ["demo", "users list"])
def test_an_option_of_the_host_behind_the_command_is_told_its_place(command: str) -> None:
    said = CliRunner().invoke(main, [*command.split(), "--data", "folder"])

    assert said.exit_code == 2
    assert "--data goes before the command:" in said.output
    assert f" --data … {command}" in said.output


def test_an_option_that_nobody_knows_is_named() -> None:
    said = CliRunner().invoke(main, ["users", "list", "--colour", "red"])

    assert said.exit_code == 2
    assert "No such option '--colour'" in said.output
