"""`halo-host serve`: web server and integrator as two processes, started and stopped as one.

The supervisor opens the socket itself, so that a port that is taken is noticed at once and in plain
words, and starts the children; it does no other work. A web server that ends takes everything down
with it, for whatever started `serve` to see; an integrator that ends is started again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import FrameType

from ..errors import HostError, InvalidInput
from ..host import Host
from ..logs import fields
from ..settings import Settings
from .children import Child

STOP_SECONDS = 20.0  # for the children to stop by themselves; the web server takes 10 at most
LONGEST_WAIT = 60.0  # between two starts of an integrator that keeps ending
STEADY_SECONDS = 60.0  # an integrator that ran for so long is started again at once
BACKLOG = 512
_log = logging.getLogger("halo_host.web.serve")


class Supervisor:
    def __init__(
        self, settings: Settings, *, workers: int, threads: int, with_integrator: bool
    ) -> None:
        self._settings = settings
        self._workers = workers
        self._threads = threads
        self._with_integrator = with_integrator
        self._stopping = False
        self._failures = 0
        self._next_start = 0.0

    def run(self) -> int:
        """Serve until a signal; the exit status.

        :raises HostError: the address cannot be had, or a database cannot be opened.
        """
        first_link = _check(self._settings, self._workers)
        with ExitStack() as stack:
            listener = stack.enter_context(listening(self._settings.listen))
            for number in (signal.SIGINT, signal.SIGTERM):
                stack.callback(signal.signal, number, signal.signal(number, self._stop))
            web = self._start_web(listener)
            integrator = self._start_integrator() if self._with_integrator else None
            _log.info("Serving on http://%s.", shown(listener))
            if first_link is not None:
                _say_first_link(
                    self._settings.public_url or f"http://{shown(listener)}", first_link
                )
            try:
                return self._watch(web, integrator)
            finally:
                listener.close()

    def _watch(self, web: Child, integrator: Child | None) -> int:
        status = 0
        try:
            while not self._stopping:
                if (code := web.ended()) is not None:
                    _log.error(
                        "The web server has ended (%s), so everything is stopped. What it said is "
                        "above.",
                        _in_words(code),
                    )
                    status = 1
                    break
                if self._with_integrator:
                    integrator = self._looked_after(integrator)
                time.sleep(0.1)
        finally:
            _stop_all([child for child in (web, integrator) if child is not None])
        return status

    def _looked_after(self, integrator: Child | None) -> Child | None:
        """The integrator, started again after a while if it has ended."""
        now = time.monotonic()
        if integrator is None:
            return self._start_integrator() if now >= self._next_start else None
        code = integrator.ended()
        if code is None:
            return integrator
        steady = now - integrator.started_at >= STEADY_SECONDS
        self._failures = 0 if steady else self._failures + 1
        wait = min(LONGEST_WAIT, 2.0 ** (self._failures - 1)) if self._failures else 0.0
        self._next_start = now + wait
        _log.error(
            "The integrator has ended (%s); it is started again in %.0f seconds.",
            _in_words(code),
            wait,
            extra=fields(process=integrator.process_id),
        )
        return None

    def _start_web(self, listener: socket.socket) -> Child:
        numbers = (listener.fileno(), self._workers, self._threads)
        return Child(
            "web server",
            [sys.executable, "-P", "-m", "halo_host.web", *map(str, numbers)],
            environment_of(self._settings),
            files=(listener.fileno(),),
        )

    def _start_integrator(self) -> Child:
        return Child(
            "integrator",
            [sys.executable, "-P", "-m", "halo_host", "integrator"],
            environment_of(self._settings),
        )

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True


def listening(address: str) -> socket.socket:
    """A socket that listens on `ADDRESS:PORT`, `[ADDRESS]:PORT` for IPv6.

    :raises InvalidInput: it is no such text.
    :raises HostError: the address cannot be had.
    """
    host, port = _parted(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise HostError(
            f"The web server cannot listen on {address}: {error.strerror or error}.",
            advice="Another program may use that port: stop it, or choose another with --listen or "
            "HALO_HOST_LISTEN, such as 127.0.0.1:8081. A port below 1024 needs a privilege.",
        ) from None
    return opened


def shown(listener: socket.socket) -> str:
    """Where it listens in fact: port 0 is any that is free."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _parted(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    if not colon or not host or (":" in host) is not bracketed or not is_port:
        raise InvalidInput(
            f"{address[:100]} is no address to listen on.",
            advice="Give address and port, such as 127.0.0.1:8080 or [::1]:8080.",
        )
    return host, int(port)


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The children's: as this process's, with what the command line chose.

    Passwords are given this way, since everybody on the machine can read command lines.
    """
    former = ("HALO_HOST_DATABASE", "HALO_HOST_DATABASE_PASSWORD_FILE")
    kept = {name: value for name, value in os.environ.items() if name not in former}
    return {
        **kept,
        "HALO_HOST_DATA": str(settings.data),
        "HALO_HOST_DATABASE_URL": settings.database_url,
        "HALO_HOST_LISTEN": settings.listen,
    }


def _check(settings: Settings, workers: int) -> str | None:
    """Open what the children will open, so that what is wrong is said once and at the start.

    Returns the token of the link for the first administrator while nobody can sign in.
    """
    with Host(settings) as host:
        if host.database.is_sqlite and workers > 1:
            raise InvalidInput(
                "Several web processes need PostgreSQL; SQLite is for one.",
                advice="Leave out --workers, or see docs/configuration.md for PostgreSQL.",
            )
        host.webhooks.open()
        return host.agents.begin_first_link()


def _say_first_link(address: str, token: str) -> None:
    """On the terminal and not in the log, which others may read."""
    print(  # noqa: T201
        "Nobody can sign in yet. Make the first account within an hour, at this address, which "
        f"works once:\n  {address}/welcome?token={token}",
        file=sys.stderr,
        flush=True,
    )


def _stop_all(children: list[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    give_up = time.monotonic() + STOP_SECONDS
    while time.monotonic() < give_up and any(child.ended() is None for child in children):
        time.sleep(0.02)
    for child in children:
        if child.ended() is None:
            _log.warning("The %s did not stop in time and is killed.", child.name)
        child.kill()
    _log.info("Stopped.")


def _in_words(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
