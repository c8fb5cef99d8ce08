"""What the twin holds: the generated business, and over it what was created, changed or removed.

Bodies are replaced, never changed in place, so that reading needs no lock; every write holds one.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

from .business import RESOURCE_TYPES, Business
from .causes import Cause, event_body
from .config import TwinConfig
from .errors import not_found
from .identifiers import IdSpace
from .lanes import Body, CreatedLane, Lane, Place
from .times import DAY, iso

_EVENT_HORIZON = 548 * DAY
"""Events older than eighteen months are not given out."""


class Collection:
    """All things of one resource type."""

    def __init__(
        self, name: str, ids: IdSpace, generated: list[Lane], horizon_ms: int | None = None
    ) -> None:
        self.name = name
        self.horizon_ms = horizon_ms
        self._ids = ids
        self._created = CreatedLane()
        self._changed: dict[Place, Body] = {}
        self._removed: set[Place] = set()
        self.lanes: list[Lane] = [*generated, self._created]
        self.created_lane = len(generated)

    def place(self, identity: str) -> Place | None:
        """Where the thing with this id stands or stood; None for an id that was never given out."""
        place = self._ids.decode(identity)
        return place if place is not None and self.has_place(place) else None

    def has_place(self, place: Place) -> bool:
        """Whether there is such a slot, empty or not."""
        lane, slot = place
        return 0 <= lane < len(self.lanes) and 0 <= slot < len(self.lanes[lane])

    def created_ms(self, place: Place) -> int:
        """When the thing at this place was created."""
        return self.lanes[place[0]].created_ms(place[1])

    def body_at(self, place: Place, *, removed_too: bool = False) -> Body | None:
        """The thing at this place, if there is one."""
        if place in self._removed and not removed_too:
            return None
        if place in self._changed:
            return dict(self._changed[place])
        return self.lanes[place[0]].body(place[1])

    def find(self, identity: str) -> Body | None:
        """The thing with this id, if there is one."""
        place = self.place(identity)
        if place is None or (self.horizon_ms and self.created_ms(place) < self.horizon_ms):
            return None
        return self.body_at(place)

    def get(self, identity: str) -> Body:
        """The thing with this id; a 404 `ApiError` when there is none."""
        return self._located(identity)[1]

    def add(self, created_ms: int, fields: Body) -> Body:
        """Keep a new thing; its id and time of creation come first, as in the API's bodies."""
        identity = self._ids.encode(self.created_lane, len(self._created))
        body = {"id": identity, "created_at": iso(created_ms), **fields}
        self._created.append(created_ms, body)
        return dict(body)

    def change(self, identity: str, **fields: Any) -> Body:
        """Replace some fields of a thing."""
        place, body = self._located(identity)
        self._changed[place] = body | fields
        return dict(self._changed[place])

    def remove(self, identity: str) -> None:
        """Take a thing out of all lists; afterwards it cannot be found."""
        place, _ = self._located(identity)
        self._removed.add(place)

    def _located(self, identity: str) -> tuple[Place, Body]:
        place = self.place(identity)
        body = self.find(identity)
        if place is None or body is None:
            raise not_found()
        return place, body


class Store:
    """All collections, the clock, and the memory that some rules need."""

    def __init__(self, config: TwinConfig) -> None:
        self.business = Business(config)
        self.lock = threading.RLock()
        self.idempotency_keys: dict[tuple[str, str], str] = {}
        self.bank_details: dict[tuple[str, str], str] = {}
        """(customer id, digest of the account details) → bank account id."""
        self.retries: Counter[str] = Counter()
        self.reinstatements: Counter[str] = Counter()
        self._started = time.monotonic()
        self.collections = {name: self._collection(name) for name in RESOURCE_TYPES}
        self.customers = self.collections["customers"]
        self.bank_accounts = self.collections["customer_bank_accounts"]
        self.mandates = self.collections["mandates"]
        self.payments = self.collections["payments"]
        self.events = self.collections["events"]

    def _collection(self, name: str) -> Collection:
        business = self.business
        horizon_ms = business.now_ms - _EVENT_HORIZON if name == "events" else None
        return Collection(name, business.ids[name], business.lanes(name), horizon_ms)

    def now_ms(self) -> int:
        """The twin's time: it starts at the configured now and goes on from there."""
        return self.business.now_ms + int((time.monotonic() - self._started) * 1000)

    def add_event(
        self,
        resource_type: str,
        action: str,
        cause: Cause,
        resource: Body,
        *,
        request_metadata: dict[str, str] | None = None,
        parent_event: str | None = None,
    ) -> str:
        """Write an event about ``resource``; gives its id."""
        now = self.now_ms()
        body = event_body(iso(now), resource_type, action, cause, resource, request_metadata)
        if parent_event is not None:
            body["links"]["parent_event"] = parent_event
        identity: str = self.events.add(now, body)["id"]
        return identity
