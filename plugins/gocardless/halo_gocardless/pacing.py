"""Slowing down before GoCardless refuses: other integrations share the token's requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .retries import seconds_until_reset

RESERVE = 0.1  # the share of the limit that is left for others: below it, requests are spread out


class Pacer:
    """Watches answers' rate-limit headers and says how long to wait before the next request."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._remaining = 0
        self._resets_at = 0.0

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take note of one answer. Without headers that can be read, nothing is paced."""
        seconds = seconds_until_reset(headers)
        try:
            limit = int(headers["ratelimit-limit"])
            remaining = int(headers["ratelimit-remaining"])
        except (KeyError, ValueError):
            seconds = None
        if seconds is None or remaining > limit * RESERVE:
            self._resets_at = 0.0
            return
        self._remaining = max(remaining, 0)
        self._resets_at = self._clock() + seconds

    def delay(self) -> float:
        """Seconds to wait now: the rest of the minute, shared among the requests that are left."""
        return max(self._resets_at - self._clock(), 0.0) / max(self._remaining, 1)
