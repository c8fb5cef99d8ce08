"""Amounts, dates and numbers as the operator reads them.

The language is that of HALO_HOST_LOCALE, the zone that of HALO_HOST_TIMEZONE. Long tables hold
thousands of these, so what Babel works out is kept: days, minutes, what stands around an amount.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal
from markupsafe import Markup, escape

from ...amounts import Amounts
from ...errors import InvalidInput
from ...types import Money

NOTHING = Markup('<span class="text-secondary">–</span>')


class Formats:
    """:raises InvalidInput: `locale` is none; the message says which setting to mend."""

    def __init__(self, locale: str, timezone: str) -> None:
        try:
            plain = locale.partition(".")[0]
            self.locale = Locale.parse(plain, sep="-" if "-" in plain else "_")
        except (UnknownLocaleError, ValueError):
            raise InvalidInput(
                f"HALO_HOST_LOCALE is {locale[:40]}, which is no locale.",
                advice="Give one such as en_GB or de_DE.",
            ) from None
        self.zone = ZoneInfo(timezone)
        self._amounts = Amounts(self.locale)
        self._day = lru_cache(4_000)(self._new_day)
        self._full_day = lru_cache(4_000)(self._new_full_day)
        self._minute = lru_cache(24 * 60)(self._new_minute)

    def money(self, amount: Money) -> str:
        """ "£1,204.50" """
        return self._amounts.text(amount)

    def number(self, value: int | Decimal) -> str:
        """ "1,204" """
        return format_decimal(value, locale=self.locale)

    def short_number(self, value: int) -> str:
        """ "12K", where there is little room."""
        return format_compact_decimal(value, locale=self.locale)

    def day(self, value: date) -> str:
        """ "2 Mar 2026"; of a moment, the day in the operator's zone."""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        return self._day(value, "medium")

    def moment(self, value: datetime) -> str:
        """ "2 Mar 2026, 09:00" in the operator's zone."""
        local = value.astimezone(self.zone)
        return f"{self._day(local.date(), 'medium')}, {self._minute(local.hour, local.minute)}"

    def ago(self, value: datetime, now: datetime) -> str:
        """ "3 minutes ago", "in 2 hours"."""
        since = value - now
        if abs(since) < timedelta(seconds=45):
            return "just now" if since <= timedelta(0) else "in a moment"
        return format_timedelta(since, add_direction=True, locale=self._words)

    def lasting(self, value: timedelta) -> str:
        """ "3 minutes" """
        return format_timedelta(value, locale=self._words)

    def when(self, value: datetime | date | None, now: datetime | None = None) -> Markup:
        """A `<time>`; with `now`, how long ago. Where the pointer rests on it stands the second."""
        if value is None:
            return NOTHING
        if not isinstance(value, datetime):
            return Markup('<time datetime="{}">{}</time>').format(
                value.isoformat(), self.day(value)
            )
        utc, local = value.astimezone(UTC), value.astimezone(self.zone)
        day, zone = self._full_day(local.date()), escape(local.tzname())
        text = escape(self.moment(value) if now is None else self.ago(value, now))
        shown = (
            f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}" title="{day}, {local:%H:%M:%S} {zone}">'
            f"{text}</time>"
        )
        return Markup(shown)  # noqa: S704 - each part is a number, or is escaped

    @property
    def _words(self) -> Locale:
        """Sentences of the pages are English, so words within them are, too."""
        return self.locale if self.locale.language == "en" else Locale("en", "GB")

    def _new_day(self, value: date, length: str) -> str:
        # Babel writes a no-break space here and there; it stays.
        return format_date(value, format=length, locale=self.locale)  # type: ignore[arg-type,unused-ignore]

    def _new_full_day(self, value: date) -> Markup:
        return escape(self._new_day(value, "full"))

    def _new_minute(self, hour: int, minute: int) -> str:
        return format_time(time(hour, minute), "short", locale=self.locale)
