"""One HTTP request of the sender: a POST on a connection of its own, with a limit on its time.

Redirects are not followed, proxies and passwords of the environment are not used. A connection
that was kept open could have been closed by the receiver just now; that would look like a failure.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from dataclasses import dataclass

from .endpoints import WebhookEndpoint

_MOST_READ = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back; all None when nothing usable did in time."""

    code: int | None = None
    headers: dict[str, str] | None = None
    body: str | None = None

    @property
    def successful(self) -> bool:
        """Any 2xx is success; a redirect is not."""
        return self.code is not None and 200 <= self.code < 300


class Exchange:
    """A POST under way. `abort`, called from another thread, ends it."""

    def __init__(self, endpoint: WebhookEndpoint, timeout: float) -> None:
        parts = endpoint.address
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout
        self._socket: socket.socket | None = None
        """Kept here: the connection lets go of it when the receiver announces to close it."""
        self.aborted = False

    def run(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Send and read the answer; failures of the network are an answer without a code."""
        deadline = time.monotonic() + self._timeout
        try:
            with contextlib.closing(self._connection) as connection:
                connection.connect()
                self._socket = connection.sock
                if self.aborted:
                    return Answer()
                connection.request("POST", self._target, body, headers)
                self._leave_until(deadline)
                with contextlib.closing(connection.getresponse()) as response:
                    text = self._read(response, deadline)
        except (OSError, http.client.HTTPException, ValueError):
            return Answer()
        return Answer(response.status, dict(response.getheaders()), text)

    def abort(self) -> None:
        """End it now: `run` returns an answer without a code."""
        self.aborted = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self, response: http.client.HTTPResponse, deadline: float) -> str:
        """The answer's body, as far as it is worth keeping."""
        parts: list[bytes] = []
        while sum(map(len, parts)) < _MOST_READ and not response.isclosed():
            self._leave_until(deadline)
            part = response.read1(_MOST_READ)
            if not part:
                break
            parts.append(part)
        return b"".join(parts).decode("utf-8", "replace")

    def _leave_until(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self._socket is not None:
            self._socket.settimeout(left)
