"""Texts that a spreadsheet program would take for formulas.

A cell that starts with one of `= + - @`, a tab or a line break may run when the file is opened
(OWASP calls it CSV injection). Export puts an apostrophe in front of such a text, and one more in
front of a text that has apostrophes there already, so that import can take exactly one away.
"""

from __future__ import annotations

import re

_NEEDS_APOSTROPHE = re.compile(r"'*[=+\-@\t\r\n]")
_HAS_APOSTROPHE = re.compile(r"'+[=+\-@\t\r\n]")


def neutralised(text: str) -> str:
    """`text` as a file may hold it."""
    return f"'{text}" if _NEEDS_APOSTROPHE.match(text) else text


def restored(cell: str) -> str:
    """The text that `neutralised` made `cell` of; other cells stay as they are."""
    return cell[1:] if _HAS_APOSTROPHE.match(cell) else cell


def looks_like_formula(cell: str) -> bool:
    """Whether a person is likely to have typed a formula; phone numbers may start with + or -."""
    return cell.lstrip().startswith(("=", "@"))
