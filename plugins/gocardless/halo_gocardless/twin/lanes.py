"""Lanes: how a list of any length is kept in order of creation without being held.

A resource type is a few lanes side by side. A lane is an ordered run of *slots* whose creation
times never go backwards; a slot may be empty. Generated lanes compute any slot on demand; one lane
of each type holds what was created through the API. Newest-first lists merge the lanes.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Body = dict[str, Any]
Place = tuple[int, int]
"""(lane, slot)"""


class Lane(Protocol):
    """An ordered run of slots."""

    def __len__(self) -> int: ...

    def created_ms(self, slot: int, /) -> int:
        """When the thing in this slot was created; never less than for the slot before."""

    def body(self, slot: int, /) -> Body | None:
        """A fresh copy of the thing in this slot, or None where the slot is empty."""


@dataclass(frozen=True)
class GeneratedLane:
    """A lane computed from functions of the slot number."""

    count: int
    time_of: Callable[[int], int]
    build: Callable[[int], Body | None]

    def __len__(self) -> int:
        return self.count

    def created_ms(self, slot: int) -> int:
        return self.time_of(slot)

    def body(self, slot: int) -> Body | None:
        return self.build(slot)


class GrowingLane:
    """A generated lane that reaches into the future: it ends where the clock stands."""

    def __init__(self, whole: GeneratedLane, now: Callable[[], int]) -> None:
        self.whole = whole
        self._now = now
        self._visible = 0

    def __len__(self) -> int:
        visible, now = self._visible, self._now()
        if visible < len(self.whole) and self.whole.created_ms(visible) <= now:
            rest = range(visible, len(self.whole))
            visible += bisect.bisect_right(rest, now, key=self.whole.created_ms)
            self._visible = visible
        return visible

    def created_ms(self, slot: int) -> int:
        return self.whole.created_ms(slot)

    def body(self, slot: int) -> Body | None:
        return self.whole.body(slot)


class CreatedLane:
    """The lane of things created through the API, in the order of their creation."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._bodies: list[Body] = []

    def __len__(self) -> int:
        return len(self._bodies)

    def created_ms(self, slot: int) -> int:
        return self._times[slot]

    def body(self, slot: int) -> Body | None:
        return dict(self._bodies[slot])

    def append(self, created_ms: int, body: Body) -> None:
        """Add a thing. One from before the last (a clock set back) takes the last one's place."""
        self._times.append(max(created_ms, self._times[-1]) if self._times else created_ms)
        self._bodies.append(body)

    def replace(self, slot: int, body: Body) -> None:
        """Put another body into a slot."""
        self._bodies[slot] = body


def first_slot_at_or_after(lane: Lane, ms: int) -> int:
    """The first slot created at ``ms`` or later (the lane's length when there is none)."""
    return bisect.bisect_left(range(len(lane)), ms, key=lane.created_ms)


def slots_at(lane: Lane, ms: int) -> range:
    """The slots created exactly at ``ms``."""
    return range(first_slot_at_or_after(lane, ms), first_slot_at_or_after(lane, ms + 1))
