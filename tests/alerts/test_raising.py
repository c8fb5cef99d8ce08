"""Raising alerts: once for each matter, again when it happens again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from support.acme import CONNECTION, Desk
from support.clock import Clock

from halo_host.alerts.raising import NewAlert, end_alerts, raise_alerts
from halo_host.database.job_tables import alerts


def raised(desk: Desk, *keys: str, hours: float = 0) -> int:
    owner = desk.host.connections.get(CONNECTION).id
    at = desk.host.clock() + timedelta(hours=hours)
    new = [NewAlert(owner, key.split(":")[0], key, f"{key}!\0", "CU1", at) for key in keys]
    with desk.host.database.write() as connection:
        return raise_alerts(connection, new)


def open_keys(desk: Desk) -> Sequence[str]:
    query = select(alerts.c.key).where(alerts.c.ended_at.is_(None)).order_by(alerts.c.id)
    with desk.host.database.read() as connection:
        return connection.scalars(query).all()


def test_an_alert_is_raised_once_while_it_is_open(desk: Desk) -> None:
    assert raised(desk, "late_failure:P1", "late_failure:P2", "late_failure:P2") == 2
    assert raised(desk, "late_failure:P2", "chargeback:P2", hours=5) == 1

    assert open_keys(desk) == ["late_failure:P1", "late_failure:P2", "chargeback:P2"]


def test_what_was_ended_is_raised_again_only_when_it_happens_again(
    desk: Desk, clock: Clock
) -> None:
    raised(desk, "late_failure:P1")
    owner = desk.host.connections.get(CONNECTION).id
    with desk.host.database.write() as connection:
        assert end_alerts(connection, owner, ["late_failure:P1", "other"], clock()) == 1

    assert raised(desk, "late_failure:P1") == 0  # the same event, read again
    assert raised(desk, "late_failure:P1", hours=1) == 1


def test_nothing_to_raise_costs_nothing(desk: Desk) -> None:
    assert raised(desk) == 0
