"""What is still to happen, and when."""

from __future__ import annotations

import heapq
from typing import NamedTuple


class Step(NamedTuple):
    """A step that is due: when, what it is called, and whom it is about."""

    due_ms: int
    number: int
    name: str
    identity: str


class Agenda:
    """At most one step for each thing; planning another replaces it."""

    def __init__(self) -> None:
        self._queue: list[Step] = []
        self._numbers = 0
        self._valid: dict[str, int] = {}

    def plan(self, identity: str, due_ms: int, name: str) -> None:
        """Have this step happen then."""
        self._numbers += 1
        self._valid[identity] = self._numbers
        heapq.heappush(self._queue, Step(due_ms, self._numbers, name, identity))

    def forget(self, identity: str) -> None:
        """Whatever was planned for this thing does not happen."""
        self._valid.pop(identity, None)

    def planned(self, identity: str) -> bool:
        """Whether something is to happen to this thing."""
        return identity in self._valid

    def identities(self) -> set[str]:
        """Everything to which something is to happen."""
        return set(self._valid)

    def next_ms(self) -> int | None:
        """When the next step is due."""
        while self._queue and self._valid.get(self._queue[0].identity) != self._queue[0].number:
            heapq.heappop(self._queue)
        return self._queue[0].due_ms if self._queue else None

    def take(self) -> Step:
        """Remove the next step; `next_ms` must have given a time."""
        step = heapq.heappop(self._queue)
        del self._valid[step.identity]
        return step
