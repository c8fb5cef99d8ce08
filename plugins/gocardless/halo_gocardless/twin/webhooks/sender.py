"""The threads that post what the outbox says is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..knobs import Knobs
from .exchange import Exchange
from .outbox import Entry, Outbox

_LONGEST_NAP = 0.05
"""Seconds. A virtual clock may jump to a delivery's time at any moment."""


class Sender:
    """Posts deliveries, in threads between `start` and `stop`, or in the caller's during `flush`.

    ``outbox`` gives the outbox in use: it is another one after each reset of the twin.
    """

    def __init__(
        self, outbox: Callable[[], Outbox], knobs: Callable[[], Knobs], seed: int, threads: int
    ) -> None:
        self._outbox = outbox
        self._knobs = knobs
        self._seed = seed
        self._count = threads
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._exchanges: set[Exchange] = set()

    def start(self) -> None:
        """Begin to send."""
        self._threads = [
            threading.Thread(target=self._work, name=f"gocardless-twin-webhooks-{n}", daemon=True)
            for n in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Break off what is under way, which stays queued, and end the threads."""
        self._stopping.set()
        self._outbox().wake()
        for exchange in self._exchanges.copy():
            exchange.abort()
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._stopping.clear()

    def flush(self, timeout: float) -> int:
        """Attempt everything that is waiting and due now; gives the number of deliveries.

        Deliveries held back for later, and retries that are not due yet, stay queued. TimeoutError
        when ``timeout`` seconds were not enough. A call under the store's lock waits as well.
        """
        outbox = self._outbox()
        deadline = time.monotonic() + timeout
        with outbox.changed:
            outbox.make_deliveries(self._knobs(), everything=True)
            watched = outbox.watch()
            count = len(watched)
        try:
            if not self._threads:
                self._send_watched(outbox, watched, deadline)
            with outbox.changed:
                done = outbox.changed.wait_for(
                    lambda: not watched or outbox.closed, max(0, deadline - time.monotonic())
                )
                if not done:
                    raise TimeoutError(
                        f"{len(watched)} of {count} webhooks were not attempted within {timeout:g} "
                        "seconds; is the receiver slow?"
                    )
        finally:
            outbox.unwatch(watched)
        return count

    def _send_watched(self, outbox: Outbox, watched: set[int], deadline: float) -> None:
        """Do the threads' work, of a twin that has none."""
        while watched and time.monotonic() < deadline:
            entry = outbox.take()
            if entry is None:
                return
            self._send(outbox, entry)

    def _work(self) -> None:
        while not self._stopping.is_set():
            outbox = self._outbox()
            with outbox.changed:
                outbox.make_deliveries(self._knobs())
                entry = outbox.take()
                if entry is None:
                    if not outbox.closed and not self._stopping.is_set():
                        due = outbox.seconds_until_due()
                        outbox.changed.wait(None if due is None else min(due, _LONGEST_NAP))
                    continue
            self._send(outbox, entry)

    def _send(self, outbox: Outbox, entry: Entry) -> None:
        knobs = self._knobs()
        body = entry.delivery.text.encode()
        headers = entry.delivery.headers(body, self._seed, knobs)
        exchange = Exchange(entry.delivery.endpoint, knobs.webhook_timeout_seconds)
        self._exchanges.add(exchange)
        if self._stopping.is_set():
            exchange.abort()
        try:
            answer = exchange.run(body, headers)
        finally:
            self._exchanges.discard(exchange)
        if exchange.aborted and not answer.successful:
            outbox.put_back(entry)
        else:
            outbox.finished(entry, headers, answer, knobs)
