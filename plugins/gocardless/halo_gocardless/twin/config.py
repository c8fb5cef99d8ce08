"""What a twin is made from: its size, seed, clock, tokens and knobs."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .knobs import Knobs
from .webhooks.endpoints import WebhookEndpoint, require_near


class TokenKind(enum.Enum):
    """What an access token may do."""

    FULL = "full"
    READ_ONLY = "read_only"
    REVOKED = "revoked"


@dataclass(frozen=True)
class KnownPerson:
    """A person who already exists elsewhere (say, in a PSA) and may turn up as a payer."""

    given_name: str
    family_name: str
    email: str


@dataclass(frozen=True)
class KnownCompany:
    """A company that already exists elsewhere; about half of the payers belong to one of these."""

    name: str
    people: tuple[KnownPerson, ...] = ()


def default_tokens(seed: int) -> dict[str, TokenKind]:
    """One token of each kind, the same for the same seed: full, read-only, revoked."""
    return {f"sandbox_{kind.value}_{_digest(f'{seed}:{kind.value}')}": kind for kind in TokenKind}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class TwinConfig:
    """Everything that decides what a twin answers.

    Two twins with equal ``seed``, ``now``, ``customers`` and ``known_companies`` hold
    byte-identical businesses. ``now`` needs a time zone; without it the twin takes the time at
    which it is made. With ``virtual_clock`` time stands still until `Twin.advance`. A ``living``
    business bills its payers each month, and payers come, change and go; in any other only what
    was begun goes on. ``webhook_senders`` is how many webhooks are under way at once: one alone
    sends them in their order, several do not.
    """

    customers: int = 300
    seed: int = 7
    now: datetime | None = None
    host: str = "127.0.0.1"
    port: int = 0
    allow_remote: bool = False
    tokens: Mapping[str, TokenKind] | None = None
    known_companies: Sequence[KnownCompany] = ()
    knobs: Knobs = field(default_factory=Knobs)
    virtual_clock: bool = False
    living: bool = False
    webhook_endpoints: Sequence[WebhookEndpoint] = ()
    webhook_senders: int = 1

    def __post_init__(self) -> None:
        if self.customers < 0:
            raise ValueError("customers must not be negative")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("now needs a time zone, for example datetime.now(timezone.utc)")
        if self.webhook_senders < 1:
            raise ValueError("webhook_senders must be 1 or more")
        for endpoint in self.webhook_endpoints:
            require_near(endpoint, allow_remote=self.allow_remote)

    def resolved_now(self) -> datetime:
        """The time at which the generated business ends, in UTC and whole milliseconds."""
        now = (self.now or datetime.now(UTC)).astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def resolved_tokens(self) -> dict[str, TokenKind]:
        """The configured tokens, or those made from the seed."""
        return default_tokens(self.seed) if self.tokens is None else dict(self.tokens)
