"""Quiet hours: a time of each day, in the host's zone, in which nothing begins by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..errors import InvalidInput

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one local time to another, also over midnight: 22:00 to 06:00."""

    begin: time
    end: time
    zone: ZoneInfo

    def holds(self, now: datetime) -> bool:
        local = now.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end

    def end_after(self, now: datetime) -> datetime:
        """When quiet hours that hold at `now` end."""
        return self._at(now, self.end, after=True)

    def end_before(self, now: datetime) -> datetime:
        """When quiet hours that do not hold at `now` last ended."""
        return self._at(now, self.end, after=False)

    def _at(self, now: datetime, wanted: time, *, after: bool) -> datetime:
        """The nearest moment at which the zone's clocks show a time, after `now` or up to it.

        A time that a change of clocks leaves out counts as the moment of the change, and of one
        that comes twice the first is meant.
        """
        today = now.astimezone(self.zone).date()
        moments = (
            datetime.combine(today + timedelta(days=day), wanted, self.zone).astimezone(now.tzinfo)
            for day in (-1, 0, 1)
        )
        fitting = [it for it in moments if (it > now if after else it <= now)]
        return min(fitting) if after else max(fitting)


def local_time(text: str) -> str:
    """`HH:MM` as it is stored.

    :raises InvalidInput: it is no time of day.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(
            f"{text[:20]!r} is no time of day.", advice="Write it as HH:MM, such as 22:00."
        )
    return f"{int(found[1]):02}:{found[2]}"
