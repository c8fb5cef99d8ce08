"""The twin's time: real time that began at the configured now, or a clock that is moved by hand."""

from __future__ import annotations

import threading
import time

from .times import SECOND


class Clock:
    """Tells the twin's time in milliseconds since 1970.

    A ``virtual`` clock stands still unless it is moved. ``skew_ms`` makes it wrong, as the clock of
    a server can be.
    """

    def __init__(self, start_ms: int, *, virtual: bool = False) -> None:
        self.virtual = virtual
        self.skew_ms = 0
        self._start_ms = start_ms
        self._started = time.monotonic()
        self._standing = threading.local()

    def now_ms(self) -> int:
        """The time at which things happen now."""
        standing: int | None = getattr(self._standing, "ms", None)
        return self.current_ms() if standing is None else standing

    def current_ms(self) -> int:
        """The time as everybody sees it, also while steps of the past are caught up on."""
        if self.virtual:
            return self._start_ms + self.skew_ms
        elapsed = int((time.monotonic() - self._started) * SECOND)
        return self._start_ms + elapsed + self.skew_ms

    def move_to(self, ms: int) -> None:
        """Set a virtual clock forward; never back."""
        self._start_ms = max(self._start_ms, ms - self.skew_ms)

    def stand_at(self, ms: int | None) -> None:
        """Carry out steps as of ``ms``: a virtual clock is moved there, and a real one shows it

        to this thread alone, until None is given.
        """
        if ms is None:
            self._standing.ms = None
        elif self.virtual:
            self.move_to(ms)
        else:
            self._standing.ms = ms
