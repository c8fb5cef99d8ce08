"""Who calls the API: the agent of a bearer token, with a role, at a bearable pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, cast

from flask import current_app, g, request

from ..agents.agent import TokenUse
from ..agents.roles import Role
from .problems import Refused

if TYPE_CHECKING:
    from ..host import Host

_REALM = 'Bearer realm="halo-host"'
_LONGEST_TOKEN = 200


def the_host() -> Host:
    return cast("Host", current_app.extensions["halo_host"])


def the_caller() -> TokenUse:
    """Who asks, within a view; `.name` is for the audit log."""
    return cast(TokenUse, g.api_caller)


def admit(needed: Role) -> None:
    """Find out who asks.

    :raises Refused: 401 without a good token, 403 where the role does not allow it, 429 after too
        many requests.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    if kind.lower() != "bearer" or not secret:
        raise Refused(
            401,
            "This needs an API token.",
            advice="Send the header `Authorization: Bearer TOKEN`; `halo-host agents tokens add` "
            "makes one.",
            headers={"WWW-Authenticate": _REALM},
        )
    caller = the_host().agents.tokens.use(secret) if len(secret) <= _LONGEST_TOKEN else None
    if caller is None:
        raise Refused(
            401,
            "The API token is not good: it is unknown, expired or revoked.",
            advice="Ask an administrator for a new one.",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    g.api_caller = caller
    cast(Pace, current_app.extensions["halo_host_api_pace"]).take(caller.token_id)
    if not caller.role.allows(needed):
        raise Refused(
            403,
            f"This needs the role {needed}; the token of {caller.name} is good for {caller.role}.",
            advice="Use a token with a higher role.",
            headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"'},
        )


class Pace:
    """How fast one token may ask: at once `burst` requests, on and on `a_second`.

    Counted by each process of the server for itself: it keeps a program that has run wild from
    taking a server, and needs no more than that.
    """

    def __init__(
        self,
        a_second: float = 100.0,
        burst: int = 500,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.a_second = a_second
        self.burst = burst
        self._clock = clock
        self._left: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, token_id: int) -> None:
        """:raises Refused: 429, with the seconds to wait."""
        now = self._clock()
        with self._lock:
            left, since = self._left.get(token_id, (float(self.burst), now))
            left = min(float(self.burst), left + (now - since) * self.a_second)
            if left < 1:
                self._left[token_id] = (left, now)
                wait = max(1, ceil((1 - left) / self.a_second))
                raise Refused(
                    429,
                    f"The token asks too often: more than {self.a_second:,.0f} times a second.",
                    advice="Wait as long as Retry-After says.",
                    headers={"Retry-After": str(wait)},
                )
            self._left[token_id] = (left - 1, now)
            if len(self._left) > 10_000:
                self._left.clear()
