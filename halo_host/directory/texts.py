"""The texts of the directory: how long they may be, and how messages quote them."""

from __future__ import annotations

from ..database.columns import clean_text
from ..errors import InvalidInput

MAX_TEXT = 2_000
_SHOWN = 60
_LONGEST_NUMBER = 18  # digits that surely fit a BIGINT


def stored_text(value: str, field: str) -> str:
    """`value` as the directory stores it: cleaned, outer white space removed.

    :raises InvalidInput: it is too long; the message names `field` and the length, not the value.
    """
    cleaned = clean_text(value)
    if len(cleaned) > MAX_TEXT:
        raise InvalidInput(
            f"{field} has {len(cleaned):,} characters; at most {MAX_TEXT:,} are stored."
        )
    return cleaned


def required_text(value: str, field: str) -> str:
    """As `stored_text`, for a text that must not be empty."""
    cleaned = stored_text(value, field)
    if not cleaned:
        raise InvalidInput(f"{field} is empty.")
    return cleaned


def optional_reference(value: str | None) -> str | None:
    """A reference as stored: None where there is none, so that references stay unique."""
    return stored_text(value or "", "The reference") or None


def quoted(value: str) -> str:
    """A name as messages show it: in quotation marks, cut when it is long."""
    return f"“{value if len(value) <= _SHOWN else value[: _SHOWN - 1] + '…'}”"


def number_in(text: str) -> int | None:
    """The number that an operator gave to name a row, if the text is one."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None
