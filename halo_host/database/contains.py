"""Whether a text holds a word, whatever the case: the same answer on SQLite and PostgreSQL.

SQLite folds the case of ASCII letters alone, PostgreSQL that of others as its locale says. So other
letters are looked for in either case. No index serves this: it is a pass over the table.
"""

from __future__ import annotations

from itertools import product

from sqlalchemy import ColumnElement, func, or_

_MOST = 4  # letters beyond ASCII that are looked for in either case; further ones match any letter


def holds(text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """A condition for `word`, which may hold whatever somebody types."""
    folded = func.lower(text)
    return or_(*(folded.like(f"%{each}%", escape="\\") for each in _spellings(word)))


def _spellings(word: str) -> list[str]:
    """Patterns for every way in which the database may have left the case of the word."""
    letters: list[tuple[str, ...]] = []
    others = 0
    for letter in word.lower():
        if letter.isascii():
            letters.append((f"\\{letter}" if letter in "\\%_" else letter,))
            continue
        cases = (letter,) if letter == letter.upper() else (letter, letter.upper())
        others += len(cases) > 1
        letters.append(("_",) if others > _MOST else cases)
    return ["".join(each) for each in product(*letters)]
