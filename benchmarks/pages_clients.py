"""Browsers' requests without a browser: over a connection that is kept open, one after the other.

A time is that from the request to the last byte of its answer, in milliseconds.
"""

from __future__ import annotations

import re
import socket
import statistics
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servers import Address

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"
# What encloses a row of a page: a table's, but not its head's, or a pair of a record.
_ROW = re.compile(
    r'<tr(?![^>]*><th scope="col").*?</tr>|<div class="details-pair">.*?</div>', re.DOTALL
)
_BETWEEN_TAGS = re.compile(r"\s*(<[^>]+>)\s*")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def text(self) -> str:
        packed = b"content-encoding: gzip" in self.head.lower()
        return (zlib.decompress(self.body, 31) if packed else self.body).decode()

    @property
    def rows(self) -> list[str]:
        """The rows of the page as HTML, without the white space around tags, and with apostrophes
        written in one of the two ways."""
        text = " ".join(self.text.split()).replace("&#x27;", "&#39;")
        return _ROW.findall(_BETWEEN_TAGS.sub(r"\1", text))


class Client:
    """`headers` go with each request."""

    def __init__(self, address: Address, headers: Mapping[str, str]) -> None:
        self._address = address
        lines = {"Host": f"{address[0]}:{address[1]}", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._connection: socket.socket | None = None

    def get(self, path: str) -> Answer:
        """:raises SystemExit: it is refused; a benchmark of error pages would say nothing."""
        request = f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode()
        try:
            answer = self._asked(request)
        except ConnectionError:  # the server has closed a connection that was kept open
            self.close()
            answer = self._asked(request)
        if answer.status != 200:
            raise SystemExit(f"{path} was answered with {answer.status}: {answer.body[:300]!r}")
        if b"\r\nconnection: close" in answer.head.lower():
            self.close()
        return answer

    def timed(self, path: str) -> tuple[float, Answer]:
        began = time.perf_counter()
        answer = self.get(path)
        return (time.perf_counter() - began) * 1000, answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _asked(self, request: bytes) -> Answer:
        if self._connection is None:
            self._connection = socket.create_connection(self._address, timeout=60)
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._part()
        head, _, body = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if length is None:
            while not body.endswith(_LAST_CHUNK):
                body += self._part()
        else:
            parts, missing = [body], int(length[1]) - len(body)
            while missing > 0:
                parts.append(self._part())
                missing -= len(parts[-1])
            body = b"".join(parts)
        return Answer(int(head.split(maxsplit=2)[1]), head, body)

    def _part(self) -> bytes:
        assert self._connection is not None
        part = self._connection.recv(256 * 1024)
        if not part:
            raise ConnectionError("the server closed a connection")
        return part


@dataclass(frozen=True, slots=True)
class Crowd:
    """What many clients at once found: the times of all answers, and how many were no page but a
    message that somebody else has to be waited for."""

    times: tuple[float, ...]
    refused: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p99(self) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]

    def __str__(self) -> str:
        refused = f", {self.refused} of {len(self.times)} refused" if self.refused else ""
        return f"median {self.median:.1f}, p99 {self.p99:.1f} ms{refused}"


def together(
    address: Address,
    headers: Mapping[str, str],
    paths: Sequence[str],
    clients: int,
    each: int,
    least: int,
) -> Crowd:
    """So many clients at once, each of which asks `each` times without a pause; what has fewer
    bytes than `least` is no page."""
    found: list[list[tuple[float, int]]] = [[] for _ in range(clients)]

    def ask(number: int) -> None:
        client = Client(address, headers)
        for turn in range(each):
            took, answer = client.timed(paths[(number * each + turn) % len(paths)])
            found[number].append((took, len(answer.body)))
        client.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(len(one) != each for one in found):
        raise SystemExit("A client gave up before it had asked for everything.")
    answers = [it for one in found for it in one]
    return Crowd(tuple(took for took, _ in answers), sum(1 for _, size in answers if size < least))
