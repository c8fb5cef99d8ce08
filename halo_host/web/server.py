"""The web server: gunicorn with threads, on a socket that `serve` has opened.

Run as `python -m halo_host.web`, a child of `halo-host serve`; the settings come from the
environment.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from gunicorn import http
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from .. import logs
from ..host import Host
from ..settings import Settings
from .answer_times import AnswerTimes
from .app import create_app
from .each_request import REQUEST_ID
from .worker import PatientWorker

STOP_SECONDS = 10  # how long requests in work may take when the server is stopped
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})  # asked for every few seconds


class ServerLog(Logger):  # type: ignore[misc,unused-ignore]
    """Sends gunicorn's records through the host's log."""

    def __init__(self, configuration: Any) -> None:
        super().__init__(configuration)
        self.error_log = logging.getLogger("halo_host.web.server")
        self.access_log = logging.getLogger("halo_host.web.access")

    def setup(self, configuration: Any) -> None:
        self.cfg = configuration
        self._access_log_enabled = True

    def info(self, message: str, *arguments: Any, **named: Any) -> None:
        """What gunicorn tells of its own coming and going, `serve` tells in the host's words."""
        self.debug(message, *arguments, **named)

    def access(self, response: Any, request: Any, environ: Any, took: timedelta) -> None:
        """One record a request: without its query, which may hold what is no one's business."""
        path = environ.get("PATH_INFO", "")
        status = int(str(response.status).split(maxsplit=1)[0])
        level = logging.DEBUG if path in _QUIET and status < 400 else logging.INFO
        if not self.access_log.isEnabledFor(level):
            return
        named = {name.lower(): value for name, value in response.headers}
        self.access_log.log(
            level,
            "%s %s %s",
            environ.get("REQUEST_METHOD", "-"),
            path,
            status,
            extra=logs.fields(
                request=named.get(REQUEST_ID.lower(), ""),
                status=status,
                milliseconds=round(took / timedelta(milliseconds=1), 1),
                client=environ.get("REMOTE_ADDR", ""),
                agent=environ.get("HTTP_USER_AGENT", "")[:200],
            ),
        )


class Server(BaseApplication):  # type: ignore[misc,unused-ignore]
    """`socket` is the file descriptor of an open socket."""

    def __init__(self, settings: Settings, *, socket: int, workers: int, threads: int) -> None:
        self._settings = settings
        self._chosen = {
            "bind": f"fd://{socket}",
            "workers": workers,
            "threads": threads,
            "worker_class": PatientWorker,
            "worker_connections": 2000,
            "logger_class": ServerLog,
            "accesslog": "-",
            "keepalive": 15,
            "timeout": 60,
            "graceful_timeout": STOP_SECONDS,
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "limit_request_field_size": 8190,
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "post_fork": self._forked,
            "worker_exit": self._stopping,
        }
        self._answer_times = AnswerTimes()
        self._host: Host | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """In each process, after it was forked: connections must not be shared."""
        self._host = host = Host(self._settings)
        logs.conceal(self._settings.metrics_token, self._settings.oidc_client_secret)
        try:
            host.webhooks.prepare()
        except Exception as error:  # deliveries are answered with 503, and /readyz says why
            logging.getLogger("halo_host.web").warning("Not ready yet: %s", error)
        return create_app(host, self._answer_times)

    def _forked(self, arbiter: Any, worker: Any) -> None:
        self._answer_times.take_row(worker.age)

    def _stopping(self, arbiter: Any, worker: Any) -> None:
        if self._host is not None:
            self._host.close()


# Names the server in answers; its version is nobody's business.
http.wsgi.SERVER = "halo-host"
