"""Huey's consumer, with the host's workers and the sweep in place of its own scheduler.

A worker takes a wake-up from the queue or a hint of the sweep, whichever is there, and then works
through the jobs table. So it also works where the queue is away, or lost what was in it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from huey.consumer import BaseProcess, Consumer
from huey.consumer import Worker as HueyWorker

from ..jobs.queue import Queue
from .sweep import Sweep
from .worker import Worker

_log = logging.getLogger("halo_host.integrator")


class IntegratorConsumer(Consumer):  # type: ignore[misc] # Huey has no types
    def __init__(
        self, queue: Queue, worker: Worker, sweep: Sweep, *, threads: int, seconds: float
    ) -> None:
        self._queue = queue
        self._worker = worker
        self._sweep = sweep
        self._seconds = seconds
        self._hints: list[threading.Event] = []
        super().__init__(queue.huey, workers=threads, periodic=False, max_delay=1.0)

    def _create_worker(self) -> HueyWorker:
        hint = threading.Event()
        self._hints = [*self._hints, hint][-self.workers :]
        return _QueueWorker(self._worker, hint, self._queue, self)

    def _create_scheduler(self) -> BaseProcess:
        return _Sweeper(self._sweep, self._hint_at, self._seconds, self)

    def _hint_at(self, jobs: int) -> None:
        """Let as many workers look at the jobs table as there are jobs waiting."""
        for hint in self._hints[:jobs]:
            hint.set()

    def _set_signal_handlers(self) -> None:
        """Signals are the command's own matter."""


class _QueueWorker(HueyWorker):  # type: ignore[misc]
    def __init__(
        self, worker: Worker, hint: threading.Event, queue: Queue, consumer: Consumer
    ) -> None:
        super().__init__(
            consumer.huey,
            consumer.stop_flag,
            consumer.default_delay,
            consumer.max_delay,
            consumer.backoff,
        )
        self._worker = worker
        self._hint = hint
        self._queue = queue
        self._queue_is_away = False

    def loop(self, now: Any = None) -> None:
        if self._hint.is_set():
            self._hint.clear()
            self._work()
            return
        try:
            task = self.huey.dequeue()
        except Exception as error:
            if not self._queue_is_away:
                _log.warning("The queue cannot be read (%s); the sweep goes on.", error)
            self._queue_is_away = True
            self.sleep()
            return
        self._queue_is_away = False
        if task is None:
            if not self.huey.storage.blocking:
                self.sleep()
            return
        self.delay = self.default_delay
        self._work()

    def shutdown(self) -> None:
        super().shutdown()
        self._queue.close()  # on PostgreSQL each thread listens on a connection of its own

    def _work(self) -> None:
        try:
            self._worker.work()
        except Exception as error:
            _log.warning("Jobs cannot be claimed: %s", error)
            self.stop_flag.wait(self.max_delay)


class _Sweeper(BaseProcess):  # type: ignore[misc]
    process_name = "Sweep"

    def __init__(
        self, sweep: Sweep, hint: Callable[[int], None], seconds: float, consumer: Consumer
    ) -> None:
        super().__init__(consumer.huey, consumer.stop_flag)
        self._sweep = sweep
        self._hint = hint
        self._seconds = seconds

    def loop(self, now: Any = None) -> None:
        self._hint(self._sweep.once())
        self.stop_flag.wait(self._seconds)
