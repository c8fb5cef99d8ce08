"""A connection that was just enabled: a real integrator fills its mirror without being asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from halo_host import StreamKind

from .desk import SLUG, Desk
from .processes import integrator, wait_until


def test_the_payments_of_a_new_connection_come_by_themselves(
    make_desk: Callable[..., Desk], database_url: str, tmp_path: Path
) -> None:
    desk = make_desk(customers=10, now=datetime.now(UTC))
    assert desk.rows(StreamKind.PAYMENTS) == {}

    with integrator(database_url, tmp_path) as process:
        wait_until(lambda: desk.host.sync.freshness(SLUG).checked_at is not None, process)

    assert desk.rows(StreamKind.PAYMENTS).keys() == desk.held_by_twin(StreamKind.PAYMENTS).keys()
