"""gunicorn's worker with threads, made patient: who sends slowly holds no thread for long.

A thread is given to a connection only when the head of its request has arrived, and the body with
it or a good part of it; until then the socket waits, which costs nothing. A thread that has begun
to read gives up after `READ_SECONDS`.
"""

from __future__ import annotations

import logging
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from .each_request import SECURITY_HEADERS

ARRIVAL_SECONDS = 10.0  # for a request's head and the beginning of its body
READ_SECONDS = 8.0  # for the rest, once a thread reads it
NOTICE_SECONDS = 0.5  # between two looks at what has waited for too long
ENOUGH = 16 * 1024  # bytes that have arrived: from here on a thread reads
_log = logging.getLogger("halo_host.web")

_STATUSES: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.LimitRequestLine, 414, "URI Too Long"),
    (errors.LimitRequestHeaders, 431, "Request Header Fields Too Large"),
    (errors.ExpectationFailed, 417, "Expectation Failed"),
    (errors.ParseException, 400, "Bad Request"),
)


class _Arrival:
    """A request that is on its way: until when it is waited for, how many bytes were there."""

    __slots__ = ("seen", "until")

    def __init__(self) -> None:
        self.until = time.monotonic() + ARRIVAL_SECONDS
        self.seen = 0


class PatientWorker(ThreadWorker):  # type: ignore[misc,unused-ignore]
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._arriving: dict[Any, _Arrival] = {}
        self._reading: dict[Any, float] = {}
        self._noticed_at = 0.0

    def accept(self, listener: Any) -> None:
        """Take a connection, and wait for its request without a thread."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return
        self.nr_conns += 1
        self._wait_for_request(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """The next request on a connection that was kept open."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait_for_request(conn)

    def notify(self) -> None:
        """Called by gunicorn's loop at each turn, and every second at least."""
        now = time.monotonic()
        if now - self._noticed_at < NOTICE_SECONDS:
            return
        self._noticed_at = now
        super().notify()
        for connection, arrival in list(self._arriving.items()):
            if not self.alive:
                arrival.until = min(arrival.until, now + 1)
            if now > arrival.until:
                self.poller.unregister(connection.sock)
                if arrival.seen:
                    _answer(connection.sock, 408, "Request Timeout")
                self._drop(connection)
        for connection, until in list(self._reading.items()):
            if now > until:  # its thread reads an end of file, and answers or gives up
                self._reading.pop(connection, None)
                _shut(connection)

    def handle(self, conn: Any) -> Any:
        """In a thread."""
        self._reading[conn] = time.monotonic() + READ_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._reading.pop(conn, None)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what is no HTTP that can be understood."""
        known = [it[1:] for it in _STATUSES if isinstance(exc, it[0])]
        status, reason = known[0] if known else (500, "Internal Server Error")
        if not known:
            _log.error("A request failed in the server.", exc_info=exc)
        _answer(client, status, reason)

    def _wait_for_request(self, connection: Any) -> None:
        self._arriving[connection] = _Arrival()
        connection.sock.setblocking(False)
        self._look(connection)

    def _watch(self, connection: Any) -> None:
        self.poller.register(
            connection.sock, selectors.EVENT_READ, partial(self._readable, connection)
        )

    def _readable(self, connection: Any, client: Any) -> None:
        self.poller.unregister(client)
        self._look(connection)

    def _look(self, connection: Any) -> None:
        """Give the connection to a thread, or have the system wake us when more is there."""
        client, arrival = connection.sock, self._arriving[connection]
        try:
            there = client.recv(ENOUGH, socket.MSG_PEEK)
            more = missing(there)
            if len(there) == arrival.seen:  # readable, and yet nothing came: it is the end
                more = 0
            if more or arrival.seen:
                wanted = len(there) + more if more else 1
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)
        except BlockingIOError:
            self._watch(connection)
            return
        except OSError:
            self._drop(connection)
            return
        if more:
            arrival.seen = len(there)
            self._watch(connection)
            return
        del self._arriving[connection]
        connection.data_ready = True
        self.enqueue_req(connection)

    def _drop(self, connection: Any) -> None:
        self._arriving.pop(connection, None)
        self.nr_conns -= 1
        connection.close()


def missing(there: bytes) -> int:
    """How many bytes more must arrive of a request, at least, before a thread reads it."""
    if len(there) >= ENOUGH:
        return 0
    head, end, body = there.partition(b"\r\n\r\n")
    if not end:
        return 1
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"expect":
            return 0  # its body comes when the server has asked for it
        if name.lower() == b"content-length" and value.strip().isdigit():
            return max(0, min(int(value[:20]) - len(body), ENOUGH - len(there)))
    return 0


def _answer(client: socket.socket, status: int, reason: str) -> None:
    """Refuse what never became a request of the application."""
    body = b'{"status":%d,"message":"%s."}\n' % (status, reason.encode())
    head = {
        "Server": "halo-host",
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **SECURITY_HEADERS,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    try:
        client.sendall(f"HTTP/1.1 {status} {reason}\r\n{lines}\r\n".encode() + body)
    except OSError:
        _log.debug("The client of a bad request is gone.")


def _shut(connection: Any) -> None:
    try:
        connection.sock.shutdown(socket.SHUT_RD)
    except OSError:
        _log.debug("A slow client is gone.")
