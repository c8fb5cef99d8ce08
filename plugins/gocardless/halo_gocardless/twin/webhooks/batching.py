"""Cutting events into deliveries, and the chaos that the knobs ask for.

Every choice is drawn from the seed and from what it is about, so the same events in the same
batches meet the same fate again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..business.draw import Draw
from ..knobs import Knobs
from ..lanes import Body
from ..times import SECOND

T = TypeVar("T")

_LARGE = 1 << 48


@dataclass(frozen=True)
class Batch:
    """The events of one delivery, and what is done to it."""

    events: Sequence[Body]
    dropped: bool = False
    twice: bool = False
    delay_ms: int = 0


class Batcher:
    """Makes the batches of one endpoint."""

    def __init__(self, seed: int, endpoint: int) -> None:
        self._seed = seed
        self._kind = f"webhook {endpoint}"
        self._made = 0

    def batches(self, events: Sequence[Body], knobs: Knobs) -> list[Batch]:
        """All of ``events`` in batches; an event drawn for it is once more in a later batch."""
        repeated = [event for event in events if self._repeats(event, knobs)]
        size = knobs.webhook_batch_size
        made = []
        for group in (events, repeated):
            ordered = self._shuffled(group) if knobs.webhook_shuffle else group
            made += [ordered[start : start + size] for start in range(0, len(ordered), size)]
        batches = [self._batch(group, knobs) for group in made]
        return self._shuffled(batches) if knobs.webhook_shuffle else batches

    def _repeats(self, event: Body, knobs: Knobs) -> bool:
        draw = Draw(self._seed, f"{self._kind} event {event['id']}", 0)
        return draw.chance(knobs.webhook_duplicate_events)

    def _shuffled(self, things: Sequence[T]) -> list[T]:
        """In an order that differs from one run of batches to the next."""
        kind = f"{self._kind} order {self._made}"
        draws = [Draw(self._seed, kind, n) for n in range(len(things))]
        places = sorted(range(len(things)), key=lambda n: draws[n].below(_LARGE))
        return [things[place] for place in places]

    def _batch(self, events: Sequence[Body], knobs: Knobs) -> Batch:
        self._made += 1
        draw = Draw(self._seed, self._kind, self._made)
        dropped = draw.chance(knobs.webhook_drop)
        twice = draw.chance(knobs.webhook_duplicate_deliveries)
        delay_ms = knobs.webhook_delay_seconds * SECOND
        if knobs.webhook_shuffle:
            delay_ms = draw.between(0, delay_ms)
        return Batch(events, dropped, twice, delay_ms)
