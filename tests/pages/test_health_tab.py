"""The Health tab of a connection: proof, alerts, webhook deliveries."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from support.acme import CONNECTION, Desk
from support.banked import Banked
from support.pages import Visitor, mistakes
from support.serving import SECRET, signed

from halo_host.alerts.raising import NewAlert, raise_alerts
from halo_host.host import Host
from halo_host.jobs.job import Why

TAB = "/integrations/bank/health"
HOOKS = "/integrations/acme-pay/health"
_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def banked(host: Host) -> Banked:
    return Banked(host)


def deliver(desk: Desk, number: int, **more: object) -> None:
    """A delivery that was taken in, and waits."""
    body = json.dumps({"id": f"D{number}", "events": [], **more}).encode()
    answer = desk.host.webhooks.receive("acme-pay", signed(body), lambda limit: body[:limit])
    assert answer.is_good


def process(desk: Desk) -> None:
    with desk.host.jobs.holding("webhooks", "acme-pay", agent="tester") as held:
        held.result = desk.host.webhooks.process(held.lease) or "Nothing."


@pytest.fixture
def listening(desk: Desk) -> Desk:
    desk.host.connections.configure("acme-pay", settings={"webhook_secret": SECRET}, agent="tester")
    return desk


def test_what_is_wrong_is_told_in_words(banked: Banked, viewer: Visitor) -> None:
    page = viewer.get(TAB)

    assert mistakes(page.text) == []
    assert "The mirror has not been filled yet." in page.text
    assert "The mirror was never compared with the provider." in page.text


def test_a_proof_is_asked_for_and_shown(banked: Banked, operator: Visitor) -> None:
    assert operator.post(f"{TAB}/verify").status_code == 422  # nothing to compare yet
    banked.sync()

    assert operator.post(f"{TAB}/verify").status_code == 303
    waiting = operator.get(TAB)
    assert mistakes(waiting.text) == []
    assert "Verify now" not in waiting.text
    banked.work()

    page = operator.htmx(TAB).text
    assert "No difference" in page
    assert "2 payers" in page
    assert "Verify now" in page


def test_a_repair_is_a_proof_that_mends(banked: Banked, operator: Visitor) -> None:
    banked.sync()

    operator.post(f"{TAB}/verify", {"repair": "1"})

    job = banked.host.jobs.list("bank")[0]
    assert (job.kind, job.why, job.arguments) == ("verify", Why.REPAIR, {"repair": True})
    assert job.agent == "Operator Jones"


def test_viewers_look_and_start_nothing(banked: Banked, viewer: Visitor) -> None:
    banked.sync()

    assert "Verify now" not in viewer.get(TAB).text
    assert viewer.post(f"{TAB}/verify").status_code == 403


def test_a_plugin_without_a_mirror_says_so(listening: Desk, viewer: Visitor) -> None:
    page = viewer.get(HOOKS)

    assert mistakes(page.text) == []
    assert "keeps no mirror of payments" in page.text
    assert "Nothing was delivered yet" in page.text


def test_the_address_to_register_is_shown(listening: Desk, viewer: Visitor) -> None:
    page = viewer.get(HOOKS).text

    assert f'value="{listening.host.webhooks.address("acme-pay")}"' in page
    assert "HALO_HOST_PUBLIC_URL" in page


def test_a_delivery_is_shown_with_its_payload_and_replayed(
    listening: Desk, operator: Visitor, viewer: Visitor
) -> None:
    deliver(listening, 1, note="<script>alert(1)</script>")
    process(listening)
    hidden = viewer.get(f"{HOOKS}/deliveries/1")
    assert mistakes(hidden.text) == []
    assert "D1&#34;" not in hidden.text
    assert "shown to operators" in hidden.text
    page = operator.get(f"{HOOKS}/deliveries/1")
    assert mistakes(page.text) == []
    assert "&#34;D1&#34;" in page.text
    assert "<script>alert" not in page.text

    assert operator.post(f"{HOOKS}/deliveries/1/replay").status_code == 303

    assert listening.host.webhooks.get(1).delivery.state == "new"
    assert listening.host.jobs.list("acme-pay", states=("queued",))[0].kind == "webhooks"


def test_deliveries_are_filtered_by_state_and_those_that_failed_replayed(
    listening: Desk, operator: Visitor
) -> None:
    deliver(listening, 1)
    process(listening)  # it fails, as Acme Pay mirrors nothing
    deliver(listening, 2)

    failed = operator.htmx(f"{HOOKS}/deliveries?state=failed").text
    assert f"{HOOKS}/deliveries/1" in failed
    assert f"{HOOKS}/deliveries/2" not in failed
    assert mistakes(operator.get(f"{HOOKS}/deliveries?state=new").text) == []

    operator.post(f"{HOOKS}/deliveries/replay", {"state": "failed"})

    assert listening.host.webhooks.get(1).delivery.state == "new"
    assert listening.host.webhooks.get(2).delivery.replays == 0
    assert operator.post(f"{HOOKS}/deliveries/replay", {"state": "new"}).status_code == 422


def test_a_delivery_of_another_connection_is_not_there(
    listening: Desk, banked: Banked, operator: Visitor
) -> None:
    deliver(listening, 1)
    process(listening)

    assert operator.get(f"{TAB}/deliveries/1").status_code == 404
    assert operator.post(f"{TAB}/deliveries/1/replay").status_code == 404
    assert listening.host.webhooks.get(1).delivery.replays == 0


def test_deliveries_go_on_on_the_next_page(
    listening: Desk, viewer: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("halo_host.web.integrations.deliveries._PAGE", 2)
    for number in (1, 2, 3):
        deliver(listening, number)
        listening.host.clock.advance(seconds=1)  # type: ignore[attr-defined]

    first = viewer.get(f"{HOOKS}/deliveries").text
    assert "/deliveries/3" in first
    assert "/deliveries/1" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = viewer.get(following.replace("&amp;", "&")).text

    assert "/deliveries/1" in second
    assert "/deliveries/2" not in second


def test_an_alert_is_acknowledged_where_it_is_told(
    banked: Banked, operator: Visitor, viewer: Visitor
) -> None:
    number = banked.host.connections.get("bank").id
    alert = NewAlert(number, "late_failure", "late_failure:PM1", "PM1 failed late.", "CU1", _AT)
    with banked.host.database.write() as connection:
        raise_alerts(connection, [alert])
    assert "Acknowledge" not in viewer.get(TAB).text
    page = operator.get(TAB)
    assert mistakes(page.text) == []
    assert "PM1 failed late." in page.text
    assert 'action="/alerts/1/acknowledge"' in page.text

    answer = operator.post("/alerts/1/acknowledge", {"back": TAB})

    assert answer.headers["Location"] == TAB
    assert "PM1 failed late." not in operator.get(TAB).text


def test_a_missing_secret_of_webhooks_is_pointed_out(
    desk: Desk, viewer: Visitor, administrator: Visitor
) -> None:
    page = administrator.get(HOOKS)
    assert mistakes(page.text) == []
    assert "No secret is stored" in page.text
    assert "Until Webhook secret is set, every delivery is refused." in page.text
    assert f'<a href="/integrations/{CONNECTION}/details">Set it in Details</a>' in page.text
    assert "An administrator sets it" in viewer.get(HOOKS).text

    desk.host.connections.configure(CONNECTION, settings={"webhook_secret": SECRET}, agent="tester")

    assert "No secret is stored" not in viewer.get(HOOKS).text


def test_open_alerts_are_counted_once_and_lead_on(banked: Banked, viewer: Visitor) -> None:
    host = banked.host
    banked.sync()
    with host.database.write() as connection:
        number = host.connections.get("bank").id
        text = "Payment PM-CU1-0 of 10.00 GBP was charged back by the payer."
        raise_alerts(
            connection,
            [NewAlert(number, "chargeback", "chargeback:PM-CU1-0", text, "CU1", _AT)],
        )

    page = viewer.get(TAB).text

    assert "<dd>1, 1 about money</dd>" in page
    assert '<a href="/payments/bank/PM-CU1-0">Look at the payment</a>' in page
