"""What was never synced begins by itself, on a clock that has moved on at each look, as real ones
have."""

from __future__ import annotations

from datetime import datetime

import pytest
from support.clock import Clock

from .conftest import SLUG, Office


class MovingClock(Clock):
    def __call__(self) -> datetime:
        return self.advance(microseconds=1)


@pytest.fixture
def clock() -> Clock:
    return MovingClock()


def test_a_connection_that_was_never_synced_is_synced_at_once(office: Office) -> None:
    (first,) = office.turn()

    assert (first.kind, first.why) == ("sync", "schedule")
    (payments, *_) = [it for it in office.host.schedules.plan(SLUG) if it.part == "payments"]
    assert payments.due is not None
    assert payments.due > first.queued_at
