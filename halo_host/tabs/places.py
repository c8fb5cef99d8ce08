"""Where work of plugins is done that a page waits for: a few threads for each connection.

A thread cannot be killed. So a plugin that hangs keeps its place until it comes back, and once all
places of a connection are taken the next one who asks is told so at once. Other connections and the
threads that serve pages are not touched.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Generic, TypeVar

from ..errors import HostError, PluginError

_log = logging.getLogger("halo_host")
T = TypeVar("T")
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

    def __init__(self, each: int = PLACES) -> None:
        self._each = each
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, connection: str, work: Callable[[], T]) -> Errand[T]:
        """Have work done in a thread, which keeps the caller's marks for the log.

        :raises PluginError: all places of the connection are taken.
        """
        errand = Errand(connection, work)
        with self._lock:
            if self._taken[connection] >= self._each:
                raise PluginError(
                    f"{connection} is at work on {self._each} earlier requests and has not "
                    "answered them yet.",
                    advice="Try again in a minute. If it stays so, the provider or its plugin "
                    "hangs: the other tabs still work.",
                )
            self._taken[connection] += 1
        marks = contextvars.copy_context()
        threading.Thread(
            target=marks.run,
            args=(self._occupy, errand),
            name=f"tab of {connection}",
            daemon=True,  # what hangs shall not keep the process from ending
        ).start()
        return errand

    def taken(self, connection: str) -> int:
        """How many places are taken now."""
        with self._lock:
            return self._taken[connection]

    def _occupy(self, errand: Errand[T]) -> None:
        try:
            errand.carry_out()
        finally:
            with self._lock:
                self._taken[errand.connection] -= 1
