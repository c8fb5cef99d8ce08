"""Tell the integrator that something arrived: seldom, and never in the way of an answer.

What is told here only saves time. The deliveries themselves are in the inbox, and the integrator's
sweep finds those that nobody told it about.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_SECONDS = 1.0  # between two wake-ups
_log = logging.getLogger("halo_host.webhooks")


class Waker:
    """Calls `wake(slug)` from a thread of its own, at most once a second for each connection."""

    def __init__(self, wake: Callable[[str], object]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._slugs: set[str] = set()
        self._called = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def tell(self, slug: str) -> None:
        with self._lock:
            self._slugs.add(slug)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="halo-host-waker", daemon=True)
                thread.start()
                self._thread = thread
        self._called.set()

    def close(self) -> None:
        """Stop; what was not told yet, the sweep will find."""
        self._stopped.set()
        self._called.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            self._called.wait()
            if self._stopped.is_set():
                return
            self._called.clear()
            with self._lock:
                slugs, self._slugs = self._slugs, set()
            for slug in sorted(slugs):
                try:
                    self._wake(slug)
                except Exception as error:
                    _log.warning("The work of %s could not be queued yet: %s", slug, error)
            self._stopped.wait(_SECONDS)
