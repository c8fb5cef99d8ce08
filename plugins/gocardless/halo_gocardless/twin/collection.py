"""The things of one resource type: those generated, and over them what was created, changed or
removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import not_found
from .identifiers import IdSpace
from .lanes import Body, CreatedLane, Lane, Place
from .times import iso


class Collection:
    """All things of one resource type.

    ``view`` is what a reader sees of a stored body (for fields that follow the clock), ``oldest``
    gives the time before which nothing is given out, ``is_hidden`` tells what cannot be seen yet.
    """

    def __init__(
        self,
        name: str,
        ids: IdSpace,
        generated: list[Lane],
        taken_over: dict[Place, int] | None = None,
        now_ms: Callable[[], int] = int,
    ) -> None:
        self.name = name
        self.view: Callable[[Body], Body] | None = None
        self.oldest: Callable[[], int] | None = None
        self.is_hidden: Callable[[Place], bool] | None = None
        self._ids = ids
        self._created = CreatedLane()
        self._changed: dict[Place, Body] = {}
        self._taken_over = {} if taken_over is None else taken_over
        self._now_ms = now_ms
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

    @property
    def horizon_ms(self) -> int:
        """Nothing from before this time is given out."""
        return self.oldest() if self.oldest is not None else 0

    def body_at(self, place: Place, *, removed_too: bool = False) -> Body | None:
        """The thing at this place, if there is one."""
        if place in self._removed and not removed_too:
            return None
        if self.is_hidden is not None and self.is_hidden(place):
            return None
        body = self._stored(place)
        return body if body is None or self.view is None else self.view(body)

    def find(self, identity: str) -> Body | None:
        """The thing with this id, if there is one."""
        place = self.place(identity)
        if place is None or (self.oldest and self.created_ms(place) < self.oldest()):
            return None
        return self.body_at(place)

    def get(self, identity: str) -> Body:
        """The thing with this id; a 404 `ApiError` when there is none."""
        return self._located(identity)[1]

    def add(self, created_ms: int, fields: Body) -> Body:
        """Keep a new thing; its id and time of creation come first, as in the API's bodies."""
        slot = len(self._created)
        body = {"id": self.next_id(), "created_at": iso(created_ms), **fields}
        self._created.append(created_ms, body)
        stored = self.body_at((self.created_lane, slot))
        return dict(body) if stored is None else stored

    def next_id(self) -> str:
        """The id that the next new thing will have."""
        return self._ids.encode(self.created_lane, len(self._created))

    def change(self, identity: str, **fields: Any) -> Body:
        """Replace some fields of a thing.

        A new status ends the steps that a generated thing takes by itself: from then on it only
        changes by further calls.
        """
        place, _ = self._located(identity)
        if "status" in fields:
            self.take_over(identity)
        self._change(place, fields)
        body = self.body_at(place)
        if body is None:
            raise not_found()
        return body

    def remove(self, identity: str) -> None:
        """Take a thing out of all lists; afterwards it cannot be found."""
        place, _ = self._located(identity)
        self._removed.add(place)

    def take_over(self, identity: str) -> None:
        """End the steps that a generated thing takes by itself, leaving it as it is now."""
        place, _ = self._located(identity)
        if place[0] != self.created_lane and place not in self._taken_over:
            self._changed[place] = self._stored(place) or {}
            self._taken_over[place] = self._now_ms()

    def is_created(self, identity: str) -> bool:
        """Whether the thing was not generated."""
        place = self.place(identity)
        return place is not None and place[0] == self.created_lane

    def is_taken_over(self, place: Place) -> bool:
        """Whether the thing takes no steps by itself (any more)."""
        return place[0] == self.created_lane or place in self._taken_over

    def _stored(self, place: Place) -> Body | None:
        changed = self._changed.get(place)
        if changed is not None and place in self._taken_over:
            return dict(changed)
        body = self.lanes[place[0]].body(place[1])
        return body if body is None or changed is None else body | changed

    def _change(self, place: Place, fields: Body) -> None:
        lane, slot = place
        if lane == self.created_lane:
            self._created.replace(slot, (self._created.body(slot) or {}) | fields)
        else:
            self._changed[place] = self._changed.get(place, {}) | fields

    def _located(self, identity: str) -> tuple[Place, Body]:
        place = self.place(identity)
        body = self.find(identity)
        if place is None or body is None:
            raise not_found()
        return place, body
