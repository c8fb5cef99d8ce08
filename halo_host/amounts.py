"""Amounts of money as Babel writes them, many at a time.

Babel works a pattern out anew for each amount. What stands before and after the digits depends on
the currency and the sign alone, so it is asked once; the digits are then put in by hand.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from babel.numbers import format_currency, get_decimal_symbol, get_group_symbol

from .types import Money

_DIGITS = re.compile(r"\d.*\d|\d")
_SAMPLE = 1_234_567  # major units: every group of three is there


class _Around(NamedTuple):
    before: str
    after: str


class Amounts:
    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._group = get_group_symbol(locale)
        self._point = get_decimal_symbol(locale)
        self._around = lru_cache(500)(self._new_around)

    def text(self, amount: Money) -> str:
        """As `babel.numbers.format_currency` writes it, for any amount."""
        around = self._around(amount.currency, amount.exponent, amount.amount < 0)
        if around is None:
            return self._by_babel(amount)
        units, rest = divmod(abs(amount.amount), 10**amount.exponent)
        digits = f"{units:,}".replace(",", self._group)
        if amount.exponent:
            digits = f"{digits}{self._point}{rest:0{amount.exponent}d}"
        return f"{around.before}{digits}{around.after}"

    def _by_babel(self, amount: Money) -> str:
        return format_currency(amount.decimal, amount.currency, locale=self._locale)

    def _new_around(self, currency: str, exponent: int, negative: bool) -> _Around | None:
        """None where the locale has its own way with digits or groups: Babel is asked then."""
        sample = _SAMPLE * 10**exponent
        text = self._by_babel(Money(amount=-sample if negative else sample, currency=currency))
        digits = f"{_SAMPLE:,}".replace(",", self._group)
        if exponent:
            digits = f"{digits}{self._point}{'0' * exponent}"
        before, found, after = text.partition(digits)
        return _Around(before, after) if found and not _DIGITS.search(before + after) else None
