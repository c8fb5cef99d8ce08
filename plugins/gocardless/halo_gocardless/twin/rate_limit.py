"""The rate limit: so many requests in a window, per access token."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from werkzeug.http import http_date

from .knobs import Knobs


class Allowance(NamedTuple):
    """What a token may still do. ``reset`` is in whole seconds since 1970."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool = False

    def headers(self, seconds_ahead: int = 0) -> dict[str, str]:
        """The headers that every answer carries; the reset is an HTTP date.

        Limits run in real time. A clock that is ``seconds_ahead`` shows the reset so much later, so
        that it is as far from the answer's `Date` as it really is away.
        """
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": http_date(self.reset + seconds_ahead),
        }


class RateLimiter:
    """Counts requests per token in windows that begin with the first request.

    Windows end on whole seconds, since a reset is told in whole seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, int]] = {}

    def take(self, token: str, knobs: Knobs) -> Allowance:
        """Count one request; ``exceeded`` when it must be refused."""
        now = self._clock()
        with self._lock:
            reset, used = self._windows.get(token, (0, 0))
            if now >= reset:
                reset, used = math.ceil(now) + knobs.rate_window_seconds, 0
            used = min(used + 1, knobs.rate_limit + 1)
            self._windows[token] = reset, used
        remaining = max(0, knobs.rate_limit - used)
        return Allowance(knobs.rate_limit, remaining, reset, used > knobs.rate_limit)
