"""Passwords of agents: what is refused, and how the others are hashed.

argon2id as RFC 9106 has it for machines without gigabytes to spare: three rounds over 64 MiB in
four lanes, which takes a fifth of a second. Rounds and memory can be set; a hash that cost less
than is wanted now is made anew at its agent's next sign-in.
"""

from __future__ import annotations

import threading
import unicodedata
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..only_once import only_once
from .common_passwords import why_guessed

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12
LONGEST = 1_024
_LANES = 4
# So many at a time in one process, whatever the number of its threads: each takes its memory.
_AT_ONCE = 4


class Passwords:
    """Hashes with `rounds` over `memory_mib`; slow on purpose, so call it in no transaction."""

    def __init__(self, *, rounds: int, memory_mib: int) -> None:
        self._rounds = rounds
        self._memory = memory_mib * 1024
        self._turn = threading.BoundedSemaphore(_AT_ONCE)

    def new_hash(self, password: str, *about: str) -> str:
        """The hash of a new password; `about` is what others know of its owner.

        :raises InvalidInput: it is too short, too long or easily guessed.
        """
        refuse_weak(password, *about)
        return self.hash(password)

    def hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(_bytes(password))

    def matches(self, password: str, hashed: str) -> bool:
        """Whether it is the password; without any hash it takes as long, and it is not."""
        from argon2.exceptions import InvalidHashError, VerificationError

        decoy = self._decoy  # also where it is not needed: the first sign-in tells nothing
        try:
            with self._turn:
                return self._hasher.verify(hashed or decoy, _bytes(password)) and bool(hashed)
        except (InvalidHashError, VerificationError):
            return False

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash cost less than is wanted now. One that cost more is as good."""
        from argon2 import extract_parameters
        from argon2.low_level import Type

        made = extract_parameters(hashed)
        return (
            made.type is not Type.ID
            or made.memory_cost < self._memory
            or made.time_cost < self._rounds
        )

    @only_once
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=self._rounds, memory_cost=self._memory, parallelism=_LANES)

    @only_once
    def _decoy(self) -> str:
        """A hash that no password has."""
        from .random_tokens import new_token

        return self.hash(new_token())


def refuse_weak(password: str, *about: str) -> None:
    """:raises InvalidInput: it is too short, too long or easily guessed."""
    if len(password) < SHORTEST:
        raise InvalidInput(
            f"The password is too short: it needs {SHORTEST} characters or more.",
            advice="A few words that do not belong together are easy to remember.",
        )
    if len(password) > LONGEST:
        raise InvalidInput(f"The password is too long: it may have {LONGEST} characters.")
    reason = why_guessed(_normalised(password), *about)
    if reason:
        raise InvalidInput(
            f"The password is too easily guessed: {reason}.",
            advice="A few words that do not belong together are easy to remember.",
        )


def _bytes(password: str) -> bytes:
    return _normalised(password).encode("utf-8", "replace")


def _normalised(password: str) -> str:
    """The same for one password, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password[: LONGEST + 1])
