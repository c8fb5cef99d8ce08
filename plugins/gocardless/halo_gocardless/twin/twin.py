"""The twin itself: the store and everything that decides how a request is treated."""

from __future__ import annotations

import hashlib
import itertools
import time
from dataclasses import replace
from datetime import datetime, timedelta

from .config import TokenKind, TwinConfig
from .faults import FaultPlan
from .knobs import Knobs
from .lifecycle.engine import Engine
from .rate_limit import RateLimiter
from .store import Store
from .times import SECOND, iso, moment
from .webhooks.endpoints import WebhookEndpoint, require_near
from .webhooks.sender import Sender
from .webhooks.trial import trial_event


class Twin:
    """A GoCardless account in memory. `create_app` gives it a face, `TwinServer` an address.

    ``tokens`` may be changed while it runs, for example to revoke one.
    """

    def __init__(self, config: TwinConfig | None = None) -> None:
        config = config or TwinConfig()
        self.config = replace(config, now=config.resolved_now())
        self._request_numbers = itertools.count(1)
        self._test_webhooks = itertools.count(1)
        self.reset()
        self.store.event_listeners.append(lambda event: self.store.webhooks.add_event(event))
        self.webhook_sender = Sender(
            lambda: self.store.webhooks,
            lambda: self.knobs,
            self.config.seed,
            self.config.webhook_senders,
        )

    def reset(self) -> None:
        """Go back to the state at the start: business, tokens, knobs and rate limits."""
        self.tokens: dict[str, TokenKind] = self.config.resolved_tokens()
        self.rate_limiter = RateLimiter()
        previous: Store | None = getattr(self, "store", None)
        listeners = previous.event_listeners if previous is not None else []
        self.store = Store(self.config)
        self.engine = Engine(self.store)
        self.store.event_listeners = listeners
        self.set_knobs(self.config.knobs)
        if previous is not None:
            previous.webhooks.close()

    @property
    def knobs(self) -> Knobs:
        """The knobs as they stand; turn them with `set_knobs`."""
        return self._knobs

    def set_knobs(self, knobs: Knobs) -> None:
        """Turn the knobs; all faults begin to count anew."""
        self._knobs = knobs
        self.store.clock.skew_ms = knobs.clock_skew_seconds * SECOND
        delay = knobs.event_delay_seconds * SECOND
        self.store.delay_events(delay, knobs.event_delay_spread_seconds * SECOND)
        self.fault_plan = FaultPlan(knobs, self.config.seed)
        self.store.webhooks.wake()

    def add_webhook_endpoint(self, url: str, secret: str) -> WebhookEndpoint:
        """Send every event from now on to ``url``; ValueError for an address that cannot be."""
        endpoint = WebhookEndpoint(url, secret)
        require_near(endpoint, allow_remote=self.config.allow_remote)
        self.store.webhooks.add_endpoint(endpoint)
        return endpoint

    def flush_webhooks(self, timeout: float = 30) -> int:
        """Attempt every webhook that waits and is due now; gives how many there were.

        When it returns, each receiver has answered or failed to. TimeoutError after ``timeout``
        seconds. Works without a `TwinServer` too.
        """
        return self.webhook_sender.flush(timeout)

    def send_test_webhook(
        self, resource_type: str = "payments", action: str = "confirmed"
    ) -> list[str]:
        """Do what the dashboard's button does, for every endpoint; gives the webhooks' ids.

        ValueError for a type or action that a test cannot be about.
        """
        now = iso(self.store.now_ms())
        number = next(self._test_webhooks)
        event = trial_event(resource_type, action, now, self.config.seed, number)
        return self.store.webhooks.send_test([event])

    def now(self) -> datetime:
        """The twin's time, in UTC. A host in the same process can take it for its own clock."""
        return moment(self.store.clock.current_ms())

    def seconds_ahead(self) -> int:
        """By how much the twin's time is ahead of real time, in whole seconds."""
        return round(self.store.clock.current_ms() / SECOND - time.time())

    def advance(self, delta: timedelta) -> datetime:
        """Set a virtual clock forward, and let everything happen that falls into that time.

        Gives the new time. ValueError for a twin without a virtual clock, or a negative ``delta``.
        """
        if not self.config.virtual_clock:
            raise ValueError("the twin's clock is real; make it with virtual_clock=True")
        if delta < timedelta(0):
            raise ValueError("time does not go back")
        store = self.store
        with store.lock:
            target = store.clock.current_ms() + delta // timedelta(milliseconds=1)
            self.engine.run_until(target)
            store.clock.move_to(target)
        store.webhooks.wake()
        return self.now()

    def catch_up(self) -> None:
        """Let happen what is due by now. A writer at work will do so itself."""
        store = self.store
        if store.lock.acquire(blocking=False):
            try:
                self.engine.run_until(store.clock.current_ms())
            finally:
                store.lock.release()

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
