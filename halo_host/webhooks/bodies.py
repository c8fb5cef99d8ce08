"""How the bodies of deliveries are stored: large ones compressed, small ones as they are.

A delivery is JSON, which never begins with the letter that zlib's streams begin with.
"""

from __future__ import annotations

import zlib

_SMALL = 2048  # bytes; compressing so little costs an answer more than it saves
_ZLIB = b"x"


def packed(body: bytes) -> bytes:
    if len(body) <= _SMALL and not body.startswith(_ZLIB):
        return body
    return zlib.compress(body, 1)


def unpacked(stored: bytes) -> bytes:
    return zlib.decompress(stored) if stored.startswith(_ZLIB) else stored
