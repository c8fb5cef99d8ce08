"""Amounts, dates and times as the operator's country writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from halo_host import Money
from halo_host.errors import InvalidInput
from halo_host.web.shell.formats import Formats

MOMENT = datetime(2026, 3, 2, 23, 30, 5, tzinfo=UTC)
LOCALES = ("en_GB", "en_US", "de_DE", "de_CH", "fr_FR", "es_ES", "pl_PL", "pt_BR", "nl_NL", "sv_SE",
           "en_IN", "hi_IN", "ar_EG", "fa_IR", "ja_JP", "he_IL", "bn_BD")  # fmt: skip
ALL = {locale: Formats(locale, "Europe/Berlin") for locale in LOCALES}


@given(
    st.sampled_from(LOCALES),
    st.integers(-(10**12), 10**12) | st.integers(-20_000, 20_000),
    st.sampled_from(["GBP", "EUR", "USD", "JPY", "KWD", "SEK", "XYZ"]),
)
def test_amounts_are_written_as_babel_writes_them(locale: str, amount: int, currency: str) -> None:
    money = Money(amount=amount, currency=currency)

    assert ALL[locale].money(money) == format_currency(money.decimal, currency, locale=locale)


def test_moments_are_told_in_the_operators_zone() -> None:
    berlin = Formats("en_GB", "Europe/Berlin")

    assert berlin.day(MOMENT) == "3 Mar 2026"
    assert berlin.moment(MOMENT) == "3 Mar 2026, 00:30"
    assert berlin.when(MOMENT) == (
        '<time datetime="2026-03-02T23:30:05Z" title="Tuesday, 3 March 2026, 00:30:05 CET">'
        "3 Mar 2026, 00:30</time>"
    )
    assert berlin.when(date(2026, 3, 2)) == '<time datetime="2026-03-02">2 Mar 2026</time>'
    assert "–" in berlin.when(None)


def test_numbers_are_told_in_the_operators_language() -> None:
    german = Formats("de_DE.UTF-8", "UTC")

    assert german.number(1_204_500) == "1.204.500"
    assert german.money(Money(amount=120_450, currency="EUR")) == "1.204,50\xa0€"
    assert german.day(MOMENT) == "02.03.2026"


@pytest.mark.parametrize(
    ("since", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=20), "in a moment"),
        (timedelta(minutes=-5), "5 minutes ago"),
        (timedelta(hours=3), "in 3 hours"),
    ],
)
def test_how_long_ago_is_told_in_english_as_the_pages_are(since: timedelta, text: str) -> None:
    assert Formats("de_DE", "UTC").ago(MOMENT + since, MOMENT) == text


def test_a_locale_that_is_none_is_refused_with_the_setting_to_mend() -> None:
    with pytest.raises(InvalidInput, match="HALO_HOST_LOCALE"):
        Formats("klingon", "UTC")
