"""Refusals of the directory as forms show them."""

from __future__ import annotations

from ...errors import HostError


def told(error: HostError) -> str:
    """What was wrong and what to do; advice that names a command helps nobody in a browser."""
    if error.advice and "halo-host" not in error.advice:
        return f"{error.message} {error.advice}"
    return error.message
