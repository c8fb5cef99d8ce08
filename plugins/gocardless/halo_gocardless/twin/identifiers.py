"""Resource ids that carry their place, so that looking one up needs no table."""

from __future__ import annotations

import hashlib

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = {digit: value for value, digit in enumerate(_ALPHABET)}
_LENGTH = 12
_MODULUS = 32**_LENGTH
_MULTIPLIER = 0x9E3779B97F4A7C15 % _MODULUS
_INVERSE = pow(_MULTIPLIER, -1, _MODULUS)


class IdSpace:
    """The ids of one resource type: ``CU00695KC8WCCQ`` and the like.

    A thing stands in a *lane* (see `lanes`) at a *slot*. Both are folded into one number, scrambled
    by the seed so that neighbours do not look alike, and written in Crockford's base 32.
    """

    def __init__(self, prefix: str, lanes: int, seed: int) -> None:
        self.prefix = prefix
        self._lanes = lanes
        digest = hashlib.blake2b(f"{seed}:{prefix}".encode(), digest_size=8).digest()
        self._offset = int.from_bytes(digest, "big")

    def encode(self, lane: int, slot: int) -> str:
        """The id of the thing at this place."""
        value = ((slot * self._lanes + lane) * _MULTIPLIER + self._offset) % _MODULUS
        digits = [""] * _LENGTH
        for place in range(_LENGTH - 1, -1, -1):
            digits[place] = _ALPHABET[value & 31]
            value >>= 5
        return self.prefix + "".join(digits)

    def decode(self, identity: str) -> tuple[int, int] | None:
        """The (lane, slot) behind an id; None for an id that this space could not have written."""
        body = identity.removeprefix(self.prefix)
        if len(body) != _LENGTH or not identity.startswith(self.prefix):
            return None
        value = 0
        for digit in body:
            if digit not in _DIGITS:
                return None
            value = value << 5 | _DIGITS[digit]
        slot, lane = divmod((value - self._offset) * _INVERSE % _MODULUS, self._lanes)
        return lane, slot
