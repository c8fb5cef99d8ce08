"""The server of a mirror's recording: `mirror_server.py FOLDER CUSTOMERS`.

As `recording_server.py`, it finds an answer by the first line of a request and sends it from a
file. It also takes three requests of the benchmark itself:

- `GET /requests` answers how many requests there were for each list, and counts anew.
- `GET /only/LIST` makes every list but one empty; `GET /only/` undoes that.
- `GET /change/COUNT` lets so many payments have changed: there is an event about each.
  `GET /change/0` undoes that.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import orjson
from mirror_changes import changed_payments
from mirror_recording import MirrorRecording, list_of, mirror_recording, page_body, resource_of
from recorded import Recording, answer
from recording_server import Span, page_asked_for, serve

_ORDER = re.compile(rb"GET /(requests|only|change)/?(\w*) ")
_CHANGED = "changed_payments"


class Answers:
    """Finds what a request gets; the benchmark's own requests change what that is."""

    def __init__(self, recorded: MirrorRecording) -> None:
        self._recorded = recorded
        file = os.open(recorded.answers, os.O_RDONLY)
        self._lists = {name: (file, each) for name, each in recorded.lists.items()}
        self._asked: Counter[str] = Counter()
        self._only = ""

    def __call__(self, line: bytes) -> Span | None:
        order = _ORDER.match(line)
        if order is not None:
            return _said(self._obey(order[1].decode(), order[2].decode()))
        name = list_of(line)
        about_payments = name == "changes" and b"resource_type=payments" in line
        self._asked["payment_changes" if about_payments else name.partition(":")[0]] += 1
        if about_payments and _CHANGED in self._lists:
            name = _CHANGED
        if self._only and name != self._only:
            return _said(page_body(resource_of(name), 0, [], is_last=True))
        if name not in self._lists:
            return None
        file, found = self._lists[name]
        span = found.span(page_asked_for(line))
        return None if span is None else (file, *span)

    def _obey(self, order: str, value: str) -> bytes:
        if order == "requests":
            counted = orjson.dumps(self._asked)
            self._asked.clear()
            return counted
        if order == "only":
            self._only = value
        elif value == "0":
            self._lists.pop(_CHANGED, None)
        else:
            file = os.memfd_create(_CHANGED)
            offsets = changed_payments(self._recorded, int(value), file)
            self._lists[_CHANGED] = (file, Recording(self._recorded.answers, offsets, 0))
        return b"{}"


@cache
def _said(body: bytes) -> Span:
    file = os.memfd_create("said")
    return file, 0, os.write(file, answer(body, 0))


if __name__ == "__main__":
    serve(Answers(mirror_recording(Path(sys.argv[1]), int(sys.argv[2]))))
