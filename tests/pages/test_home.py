"""The start page: what waits, how connections are, alerts with whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.banked import Banked
from support.mirror import Mirror
from support.pages import Visitor, mistakes

from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.host import Host

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"
_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrored Pay is installed, too."""
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def banked(host: Host) -> Banked:
    return Banked(host)


def test_first_steps_name_a_command_that_is_there(viewer: Visitor, host: Host) -> None:
    text = viewer.get("/").text

    assert mistakes(text) == []
    assert "<code>halo-host directory import</code>" in text


def test_payments_that_no_sync_has_brought_yet_are_waited_for(
    banked: Banked, viewer: Visitor
) -> None:
    waits = viewer.get("/").text
    assert mistakes(waits) == []
    assert "Bank of the North has not read any payments yet" in waits
    assert "They come with the first sync, a few minutes after enabling." in waits

    banked.sync()

    assert "has not read any payments yet" not in viewer.get("/").text


def test_open_conflicts_are_counted_and_lead_to_their_rows(viewer: Visitor, desk: Desk) -> None:
    for name in ("One", "Two"):
        desk.add_user("Warehouse", given_name=name, email="same@example.com")
    done = desk.run({"id": "CU1", "given_name": "Ann", "email": "same@example.com"})

    text = viewer.get("/").text

    assert mistakes(text) == []
    assert f"1 conflict of {desk.host.connections.get(CONNECTION).name} waits for" in text
    assert f'href="/imports/{done.number}?action=conflict"' in text


def test_an_import_that_waits_for_its_review_is_named(viewer: Visitor, desk: Desk) -> None:
    desk.ledger.write({"id": "CU1", "given_name": "Ann", "company": "Acme Ltd"})
    number = desk.host.imports.run(CONNECTION, agent=AGENT, kept=True).change_set.number

    text = viewer.get("/").text

    assert f"Import {number} of " in text
    assert "waits for its review" in text


def test_a_paused_connection_is_not_healthy_but_paused(banked: Banked, viewer: Visitor) -> None:
    banked.sync()
    assert ">Paused<" not in viewer.htmx("/").text
    banked.host.schedules.pause("bank", agent=AGENT)

    text = viewer.htmx("/").text

    assert "Paused</span>" in text
    assert "Healthy" not in text
    assert "<dt>Next sync</dt><dd>paused</dd>" in text


def test_alerts_name_the_user_and_lead_to_the_payment(viewer: Visitor, desk: Desk) -> None:
    host = desk.host
    host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(host, "bank")
    mirror.filled()
    ann = desk.add_user("Warehouse", given_name="Ann", family_name="Archer")
    mirror.link("CU1", ann)
    mirror.payment("PM1", amount=42_000, status="failed")
    with host.database.write() as connection:
        number = host.connections.get("bank").id
        text = "Payment PM1 of 420.00 GBP failed after it had counted as collected."
        raise_alerts(
            connection,
            [NewAlert(number, "late_failure", "late_failure:PM1", text, "CU1", _AT)],
        )

    home, user = viewer.get("/").text, viewer.get(f"/users/{ann}").text

    assert '<a href="/payments/bank/PM1">Payment PM1 of £420.00 failed after' in home
    assert f'<a href="/users/{ann}">Ann Archer</a>' in home
    assert "420.00 GBP" not in home
    assert "£420.00" in user
    assert "420.00 GBP" not in user
