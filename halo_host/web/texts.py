"""Texts that a request brings: as every database holds them.

PostgreSQL's texts hold no NUL, not even one that is looked for. It comes as U+FFFD, which is found
nowhere and seen where it is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import UnicodeConverter

_NUL, _INSTEAD = "\0", "\ufffd"


class Text(UnicodeConverter):
    """`<name>` in an address, in place of werkzeug's own."""

    def to_python(self, value: str) -> str:
        text: str = super().to_python(value)
        return text.replace(_NUL, _INSTEAD)


class _Fields(ImmutableMultiDict[str, Any]):
    """What a query or a form brings."""

    def __init__(self, pairs: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__([(_without_nul(name), _without_nul(value)) for name, value in pairs])


class TextRequest(Request):
    """The requests of the application."""

    parameter_storage_class = _Fields


def _without_nul(value: Any) -> Any:
    return value.replace(_NUL, _INSTEAD) if isinstance(value, str) else value
