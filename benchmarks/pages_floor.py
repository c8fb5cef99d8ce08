"""The floor of the pages: `pages_floor.py DATA_FOLDER PORT THREADS`.

A bare WSGI function under the worker that the host's server has, with as many threads: it runs the
queries that a page's rows come from with raw `sqlite3`, writes the rows as HTML with string
formatting, and compresses them as the host does. No sign-in, no layout, no log of requests.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from measured_database import database_of
from pages_floor_rows import Rows, Words, change_rows, payments, user
from pages_floor_tab import tab

_LEVEL = 3  # as the host compresses its pages


class Floor:
    def __init__(self, folder: Path) -> None:
        prepared = json.loads((folder / "floor.json").read_text("utf-8"))
        self._queries: dict[str, list[tuple[str, list[Any]]]] = prepared["queries"]
        self._words: Words = prepared["words"]
        self._database = database_of(folder)
        self._own = threading.local()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        query = environ["QUERY_STRING"]
        address = f"{environ['PATH_INFO']}?{query}" if query else environ["PATH_INFO"]
        connection = self._connection()
        connection.execute("BEGIN")
        results = [connection.execute(*it).fetchall() for it in self._queries[address]]
        connection.execute("COMMIT")
        body = _renderer(address)(results, self._words, address).encode()
        headers = [("Content-Type", "text/html; charset=utf-8")]
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
            body = packer.compress(body) + packer.flush()
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _connection(self) -> sqlite3.Connection:
        """One of each thread, with the cache that a connection of the host has."""
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = sqlite3.connect(
                f"file:{self._database}?mode=ro", uri=True, isolation_level=None
            )
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA cache_size=-16384")
        return found


def _renderer(address: str) -> Callable[[Sequence[Rows], Words, str], str]:
    if address.startswith("/users/"):
        return tab if "/tabs/" in address else user
    return payments if address.startswith("/payments") else change_rows


def main(folder: Path, port: int, threads: int) -> None:
    from gunicorn.app.base import BaseApplication

    from halo_host.web.worker import PatientWorker

    class Server(BaseApplication):  # type: ignore[misc,unused-ignore]
        def load_config(self) -> None:
            chosen = {
                "bind": f"127.0.0.1:{port}",
                "workers": 1,
                "threads": threads,
                "worker_class": PatientWorker,
                "worker_connections": 2000,
                "keepalive": 15,
                "control_socket_disable": True,
                "loglevel": "warning",
            }
            for name, value in chosen.items():
                self.cfg.set(name, value)

        def load(self) -> object:
            return Floor(folder)

    sys.argv = sys.argv[:1]  # gunicorn would read them as its own
    Server().run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
