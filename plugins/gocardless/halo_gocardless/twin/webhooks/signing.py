"""The signature of a delivery: lower-case hex of HMAC-SHA256 over the raw body."""

from __future__ import annotations

import hashlib
import hmac


def sign(secret: str, body: bytes) -> str:
    """What `Webhook-Signature` says of a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sign_wrongly(secret: str, body: bytes) -> str:
    """A signature of the right form that no holder of the secret would accept."""
    return sign(secret + "-of-somebody-else", body)
