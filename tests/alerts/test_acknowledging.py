"""Money alerts wait for an agent; the mark on a user; the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.acme import AGENT, CONNECTION, Desk
from support.clock import Clock

from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.audit import entries
from halo_host.cli import main
from halo_host.errors import InvalidInput, NotFound


def raised(desk: Desk, kind: str, payer: str = "CU1") -> int:
    owner = desk.host.connections.get(CONNECTION).id
    text = f"A {kind} of £12.50 by {payer}."
    with desk.host.database.write() as connection:
        key = f"{kind}:PM-{payer}"
        alert = NewAlert(owner, kind, key, text, payer, desk.host.clock())
        assert raise_alerts(connection, [alert]) == 1
    return desk.host.alerts.list(CONNECTION)[0].id


def test_an_alert_about_money_ends_with_its_acknowledgement(desk: Desk, clock: Clock) -> None:
    number = raised(desk, "late_failure")

    seen = desk.host.alerts.acknowledge(number, agent="Olive")

    assert (seen.acknowledged_by, seen.acknowledged_at, seen.ended_at) == (
        "Olive",
        clock(),
        clock(),
    )
    assert desk.host.alerts.list(CONNECTION) == []
    assert [it.id for it in desk.host.alerts.list(CONNECTION, ended=True)] == [number]
    (entry,) = entries(desk.host.database, entity="alert")
    assert (entry.agent, entry.action, entry.entity_id) == (
        "Olive",
        "alert.acknowledged",
        str(number),
    )
    with pytest.raises(InvalidInput, match="acknowledged by Olive already"):
        desk.host.alerts.acknowledge(number, agent="Ann")


def test_any_other_alert_stays_open_until_what_it_tells_of_is_over(desk: Desk) -> None:
    number = raised(desk, "sync_failing")

    desk.host.alerts.acknowledge(number, agent="Olive")

    (alert,) = desk.host.alerts.list(CONNECTION)
    assert (alert.acknowledged_by, alert.ended_at) == ("Olive", None)


def test_the_mark_is_on_the_user_of_the_payer_until_it_is_acknowledged(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"}, {"id": "CU2", "given_name": "Bob"})
    ann, bob = desk.user_of("CU1"), desk.user_of("CU2")
    number = raised(desk, "chargeback")
    raised(desk, "sync_failing")

    assert [it.id for it in desk.host.alerts.of_user(ann)] == [number]
    assert desk.host.alerts.of_user(bob) == []
    desk.host.alerts.acknowledge(number, agent=AGENT)
    assert desk.host.alerts.of_user(ann) == []


def test_a_mark_appears_when_the_payer_is_linked_later(desk: Desk) -> None:
    raised(desk, "late_failure")
    desk.run({"id": "CU1", "given_name": "Ann"})

    assert len(desk.host.alerts.of_user(desk.user_of("CU1"))) == 1


def test_an_unknown_alert_is_said_to_be_so(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no alert 7"):
        desk.host.alerts.acknowledge(7, agent="Olive")


@pytest.fixture
def halo(desk: Desk, tmp_path: Path) -> Callable[..., str]:
    def run(*arguments: str, fails: bool = False) -> str:
        database = desk.host.settings.database_url
        given = ["--data", str(tmp_path / "data"), "--database", database, *arguments]
        result = CliRunner().invoke(main, given)
        assert result.exit_code == int(fails), result.output
        return result.output

    return run


def test_the_command_line_lists_marks_and_acknowledges(
    desk: Desk, halo: Callable[..., str]
) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"})
    ann = str(desk.user_of("CU1"))
    number = str(raised(desk, "late_failure"))

    assert "late failure" in halo("alerts", "list")
    said = f"! Alert {number} (acme-pay): A late_failure of £12.50 by CU1."
    assert said in halo("users", "show", ann)
    as_json: dict[str, Any] = json.loads(halo("users", "show", ann, "--json"))
    assert [it["kind"] for it in as_json["alerts"]] == ["late_failure"]

    assert "is acknowledged" in halo("alerts", "acknowledge", number)
    assert said not in halo("users", "show", ann)
    assert json.loads(halo("alerts", "list", "--json")) == []
    assert len(json.loads(halo("alerts", "list", "acme-pay", "--all", "--json"))) == 1
    assert "not sent anywhere" in halo("alerts", "test", fails=True)
    assert "no connection nobody" in halo("alerts", "list", "nobody", fails=True)
