"""A server that receives webhooks, remembers them, and answers as a test wants it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE = 20
"""Seconds after which a test gives up waiting."""


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The body, decoded."""
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def webhook_id(self) -> str:
        """The webhook that it is a delivery of."""
        identity: str = self.content["meta"]["webhook_id"]
        return identity

    @property
    def event_ids(self) -> list[str]:
        """The events in it, in their order."""
        return [event["id"] for event in self.content["events"]]


@dataclass(frozen=True)
class Reply:
    """What to answer. ``until`` holds the answer back until it is set."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    until: threading.Event | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Where a sender would land that followed a redirect."""
        self.do_POST()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        received = Received(self.path, dict(self.headers.items()), self.rfile.read(length))
        reply = self.server.receiver.reply_to(received)
        if reply.until is not None:
            reply.until.wait(DEADLINE)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet: pytest shows what matters."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that has gone away is part of some tests."""


class Receiver:
    """Answers ``replies`` one after the other, and ``usual`` when there are none left."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.replies: list[Reply] = []
        self.usual = Reply()
        self._changed = threading.Condition()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="webhook-receiver", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/hooks?of=twin"

    def stop(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, received: Received) -> Reply:
        """Remember a request and choose its answer."""
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
            return self.replies.pop(0) if self.replies else self.usual

    def wait_for(self, count: int) -> list[Received]:
        """The requests, once there are so many."""
        self.wait_until(lambda: len(self.received) >= count)
        return self.received

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Come back when a request has made the condition true."""
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE), f"{len(self.received)} received"

    @property
    def event_ids(self) -> list[str]:
        """All events received, in their order."""
        return [identity for received in self.received for identity in received.event_ids]
