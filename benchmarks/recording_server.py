"""A server that only sends recorded answers: no framework, no work for each request.

It runs in a process of its own and hands pages from the page cache to the socket, so that what is
measured is the client. Run by the benchmarks as `recording_server.py FOLDER CUSTOMERS:LIMIT...`;
it prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import script
from recorded import Recording, page_of_cursor

Span = tuple[int, int, int]
"""An open file, and the offset and length of an answer in it."""
Router = Callable[[bytes], Span | None]
"""The answer to the first line of a request; None for one that was not recorded."""

_AFTER = re.compile(rb"[?&]after=([^& ]*)")
_LIMIT = re.compile(rb"[?&]limit=([0-9]+)")
_DEFAULT_LIMIT = 50
_NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
)


def serve(router: Router) -> None:
    """Send what the router finds until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_converse, args=(connection, router), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def page_asked_for(line: bytes) -> int:
    """The number of the page that a request for a list wants; -1 for a cursor of somebody else."""
    after = _AFTER.search(line)
    return page_of_cursor(after[1].decode()) if after else 0


def customer_lists(recordings: Sequence[Recording]) -> Router:
    """Lists of customers, told apart by their limit."""
    by_limit = {each.limit: (each, os.open(each.answers, os.O_RDONLY)) for each in recordings}

    def route(line: bytes) -> Span | None:
        limit = _LIMIT.search(line)
        found = by_limit.get(int(limit[1]) if limit else _DEFAULT_LIMIT)
        if found is None or not line.startswith(b"GET /customers"):
            return None
        recorded, file = found
        span = recorded.span(page_asked_for(line))
        return None if span is None else (file, *span)

    return route


def _converse(connection: socket.socket, router: Router) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in received:
                data = connection.recv(65_536)
                if not data:
                    return
                received += data
            request, _, received = received.partition(b"\r\n\r\n")
            span = router(request.partition(b"\r\n")[0])
            if span is None:
                connection.sendall(_NOT_FOUND)
            else:
                _send(connection, *span)


def _send(connection: socket.socket, file: int, offset: int, left: int) -> None:
    while left:
        sent = os.sendfile(connection.fileno(), file, offset, left)
        offset, left = offset + sent, left - sent


@contextmanager
def running(folder: Path, recordings: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The address of a server of customer lists, each given as (customers, limit)."""
    wanted = [f"{customers}:{limit}" for customers, limit in recordings]
    with running_script("recording_server.py", folder, *wanted) as url:
        yield url


@contextmanager
def running_script(name: str, *arguments: str | Path) -> Iterator[str]:
    """The address of a server that a script of this folder is, for as long as the block runs."""
    server = subprocess.Popen(
        script(name, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.stdout.close()
        server.wait(timeout=10)


if __name__ == "__main__":
    from recording import recording  # loads the twin

    asked = (argument.split(":") for argument in sys.argv[2:])
    serve(
        customer_lists(
            [recording(Path(sys.argv[1]), int(customers), int(limit)) for customers, limit in asked]
        )
    )
