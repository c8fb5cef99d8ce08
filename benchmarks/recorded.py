"""What a recording is: complete HTTP answers in one file, and where in it each page begins."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 11, 23, tzinfo=UTC)
"""The end of the recorded business."""

_CURSOR = "page"
_HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Date: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: {length}\r\n"
    "Connection: keep-alive\r\n"
    "ratelimit-limit: 1000\r\n"
    "ratelimit-remaining: 999\r\n"
    "ratelimit-reset: Mon, 23 Nov 2026 00:01:00 GMT\r\n"
    "X-Request-Id: recorded-{page:06d}\r\n"
    "\r\n"
)


@dataclass(frozen=True)
class Recording:
    """A file of answers and the offsets at which they begin; the last offset is the file's end."""

    answers: Path
    offsets: array[int]
    limit: int

    def span(self, page: int) -> tuple[int, int] | None:
        """Offset and length of the answer that holds a page, None where there is none."""
        if not 0 <= page < len(self.offsets) - 1:
            return None
        return self.offsets[page], self.offsets[page + 1] - self.offsets[page]


def page_of_cursor(cursor: str) -> int:
    """The page behind a cursor; -1 for one that no recording wrote."""
    digits = cursor.removeprefix(_CURSOR)
    return int(digits) if digits.isdecimal() and cursor.startswith(_CURSOR) else -1


def cursor_of_page(page: int) -> str:
    """The cursor that leads to a page."""
    return f"{_CURSOR}{page:06d}"


def answer(body: bytes, page: int) -> bytes:
    """A complete HTTP answer; `page` only names it."""
    return _HEAD.format(length=len(body), page=page).encode() + body
