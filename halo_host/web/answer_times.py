"""How long deliveries took to answer, counted by all processes of the server together.

The counts live in memory that the processes share, a row for each, so that none waits for another
and a scrape tells the same whichever process it reaches.
"""

from __future__ import annotations

import mmap
import threading
from bisect import bisect_left

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_ROWS = 64
_COLUMNS = len(BOUNDS) + 2  # one for what is longer, one for the sum in microseconds
_BYTES = 8


class AnswerTimes:
    """Made before the server's processes are; each then says with `take_row` which one it is."""

    def __init__(self) -> None:
        self._cells = memoryview(mmap.mmap(-1, _ROWS * _COLUMNS * _BYTES)).cast("Q")
        self._lock = threading.Lock()
        self._row = 0

    def take_row(self, number: int) -> None:
        """Number of this process among the server's; a later one goes on in an earlier one's row
        when there were many."""
        self._row = number % _ROWS

    def add(self, seconds: float) -> None:
        start = self._row * _COLUMNS
        with self._lock:
            self._cells[start + bisect_left(BOUNDS, seconds)] += 1
            self._cells[start + _COLUMNS - 1] += round(seconds * 1_000_000)

    def buckets(self) -> tuple[list[tuple[str, float]], float]:
        """For a histogram: (upper bound, how many were not longer), and the sum in seconds."""
        columns = [sum(self._cells[place::_COLUMNS]) for place in range(_COLUMNS)]
        total, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), columns):
            total += count
            buckets.append((bound, float(total)))
        return buckets, columns[-1] / 1_000_000
