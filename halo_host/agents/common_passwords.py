"""Passwords that are long enough and guessed all the same.

What crackers try first is a few hundred words with digits and signs behind them, letters exchanged
for signs that look like them, rows of the keyboard, one thing repeated, and the name of the owner.
So these are taken out of the password, and what is left must be more than a few letters.
"""

from __future__ import annotations

import re

_LEFT_AT_LEAST = 4  # letters
_DISTINCT_AT_LEAST = 5
_SHORTEST_RUN = 3

_WORDS = frozenset(
    """
    admin administrator agent account access amazing angel apple arsenal august autumn azerty
    banana baseball basket batman beautiful bonjour butterfly buster
    change changeme charlie cheese chelsea chocolate computer cookie corona correcthorse
    batterystaple
    daniel december default desk diamond dragon
    eagle elephant england enter everton
    facebook family february flower football forever freedom friday friend fuck
    galaxy george ginger google guest
    halo hallo hannah happy harley heaven hello hockey holiday host hottie house hunter
    iloveyou internet
    january jennifer jessica jesus jordan joshua july june
    killer kitten
    letmein liverpool login london love lovely
    manager manchester march master matrix matthew maverick melissa michael michelle midnight
    mobile monday money monkey morgan mother mustang
    naruto nicole ninja november
    october office operator orange
    pass passphrase passw password passwort payment pepper pokemon princess purple
    qazwsx qwerty
    rainbow rangers robert root
    samsung samantha saturday secret secure security september server service shadow silver
    snoopy soccer spring starwars success summer sunday sunshine superman support system
    temp temporary test thomas thunder thursday tigger trustno tuesday
    unknown user
    viewer
    wednesday welcome whatever william windows winter wizard work
    yellow
    zaq
    """.split()
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop[]",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "q1w2e3r4t5y6u7i8o9p0",
    "!@#$%^&*()_+",
)
_RUNS = tuple(row for it in _ROWS for row in (it, it[::-1]))
_LOOKS_LIKE = str.maketrans("013457@$!|", "oieastasil")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def why_guessed(password: str, *about: str) -> str:
    """Why it would be guessed, to end a sentence, or nothing. `about` is what others know of the
    owner, such as name and e-mail address."""
    folded = password.casefold()
    if len(set(folded)) < _DISTINCT_AT_LEAST or _is_repeated(folded):
        return "it repeats a few characters"
    if folded.strip().isdecimal():
        return "it has digits alone"
    if len(_without_runs(folded)) < _LEFT_AT_LEAST:
        return "its characters follow each other on the keyboard or in the alphabet"
    if _is_made_of(folded, _words_of(about)):
        return "it holds little but a name or an e-mail address"
    if _is_made_of(folded, _words_of(about) | _WORDS):
        return "it holds little but words that everybody uses"
    return ""


def _is_repeated(text: str) -> bool:
    """Whether it is one short piece again and again."""
    return any(
        (text[:size] * len(text)).startswith(text) for size in range(1, min(6, len(text) // 2) + 1)
    )


def _without_runs(text: str) -> str:
    """Take out what follows each other in a row of the keyboard or in the alphabet."""
    left, place = "", 0
    while place < len(text):
        size = _run_at(text, place)
        if size < _SHORTEST_RUN:
            left += text[place]
            size = 1
        place += size
    return left


def _run_at(text: str, place: int) -> int:
    size = 1
    while place + size < len(text) and any(text[place : place + size + 1] in it for it in _RUNS):
        size += 1
    return size


def _words_of(about: tuple[str, ...]) -> frozenset[str]:
    words = (word for text in about for word in _NOT_LETTERS.split(text.casefold()))
    return frozenset(word for word in words if len(word) >= _SHORTEST_RUN)


def _is_made_of(text: str, words: frozenset[str]) -> bool:
    """Whether taking these words out leaves but a few letters."""
    if not words:
        return False
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    for letters in (
        _NOT_LETTERS.sub("", text),
        _NOT_LETTERS.sub("", _without_runs(text).translate(_LOOKS_LIKE)),
        _NOT_LETTERS.sub("", text.translate(_LOOKS_LIKE)),
    ):
        left, found = pattern.subn("", letters)
        if found and len(left) < _LEFT_AT_LEAST:
            return True
    return False
