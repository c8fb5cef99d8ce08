"""Secrets that the host makes itself: 256 random bits, of which only a SHA-256 is stored."""

from __future__ import annotations

import secrets
from hashlib import sha256

LONGEST = 200  # characters of what is looked up at all


def new_token() -> str:
    """43 characters that stand in cookies, headers and addresses as they are."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is stored of a token, and what it is looked up by."""
    return sha256(token[:LONGEST].encode("utf-8", "replace")).hexdigest()
