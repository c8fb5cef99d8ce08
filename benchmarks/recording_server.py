"""A server that only sends recorded answers: no framework, no work for each request.

It runs in a process of its own and hands pages from the page cache to the socket, so that what is
measured is the client. Run by the benchmarks as `recording_server.py ANSWERS.json...`; it prints
its port, and ends when its standard input does.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from recording import Recording, page_of_cursor, recording

_AFTER = re.compile(rb"[?&]after=([^& ]*)")
_LIMIT = re.compile(rb"[?&]limit=([0-9]+)")
_DEFAULT_LIMIT = 50
_NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
)


def serve(recordings: Sequence[Recording]) -> None:
    """Serve the recordings, told apart by their limit, until standard input ends."""
    by_limit = {each.limit: (each, each.answers.open("rb")) for each in recordings}
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_converse, args=(connection, by_limit), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def _converse(connection: socket.socket, by_limit: dict[int, tuple[Recording, BinaryIO]]) -> None:
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
            _answer(connection, request.partition(b"\r\n")[0], by_limit)


def _answer(
    connection: socket.socket, line: bytes, by_limit: dict[int, tuple[Recording, BinaryIO]]
) -> None:
    limit, after = _LIMIT.search(line), _AFTER.search(line)
    recorded, file = by_limit.get(int(limit[1]) if limit else _DEFAULT_LIMIT, (None, None))
    span = None
    if recorded is not None and line.startswith(b"GET /customers"):
        span = recorded.span(page_of_cursor(after[1].decode()) if after else 0)
    if span is None or file is None:
        connection.sendall(_NOT_FOUND)
        return
    offset, left = span
    while left:
        sent = os.sendfile(connection.fileno(), file.fileno(), offset, left)
        offset, left = offset + sent, left - sent


@contextmanager
def running(folder: Path, recordings: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The address of a server of recordings, each given as (customers, limit)."""
    wanted = [f"{customers}:{limit}" for customers, limit in recordings]
    server = subprocess.Popen(
        [sys.executable, __file__, str(folder), *wanted],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait(timeout=10)


if __name__ == "__main__":
    wanted = (argument.split(":") for argument in sys.argv[2:])
    serve([recording(Path(sys.argv[1]), int(customers), int(limit)) for customers, limit in wanted])
