"""Requests that nobody with good intentions sends: values for fields, and where they are read."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.datastructures import ImmutableMultiDict

BEYOND = str(2**63)  # one more than a database's whole number
VALUES = (
    "",
    "a\0b",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "-1",
    "0",
    "1e400",
    "NaN",
    "١٢",  # digits, though not those of ASCII
    "²",
    str(2**63 - 1),
    BEYOND,
    "9" * 5_000,  # more digits than Python turns into a number
    "null",
    '{"a":' * 40,
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "' OR 1=1 --",
    "%\\_",
    "../../../etc/passwd",
    "a\r\nSet-Cookie: planted=1",
    "{{ 7*7 }}{% raise %}<script>",
    "javascript:alert(1)",
    "\u202e\ufeff\u2028",
    "x" * 100_000,
    "=cmd|' /C calc'!A0",
)


def recording(app: Flask) -> dict[str, set[tuple[str, str]]]:
    """Note which fields ("form" or "args", name) each endpoint reads from here on."""
    seen: dict[str, set[tuple[str, str]]] = {}

    def note(part: str, name: object) -> None:
        seen.setdefault(request.endpoint or "", set()).add((part, str(name)))

    ordinary: Any = app.request_class

    class Recorded(ordinary):  # type: ignore[misc] # whatever the application's own is
        @property
        def args(self) -> Any:
            return _Noted(super().args, lambda name: note("args", name))

        @property
        def form(self) -> Any:
            return _Noted(super().form, lambda name: note("form", name))

    app.request_class = Recorded
    return seen


class _Noted(ImmutableMultiDict[str, str]):
    """What was sent, telling each name that is asked for."""

    def __init__(self, values: Any, note: Any) -> None:
        super().__init__(values)
        self._note = note

    def get(self, key: Any, *more: Any, **named: Any) -> Any:
        self._note(key)
        return super().get(key, *more, **named)

    def getlist(self, key: Any, *more: Any, **named: Any) -> Any:
        self._note(key)
        return super().getlist(key, *more, **named)

    def __getitem__(self, key: Any) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)
