"""The pages for people: a payment, a customer with its metadata, a search."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from halo_gocardless.twin import TwinServer

from .conftest import Api

NASTY = "<script>alert('x')</script>"


def _page(server: TwinServer, path: str) -> str:
    answer = requests.get(server.dashboard_url + path, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Twin — not GoCardless" in answer.text
    return answer.text


def _save(server: TwinServer, identity: str, *pairs: tuple[str, str]) -> requests.Response:
    form = {"key": [key for key, _ in pairs], "value": [value for _, value in pairs]}
    url = f"{server.dashboard_url}/customers/{identity}"
    return requests.post(url, data=form, headers={"Origin": server.url}, timeout=10)


@pytest.fixture
def customer(api: Api) -> dict[str, Any]:
    values = {"company_name": NASTY, "metadata": {"office": "Leeds", "contract": NASTY}}
    body: dict[str, Any] = api.post("/customers", json={"customers": values}).json()["customers"]
    return body


def test_a_payment_shows_its_facts_and_leads_to_its_customer(server: TwinServer, api: Api) -> None:
    payment = next(it for it in api.everything("/payments") if it["reference"])
    mandate = api.get(f"/mandates/{payment['links']['mandate']}").json()["mandates"]
    page = _page(server, f"/payments/{payment['id']}")

    pounds, pence = divmod(payment["amount"], 100)
    for fact in (
        f"{pounds:,}.{pence:02d} {payment['currency']}",
        payment["status"].replace("_", " ").capitalize(),
        payment["charge_date"],
        payment["reference"],
        mandate["id"],
        "Kestrel Managed Services Ltd",
        f'href="/dashboard/customers/{mandate["links"]["customer"]}"',
    ):
        assert fact in page


def test_a_customer_leads_to_its_payments(server: TwinServer, api: Api) -> None:
    payment = api.everything("/payments")[0]
    mandate = api.get(f"/mandates/{payment['links']['mandate']}").json()["mandates"]
    page = _page(server, f"/customers/{mandate['links']['customer']}")

    assert mandate["id"] in page
    assert f'href="/dashboard/payments/{payment["id"]}"' in page


def test_metadata_is_edited_and_the_api_gives_it(
    server: TwinServer, api: Api, customer: dict[str, Any]
) -> None:
    answer = _save(server, customer["id"], ("office", "York"), ("", ""), (" new ", "1"))

    assert "Saved." in answer.text
    after = api.get(f"/customers/{customer['id']}").json()["customers"]
    assert after == customer | {"metadata": {"office": "York", "new": "1"}}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("k" * 51, "1")], "keys must have 1 to 50 characters"),
        ([("office", "v" * 501)], "office cannot be over 500 characters"),
        ([("", "value without key")], "A value needs a key."),
        ([("a", "1"), ("a", "2")], "A key can be used only once."),
        ([("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")], "cannot have more than 3 keys"),
    ],
)
def test_metadata_that_breaks_a_rule_is_refused_and_what_was_typed_stays(
    server: TwinServer,
    api: Api,
    customer: dict[str, Any],
    pairs: list[tuple[str, str]],
    message: str,
) -> None:
    answer = _save(server, customer["id"], *pairs)

    assert answer.status_code == 422
    assert message in answer.text
    assert f'value="{pairs[0][1]}"' in answer.text
    assert api.get(f"/customers/{customer['id']}").json()["customers"] == customer


def test_everything_is_escaped(server: TwinServer, customer: dict[str, Any]) -> None:
    pages = [
        _page(server, f"/customers/{customer['id']}"),
        _page(server, ""),
        _page(server, "?q=script"),
        _page(server, '?q="><b>'),
        _save(server, customer["id"], (NASTY, "v" * 501)).text,
    ]
    for page in pages:
        assert "<script" not in page
        assert "<b>" not in page
    assert all("&lt;script" in page for page in (*pages[:3], pages[4]))


def test_the_search_finds_by_id_and_by_name(server: TwinServer, api: Api) -> None:
    customer = api.everything("/customers", sort_field="company_name")[0]
    payment = api.everything("/payments")[0]

    assert customer["id"] in _page(server, f"?q={customer['id']}")
    assert payment["id"] in _page(server, f"?q={payment['id']}")
    assert customer["id"] in _page(server, f"?q={customer['company_name'].upper()[:12]}")
    assert "Nobody among" in _page(server, "?q=there is nobody of this name")


@pytest.mark.parametrize("path", ["/payments/PM1", "/customers/CU1"])
def test_what_is_not_there_is_a_readable_404(server: TwinServer, path: str) -> None:
    answer = requests.get(server.dashboard_url + path, timeout=10)
    assert answer.status_code == 404
    assert "nothing with this id" in answer.text


def test_a_payment_of_a_removed_customer_still_opens(server: TwinServer, api: Api) -> None:
    payment = api.everything("/payments")[0]
    mandate = api.get(f"/mandates/{payment['links']['mandate']}").json()["mandates"]
    api.delete(f"/customers/{mandate['links']['customer']}")
    assert "removed (" in _page(server, f"/payments/{payment['id']}")


def test_a_page_loads_nothing_from_elsewhere(server: TwinServer) -> None:
    answer = requests.get(server.dashboard_url, timeout=10)
    style = requests.get(f"{server.dashboard_url}/static/twin.css", timeout=10)

    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.text
    assert style.status_code == 200
    assert "url(" not in style.text


def test_a_payment_shows_what_happened_its_refunds_and_its_payout(
    server: TwinServer, api: Api
) -> None:
    refunded = api.everything("/refunds")[-1]
    payment = api.read({"id": refunded["links"]["payment"]})
    page = _page(server, f"/payments/{payment['id']}")

    assert f'href="/dashboard/refunds/{refunded["id"]}"' in page
    assert f'href="/dashboard/payouts/{payment["links"]["payout"]}"' in page
    assert f'href="/dashboard/mandates/{payment["links"]["mandate"]}"' in page
    for event in api.events_of(payment):
        assert event["details"]["description"].replace("'", "&#39;") in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/payouts", "Gocardless fee"),
        ("/mandates", "Next charge date"),
        ("/subscriptions", "Upcoming"),
        ("/refunds", "What happened"),
    ],
)
def test_there_is_a_page_for_each_kind_of_thing(
    server: TwinServer, api: Api, path: str, words: str
) -> None:
    thing = api.get(path).json()[path.strip("/")][3]
    page = _page(server, f"{path}/{thing['id']}")
    assert thing["id"] in page
    assert words in page
    found = requests.get(f"{server.dashboard_url}?q={thing['id']}", timeout=10)
    assert found.url == f"{server.dashboard_url}{path}/{thing['id']}"
    missing = requests.get(f"{server.dashboard_url}{path}/XX123", timeout=10)
    assert missing.status_code == 404


def test_a_payout_shows_its_items(server: TwinServer, api: Api) -> None:
    payout = api.get("/payouts").json()["payouts"][2]
    page = _page(server, f"/payouts/{payout['id']}")
    for item in api.everything("/payout_items", payout=payout["id"])[:20]:
        assert item["links"]["payment"] in page


def test_a_button_runs_a_scenario(server: TwinServer, api: Api) -> None:
    [payment, *_] = api.get("/payments", params={"status": "confirmed"}).json()["payments"]
    page = _page(server, f"/payments/{payment['id']}")
    assert 'value="payment_charged_back"' in page
    assert 'value="payment_submitted"' not in page

    url = f"{server.dashboard_url}/payments/{payment['id']}/simulate"
    form = {"scenario": "payment_charged_back"}
    answer = requests.post(url, data=form, headers={"Origin": server.url}, timeout=10)
    assert answer.status_code == 200
    assert "Charged back" in answer.text
    assert api.read(payment)["status"] == "charged_back"

    again = requests.post(url, data=form, headers={"Origin": server.url}, timeout=10)
    assert again.status_code == 422
    assert "it must be" in again.text
    other = requests.post(url, data=form, headers={"Origin": "http://evil.example"}, timeout=10)
    assert other.status_code == 403


def test_the_clock_page_lets_time_pass(virtual: TwinServer) -> None:
    page = _page(virtual, "/clock")
    assert "Wednesday 18 March 2026, 09:30:00 UTC" in page
    url = f"{virtual.dashboard_url}/clock"
    headers = {"Origin": virtual.url}
    answer = requests.post(url, data={"step": "week"}, headers=headers, timeout=10)
    assert "Wednesday 25 March 2026, 09:30:00 UTC" in answer.text
    assert requests.post(url, data={"step": "era"}, headers=headers, timeout=10).status_code == 422


def test_a_real_clock_is_shown_without_buttons(server: TwinServer) -> None:
    page = _page(server, "/clock")
    assert "A real clock" in page
    assert "<button" not in page
    answer = requests.post(f"{server.dashboard_url}/clock", data={"step": "day"}, timeout=10)
    assert answer.status_code == 422
