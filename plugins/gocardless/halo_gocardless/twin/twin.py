"""The twin itself: the store and everything that decides how a request is treated."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace

from .config import TokenKind, TwinConfig
from .faults import FaultPlan
from .knobs import Knobs
from .rate_limit import RateLimiter
from .store import Store


class Twin:
    """A GoCardless account in memory. `create_app` gives it a face, `TwinServer` an address.

    ``tokens`` may be changed while it runs, for example to revoke one.
    """

    def __init__(self, config: TwinConfig | None = None) -> None:
        config = config or TwinConfig()
        self.config = replace(config, now=config.resolved_now())
        self._request_numbers = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        """Go back to the state at the start: business, tokens, knobs and rate limits."""
        self.tokens: dict[str, TokenKind] = self.config.resolved_tokens()
        self.rate_limiter = RateLimiter()
        self.store = Store(self.config)
        self.set_knobs(self.config.knobs)

    @property
    def knobs(self) -> Knobs:
        """The knobs as they stand; turn them with `set_knobs`."""
        return self._knobs

    def set_knobs(self, knobs: Knobs) -> None:
        """Turn the knobs; all faults begin to count anew."""
        self._knobs = knobs
        self.fault_plan = FaultPlan(knobs, self.config.seed)

    def token(self, kind: TokenKind) -> str:
        """The first token of this kind; LookupError when none was configured."""
        for token, its_kind in self.tokens.items():
            if its_kind is kind:
                return token
        raise LookupError(f"this twin has no {kind.value} access token")

    def next_request_id(self) -> str:
        """An id for `X-Request-Id` and error envelopes."""
        number = next(self._request_numbers)
        digest = hashlib.blake2b(f"{self.config.seed}:{number}".encode(), digest_size=16)
        text = digest.hexdigest().upper()
        return f"{text[:12]}_{text[12:24]}_{number:08X}"
