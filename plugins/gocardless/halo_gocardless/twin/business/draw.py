"""Seeded choices that depend on nothing but the seed and what they are for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A short run of choices for one generated thing.

    Made anew from the seed, the kind of thing and its index, so any thing can be generated without
    its neighbours. `random.Random` would take about ten times as long to seed.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, kind: str, index: int) -> None:
        digest = hashlib.blake2b(f"{seed}:{kind}:{index}".encode(), digest_size=48).digest()
        self._state = int.from_bytes(digest, "big")

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, ``bound``."""
        self._state, value = divmod(self._state, bound)
        return value

    def between(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in about ``percent`` of a hundred cases."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``, each as likely as the others."""
        return choices[self.below(len(choices))]

    def digits(self, count: int) -> str:
        """``count`` decimal digits."""
        return str(self.below(10**count)).zfill(count)
