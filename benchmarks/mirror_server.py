"""The server of a mirror's recording: `mirror_server.py FOLDER CUSTOMERS`.

As `recording_server.py`, it finds an answer by the first line of a request and sends it from the
file. `GET /requests` answers how many requests there were for each list, and counts anew.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import orjson
from mirror_recording import MirrorRecording, list_of, mirror_recording
from recorded import answer
from recording_server import Router, Span, page_asked_for, serve


def all_lists(recorded: MirrorRecording) -> Router:
    """Every list of a recording."""
    file = os.open(recorded.answers, os.O_RDONLY)
    asked: Counter[str] = Counter()

    def route(line: bytes) -> Span | None:
        if line.startswith(b"GET /requests "):
            return _counted(asked)
        name = list_of(line)
        asked[name.partition(":")[0]] += 1
        found = recorded.lists.get(name)
        span = None if found is None else found.span(page_asked_for(line))
        return None if span is None else (file, *span)

    return route


def _counted(asked: Counter[str]) -> Span:
    body = answer(orjson.dumps(asked), 0)
    asked.clear()
    file = os.memfd_create("requests")
    return file, 0, os.write(file, body)


if __name__ == "__main__":
    serve(all_lists(mirror_recording(Path(sys.argv[1]), int(sys.argv[2]))))
