"""What options and arguments take: numbers, spans, days, times; errors say it in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import click


class Number(click.ParamType[int]):
    """A whole number from `least` to `most`; `of` says of what, such as "minutes"."""

    name = "number"

    def __init__(self, least: int, most: int, of: str = "") -> None:
        self._least = least
        self._most = most
        self._of = f"of {of} " if of else ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip()
        digits = text.removeprefix("-")
        if digits.isascii() and digits.isdecimal() and len(digits) < 20:
            number = int(text)
            if self._least <= number <= self._most:
                return number
        between = f"from {self._least:,} to {self._most:,}"
        raise click.BadParameter(f"{text[:40]} is no number {self._of}{between}.", ctx, param)


class Seconds(click.ParamType[float]):
    """A time span in seconds, from `least` to `most`; it may be a part of one."""

    name = "seconds"

    def __init__(self, least: float, most: float) -> None:
        self._least = least
        self._most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value).strip()
        try:
            seconds = float(text)
        except ValueError:
            seconds = float("nan")  # in no range
        if self._least <= seconds <= self._most:
            return seconds
        between = f"from {self._least:g} to {self._most:,g}"
        raise click.BadParameter(f"{text[:40]} is no number of seconds {between}.", ctx, param)


class Day(click.ParamType[date]):
    """A day, written 2026-03-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{str(value)[:40]} is no date such as 2026-03-31.", param, ctx)


class Time(click.ParamType[datetime]):
    """A moment in UTC, written 2026-03-31T14:30; a day alone is its beginning."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(
                f"{str(value)[:40]} is no time such as 2026-03-31 or 2026-03-31T14:30, in UTC.",
                param,
                ctx,
            )
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
