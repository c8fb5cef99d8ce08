"""Carrying out faults: which request is hit, and what its client sees."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .business.draw import Draw
from .knobs import Fault, FaultKind, Knobs
from .wsgi import closing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .twin import Twin

FAULT_KEY = "halo_gocardless.twin.fault"
"""Where the WSGI environment holds the fault that has been chosen for the request."""

PRIVATE_PATHS = ("/twin", "/dashboard")
"""The twin's own pages: no faults, no latency."""

_DRIBBLES = 20


class DropConnection(ConnectionError):
    """Tells the server to end the connection now: by a reset, or by a plain close."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("connection dropped by a fault")
        self.reset = reset


def is_private(path: str) -> bool:
    """Whether the path is one of the twin's own pages."""
    return any(path == private or path.startswith(private + "/") for private in PRIVATE_PATHS)


class FaultPlan:
    """Decides, request by request, which fault hits. Made anew when the knobs are turned."""

    def __init__(self, knobs: Knobs, seed: int) -> None:
        self._seed = seed
        self._armed = [_ArmedFault(fault) for fault in knobs.faults]
        self._lock = threading.Lock()
        self._requests = 0

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request, if any does."""
        with self._lock:
            self._requests += 1
            draw = Draw(self._seed, "fault", self._requests)
            for armed in self._armed:
                if armed.hits(method, path, draw):
                    return armed.fault
        return None


class _ArmedFault:
    """A fault and what is left of it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._to_spare = fault.after
        self._left = fault.count

    def hits(self, method: str, path: str, draw: Draw) -> bool:
        fault = self.fault
        below = path == fault.path or path.startswith(fault.path.rstrip("/") + "/")
        if not below or fault.method not in (None, method) or self._left == 0:
            return False
        if fault.kind is FaultKind.LOST_RESPONSE and method == "GET":
            return False
        if self._to_spare:
            self._to_spare -= 1
            return False
        if not draw.chance(fault.probability):
            return False
        if self._left is not None:
            self._left -= 1
        return True


class FaultInjector:
    """WSGI middleware: delays, and faults of the wire. Faults of the answer are in `gate`."""

    def __init__(self, app: WSGIApplication, twin: Twin) -> None:
        self._app = app
        self._twin = twin

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if is_private(path):
            return self._app(environ, start_response)
        fault = self._twin.fault_plan.take(method, path)
        environ[FAULT_KEY] = fault
        knobs = self._twin.knobs
        is_list = method == "GET" and path.count("/") == 1
        time.sleep((knobs.latency_ms + knobs.page_delay_ms * is_list) / 1000)
        kind = fault.kind if fault else None
        if kind is FaultKind.RESET:
            raise DropConnection(reset=True)
        if kind is FaultKind.LOST_RESPONSE:
            _whole_body(self._app(environ, _ignore_start))
            raise DropConnection(reset=True)
        answer = self._app(environ, start_response)
        if kind is FaultKind.TRUNCATED:
            return _truncated(_whole_body(answer))
        if fault and kind is FaultKind.SLOW_BODY:
            return _dribbled(_whole_body(answer), fault.seconds)
        return answer


def _ignore_start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
    return lambda data: None


def _whole_body(answer: Iterable[bytes]) -> bytes:
    with closing(answer):
        return b"".join(answer)


def _truncated(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise DropConnection(reset=False)


def _dribbled(body: bytes, seconds: int) -> Iterator[bytes]:
    size = max(1, -(-len(body) // _DRIBBLES))
    for start in range(0, len(body), size):
        yield body[start : start + size]
        time.sleep(seconds / _DRIBBLES)
