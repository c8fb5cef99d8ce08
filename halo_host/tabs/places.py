"""Where work of plugins is done that a page waits for: a few threads for each connection.

A thread cannot be killed. So a plugin that hangs keeps its place until it comes back, and once all
places of a connection are taken by such work the next one who asks is told so at once. Other
connections and the threads that serve pages are not touched.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

from ..errors import HostError, PluginError

_log = logging.getLogger("halo_host")
T = TypeVar("T")
IDLE_SECONDS = 30.0  # after which a thread without work ends
PATIENCE = 1.0  # seconds that somebody waits for a place whose work has only just begun
PLACES = 4  # of each connection, in each process


class Errand(Generic[T]):
    """Work that was begun in a place of `connection`."""

    def __init__(self, connection: str, work: Callable[[], T]) -> None:
        self.connection = connection
        self._work = work
        self._ended = threading.Event()
        self._given_up = False
        self._error: BaseException | None = None

    def carry_out(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # whatever it is, who waits shall hear of it
            self._error = error
            if self._given_up:
                _log.warning("What %s was late with failed: %s", self.connection, error)
        self._ended.set()

    def ends(self, seconds: float) -> bool:
        """Whether it ends in that time.

        :raises HostError: it has ended with that.
        """
        if not self._ended.wait(seconds):
            self._given_up = True
            return False
        self.result(0)
        return True

    def result(self, seconds: float) -> T:
        """Wait for it.

        :raises PluginError: it has not ended in that time; it goes on, and nobody waits for it.
        """
        if not self._ended.wait(seconds):
            self._given_up = True
            raise PluginError(
                f"{self.connection} did not answer within {seconds:g} seconds.",
                advice="Try again in a moment. If that happens often, look at the health of the "
                "connection.",
            )
        if self._error is None:
            return self._result
        if isinstance(self._error, HostError):
            raise self._error
        raise PluginError(f"{self.connection} failed: {type(self._error).__name__}.") from (
            self._error
        )


class Places:
    """The places of every connection in this process."""

    def __init__(self, each: int = PLACES, patience: float = PATIENCE) -> None:
        self._each = each
        self._patience = patience
        self._began: defaultdict[str, dict[Errand[Any], float]] = defaultdict(dict)
        self._idle: list[SimpleQueue[Callable[[], None]]] = []
        self._changed = threading.Condition()

    def begin(self, connection: str, work: Callable[[], T]) -> Errand[T]:
        """Have work done in a thread, which keeps the caller's marks for the log.

        :raises PluginError: all places of the connection are taken, and have been for a while.
        """
        errand = Errand(connection, work)
        with self._changed:
            self._wait_for_place(connection)
            self._began[connection][errand] = monotonic()
            hand_over = self._idle.pop() if self._idle else None
        marks = contextvars.copy_context()
        work_of = partial(marks.run, self._occupy, errand)
        if hand_over is not None:
            hand_over.put(work_of)
        else:
            threading.Thread(
                target=self._work,
                args=(work_of,),
                daemon=True,  # what hangs shall not keep the process from ending
            ).start()
        return errand

    def taken(self, connection: str) -> int:
        """How many places are taken now."""
        with self._changed:
            return len(self._began[connection])

    def _wait_for_place(self, connection: str) -> None:
        """As long as work that has just begun may end: many who ask at once do not mean that a
        plugin hangs. One that does has begun earlier, and then nobody waits."""
        began = self._began[connection]
        give_up = monotonic() + self._patience
        while len(began) >= self._each:
            seconds = min(give_up, max(began.values()) + self._patience) - monotonic()
            if seconds <= 0:
                raise PluginError(
                    f"{connection} is at work on {self._each} earlier requests and has not "
                    "answered them yet.",
                    advice="Try again in a minute. If it stays so, the provider or its plugin "
                    "hangs: the other tabs still work.",
                )
            self._changed.wait(seconds)

    def _work(self, errand: Callable[[], None]) -> None:
        """In a thread: one errand after the other, until there was none for a while. A page has to
        wait for each thread that begins, so one that has nothing to do stays for the next page."""
        hand_over: SimpleQueue[Callable[[], None]] = SimpleQueue()
        while True:
            errand()
            with self._changed:
                self._idle.append(hand_over)
            try:
                errand = hand_over.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._changed:
                    if hand_over in self._idle:
                        self._idle.remove(hand_over)
                        return
                errand = hand_over.get()  # it was given one at the last moment

    def _occupy(self, errand: Errand[T]) -> None:
        threading.current_thread().name = f"tab of {errand.connection}"
        try:
            errand.carry_out()
        finally:
            with self._changed:
                del self._began[errand.connection][errand]
                self._changed.notify_all()
