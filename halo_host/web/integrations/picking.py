"""What searchable pickers get from the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app

FOUND_AT_ONCE = 20


def choices(found: Sequence[tuple[str, ...]], nothing: str) -> Response:
    """Answer a picker with (value, text) or (value, text, note) of each choice."""
    macros: Any = current_app.jinja_env.globals["ui"]
    return Response(str(macros.choices(found, nothing)), mimetype="text/html")
