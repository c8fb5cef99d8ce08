"""The twin at an address: a threaded HTTP/1.1 server that keeps connections open.

Werkzeug's own handler closes the connection after every answer, and so would hide whether a client
reuses its connection. This one only takes Werkzeug's WSGI environment.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import socket
import struct
import threading
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.http import http_date
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from .app import MAX_BODY, create_app
from .config import TokenKind, TwinConfig
from .errors import usage_error
from .faults import DropConnection
from .loopback import is_loopback
from .twin import Twin
from .wsgi import closing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_MAX_DISCARDED = 64 * 2**20

log = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def run_wsgi(self) -> None:
        """Answer one request; the connection stays open unless either side wants to close it."""
        environ = self.make_environ()
        self._read_body(environ)
        head = b""

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Any:
            nonlocal head
            head = self._head(status, headers)

        try:
            with closing(self.server.app(environ, start_response)) as answer:
                for chunk in answer:
                    self.wfile.write(head + chunk)
                    head = b""
            if head:
                self.wfile.write(head)
        except DropConnection as drop:
            self.close_connection = True
            if drop.reset:
                self.server.to_reset.add(self.connection)
        except OSError as error:
            self.close_connection = True
            log.debug("a client went away: %s", error)

    def _read_body(self, environ: WSGIEnvironment) -> None:
        """Take the body off the connection, so that the next request begins where it should."""
        if environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read())
            return
        text = environ.get("CONTENT_LENGTH") or "0"
        if not (text.isascii() and text.isdigit()):
            self.close_connection = True
        elif int(text) > MAX_BODY:
            self.close_connection = True
            self._discard(int(text))
        else:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(text)))

    def _discard(self, length: int) -> None:
        """Read a body that is too large: closing on unread data takes the 413 from the client."""
        left = min(length, _MAX_DISCARDED)
        while left and (data := self.rfile.read(min(left, 65_536))):
            left -= len(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP request at all: as JSON, where the base class sends HTML."""
        self.close_connection = True
        phrase = HTTPStatus(code).phrase
        error = usage_error(code, "bad_request", phrase)
        body = json.dumps(error.to_json(self.server.twin.next_request_id())).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self.wfile.write(self._head(f"{code} {phrase}", headers) + body)

    def _head(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        lines = [f"{self.protocol_version} {status}"]
        if not any(name == "Date" for name, _ in headers):
            lines.append(f"Date: {http_date(self.server.twin.now())}")
        lines += [f"{name}: {value}" for name, value in headers]
        lines.append(f"Connection: {'close' if self.close_connection else 'keep-alive'}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        log.debug(message, *args)


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that stopping it ends them."""

    def __init__(self, twin: Twin, listening: socket.socket) -> None:
        self.twin = twin
        self.to_reset: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, create_app(twin), _Handler, fd=listening.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        if request in self.to_reset:
            self.to_reset.discard(request)
            # Closing with no time to linger sends RST instead of FIN.
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close()
        else:
            super().shutdown_request(request)

    def close_connections(self) -> None:
        """End the connections that clients keep open."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)


class TwinServer:
    """Runs a twin in threads of this process; a context manager, or `start` and `stop`.

    ``config.port`` 0 takes a free port. `start` raises OSError where the port is taken, and
    ValueError for an address other than loopback without ``config.allow_remote``. After `stop` it
    can start again, at the same port and with the same contents.
    """

    def __init__(self, config: TwinConfig | None = None) -> None:
        self.twin = Twin(config)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._port = self.twin.config.port

    def start(self) -> TwinServer:
        """Listen and answer; gives itself."""
        host = self.twin.config.host
        if not self.twin.config.allow_remote and not is_loopback(host):
            raise ValueError(
                f"the twin does not listen on {host}: it is meant for this machine, and its tokens "
                "are no secret; allow_remote (--allow-remote) permits it"
            )
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, self._port), family=family, backlog=128) as listening:
            self._server = _Server(self.twin, listening)
        self._port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="gocardless-twin", daemon=True
        )
        self._thread.start()
        self.twin.webhook_sender.start()
        return self

    def stop(self) -> None:
        """Stop listening and end every connection. Stopping twice does nothing."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self.twin.webhook_sender.stop()
        self._server.server_close()
        self._server.close_connections()
        self._server = self._thread = None

    def __enter__(self) -> TwinServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the API, without a slash at the end."""
        host = self.twin.config.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def dashboard_url(self) -> str:
        """Put ``/payments/PM…`` or ``/customers/CU…`` behind it to link to a page."""
        return f"{self.url}/dashboard"

    @property
    def access_token(self) -> str:
        """The access token that may do everything."""
        return self.twin.token(TokenKind.FULL)

    def reset(self) -> None:
        """Go back to the contents and knobs of the start."""
        self.twin.reset()
