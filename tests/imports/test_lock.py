"""Two imports of one connection at once: the second says who holds the lock."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import update
from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock

from halo_host.database.tables import import_locks
from halo_host.errors import ConnectionBusy
from halo_host.imports.lock import LIFETIME, locked


def connection_id(desk: Desk) -> int:
    return desk.host.connections.get(CONNECTION).id


def hold(desk: Desk, clock: Clock, agent: str = "Olive"):  # type: ignore[no-untyped-def]
    return locked(desk.host.database, connection_id(desk), CONNECTION, agent, clock)


def test_the_second_import_says_who_holds_the_lock(desk: Desk, clock: Clock) -> None:
    with hold(desk, clock), pytest.raises(ConnectionBusy) as caught:
        desk.run({"id": "CU1"})

    said = str(caught.value)
    assert "Olive" in said
    assert platform.node() in said
    assert f"process {os.getpid()}" in said
    assert "2026-03-02 09:00:00 UTC" in said
    assert desk.names() == []


def test_the_lock_is_free_again_after_an_import_that_failed(desk: Desk) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="The provider is down"):
            desk.run({"fail": "The provider is down."})

    assert desk.run({"id": "CU1"}).rows == {"new": {"applied": 1}}


def test_other_connections_are_not_locked(desk: Desk, clock: Clock) -> None:
    desk.enable("second")
    desk.ledger.write({"id": "CU1"})

    with hold(desk, clock):
        assert desk.run(slug="second").rows == {"new": {"applied": 1}}


def test_undo_and_resolve_wait_for_an_import_too(desk: Desk, clock: Clock) -> None:
    number = desk.run({"id": "CU1"}).number

    with hold(desk, clock), pytest.raises(ConnectionBusy):
        desk.host.imports.undo(number, agent=AGENT)

    assert len(desk.names()) == 1


def test_a_dead_process_of_this_machine_holds_nothing(desk: Desk, clock: Clock) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with hold(desk, clock):
        set_holder(desk, process_id=ended.pid)
        assert desk.run({"id": "CU1"}).rows == {"new": {"applied": 1}}


def test_a_holder_elsewhere_is_taken_for_dead_when_its_lock_has_run_out(
    desk: Desk, clock: Clock
) -> None:
    with hold(desk, clock):
        set_holder(desk, machine="another-machine", process_id=1)
        with pytest.raises(ConnectionBusy, match="another-machine"):
            desk.run({"id": "CU1"})

        clock.advance(seconds=LIFETIME.total_seconds())
        assert desk.run({"id": "CU1"}).rows == {"new": {"applied": 1}}


def test_a_holder_that_was_taken_for_dead_writes_nothing_more(desk: Desk, clock: Clock) -> None:
    with hold(desk, clock) as lost:
        clock.advance(seconds=(LIFETIME + timedelta(seconds=1)).total_seconds())
        desk.run({"id": "CU1"})

        with (
            pytest.raises(ConnectionBusy, match="another took over"),
            desk.host.database.write() as connection,
        ):
            lost.renew(connection)


def set_holder(desk: Desk, **values: object) -> None:
    with desk.host.database.write() as connection:
        connection.execute(update(import_locks).values(**values))
