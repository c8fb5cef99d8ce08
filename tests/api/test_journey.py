"""What a program does over the API: enable, map, import, decide, apply, undo, look."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from support.acme import Desk
from support.api import Program
from support.clock import Clock
from support.mirror import Mirror
from support.serving import SECRET, delivery, eventually, signed

from halo_host.audit import entries
from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.worker import Worker

KEY = "a-very-secret-key"


def work(host: Host) -> None:
    """What an integrator does, until nothing is left."""
    Worker(host.jobs, carriers(host), lambda: False).work()


def test_a_connection_is_enabled_changed_checked_and_disabled(
    administrator: Program, host: Host, tmp_path: Path
) -> None:
    tile = administrator.get("/integrations/acme-pay").get_json()
    assert (tile["ready"], tile["version"], tile["connections"]) == (True, "1.2", [])
    settings = {"ledger": str(tmp_path / "ledger.jsonl"), "api_key": KEY}

    made = administrator.post("/connections", {"integration": "acme-pay", "settings": settings})
    assert made.status_code == 201
    assert made.headers["Location"] == "/api/v1/connections/acme-pay"
    assert made.get_json()["secrets"] == ["api_key"]

    changed = administrator.patch(
        "/connections/acme-pay",
        {"name": "Acme North", "settings": {"retries": 3}, "matching": {"user_id_key": "psa"}},
    )
    assert changed.get_json()["settings"]["retries"] == 3
    assert changed.get_json()["matching"]["user_id_key"] == "psa"
    assert administrator.post("/connections/acme-pay/check").get_json()["ok"] is True
    assert administrator.get("/connections/acme-pay/fields").get_json()["items"] == [
        {"key": "office", "label": "Office", "sample": "Leeds"}
    ]
    disabled = administrator.post("/connections/acme-pay/disable").get_json()
    assert disabled["enabled"] is False
    refused = administrator.post("/connections/acme-pay/check")
    assert refused.status_code == 422
    assert "is disabled" in refused.get_json(force=True)["detail"]

    for path in ("/connections", "/connections/acme-pay", "/integrations"):
        assert KEY not in administrator.get(path).text
    assert {it.agent for it in entries(host.database, entity="connection")} == {
        "Administrator Program"
    }


def test_wrong_settings_are_told_by_field(administrator: Program) -> None:
    answer = administrator.post(
        "/connections",
        {"integration": "acme-pay", "settings": {"region": "west", "api_key": "short"}},
    )

    assert answer.status_code == 422
    wrong = {it["where"] for it in answer.get_json(force=True)["errors"]}
    assert wrong == {"ledger", "region", "api_key"}
    assert "short" not in answer.text.replace("shorter", "")


def test_an_import_is_started_looked_at_applied_and_undone(
    operator: Program, host: Host, desk: Desk
) -> None:
    field = operator.post("/custom-fields", {"name": "Office"}).get_json()["id"]
    operator.put(f"/connections/acme-pay/mappings/{field}", {"metadata_key": "office"})
    operator.put("/connections/acme-pay/core-fields/phone", {"policy": "keep"})
    mappings = operator.get("/connections/acme-pay/mappings").get_json()
    assert mappings["field_mappings"][0]["custom_field_name"] == "Office"
    assert mappings["core_fields"]["phone"] == "keep"
    desk.ledger.write(
        *({"id": f"CU{n}", "given_name": f"Ann {n}", "metadata": {"office": "X"}} for n in "123")
    )

    started = operator.post("/connections/acme-pay/imports")
    assert started.status_code == 202
    path = started.headers["Location"].removeprefix("/api/v1")
    assert operator.get(path).get_json()["state"] == "queued"
    assert operator.get(f"{path}/job").get_json()["state"] == "queued"
    busy = operator.post("/connections/acme-pay/imports")
    assert busy.status_code == 409
    work(host)

    planned = operator.get(path).get_json()
    assert (planned["state"], planned["rows"]) == ("planned", {"new": {"pending": 3}})
    assert desk.names() == []
    first = operator.get(f"{path}/rows?limit=2").get_json()
    rest = operator.get(f"{path}/rows?limit=2&cursor={first['next']}").get_json()
    assert [it["position"] for it in first["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None
    assert first["items"][0]["why"]
    ticked = operator.post(f"{path}/tick", {"wanted": False, "positions": [3]})
    assert ticked.get_json() == {"changed": 1}

    stale = operator.post(f"{path}/apply", {"version": planned["version"]})
    assert stale.status_code == 412
    version = operator.get(path).get_json()["version"]
    assert operator.post(f"{path}/apply", {"version": version}).status_code == 202
    work(host)
    assert operator.get(path).get_json()["state"] == "applied"
    assert sorted(desk.names()) == ["Ann 1", "Ann 2"]
    user = operator.get("/users?q=Ann 1").get_json()["items"][0]["id"]
    assert operator.get(f"/users/{user}/values").get_json()["items"][0]["value"] == "X"
    assert operator.get(f"/users/{user}/links").get_json()["items"][0]["external_id"] == "CU1"

    assert operator.get(f"{path}/undo").get_json()["undone"] == {"new": 2}
    assert operator.post(f"{path}/undo").status_code == 202
    work(host)
    assert operator.get(path).get_json()["state"] == "undone"
    assert desk.names() == []
    held = operator.get("/connections/acme-pay/held-payers").get_json()["items"]
    released = operator.post(
        "/connections/acme-pay/held-payers/release",
        {"payers": [it["external_id"] for it in held]},
    )
    assert released.get_json() == {"released": 2}


def test_a_conflict_is_decided(operator: Program, host: Host, desk: Desk) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", email="ann@example.com", given_name="Ann")
    desk.add_user("Acme Ltd/Warehouse", email="ann@example.com", given_name="Anna")
    done = desk.run({"id": "CU1", "email": "ann@example.com", "company": "Acme Ltd"})
    path = f"/imports/{done.number}/rows"
    (row,) = operator.get(f"{path}?state=open").get_json()["items"]
    assert len(row["candidates"]) == 2

    unclear = operator.post(f"{path}/{row['position']}/resolve", {"user": user, "skip": True})
    assert unclear.status_code == 422
    decided = operator.post(f"{path}/{row['position']}/resolve", {"user": user})

    assert decided.get_json()["state"] == "applied"
    assert operator.get(f"/users/{user}/links").get_json()["items"][0]["external_id"] == "CU1"


def test_the_directory_is_kept(operator: Program, host: Host) -> None:
    made = operator.post("/customers", {"name": "Acme Ltd", "sites": ["Head office"]})
    customer = made.get_json()["id"]
    site = operator.post(f"/customers/{customer}/sites", {"name": "Depot", "invoice_site": True})
    assert site.get_json()["is_invoice_site"] is True
    user = operator.post(
        "/users", {"site": site.get_json()["id"], "fields": {"given_name": "Ann"}}
    ).get_json()
    edited = operator.patch(
        f"/users/{user['id']}", {"reference": "R7", "fields": {"given_name": "", "company": "A"}}
    ).get_json()
    assert (edited["given_name"], edited["company"], edited["reference"]) == ("", "A", "R7")
    field = operator.post("/custom-fields", {"name": "Since", "type": "date"}).get_json()["id"]
    wrong = operator.patch(f"/users/{user['id']}/values", {"values": {str(field): "soon"}})
    assert wrong.status_code == 422
    good = operator.patch(f"/users/{user['id']}/values", {"values": {str(field): "2026-03-02"}})
    assert good.get_json()["items"][0]["value"] == "2026-03-02"
    first = operator.get(f"/customers/{customer}/sites").get_json()["items"][0]["id"]
    moved = operator.post(f"/users/{user['id']}/move", {"site": first}).get_json()
    assert moved["site"] == "Head office"
    renamed = operator.patch(f"/customers/{customer}", {"reference": "C1"}).get_json()
    assert (renamed["name"], renamed["reference"]) == ("Acme Ltd", "C1")


def test_payments_are_listed_by_page_and_summed_up(viewer: Program, host: Host, desk: Desk) -> None:
    mirror = Mirror(host, "acme-pay")
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Ann")
    mirror.link("CU1", user)
    for number in range(7):
        mirror.payment(f"PM{number}", charge_date=f"2026-02-{number + 1:02}", amount=1_999)
    mirror.payment("PM/9 ü", payer="CU9", status="failed")

    seen, cursor = [], None
    while True:
        query = f"&cursor={cursor}" if cursor else ""
        page = viewer.get(f"/payments?limit=3{query}").get_json()
        seen += [it["payment"]["id"] for it in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted([*(f"PM{number}" for number in range(7)), "PM/9 ü"])
    (total,) = viewer.get("/payments/totals?status=paid_out").get_json(force=True)["items"]
    assert total["amount"] == {"minor_units": 13_993, "currency": "GBP", "text": "139.93 GBP"}
    assert viewer.get("/payments?state=failed").get_json()["items"][0]["user_id"] is None
    assert viewer.get("/payments/acme-pay/PM3").get_json()["listed"]["user"] == "Ann"
    summary = viewer.get("/payments/summary?first_day=2026-02-01&last_day=2026-02-28").get_json()
    assert summary["collected"][0]["payments"] == 7
    assert viewer.get("/payments?cursor=bad").status_code == 422
    assert viewer.get(f"/users/{user}/tabs").get_json()["items"][0]["slug"] == "payments"
    without_mirror = viewer.get(f"/users/{user}/connections/acme-pay/payments")
    assert without_mirror.status_code == 422


def test_deliveries_are_looked_at_and_replayed(
    operator: Program, viewer: Program, host: Host, desk: Desk, clock: Clock
) -> None:
    host.connections.configure("acme-pay", agent="Test", settings={"webhook_secret": SECRET})
    for number in range(3):
        body = delivery(number)
        host.webhooks.receive("acme-pay", signed(body), lambda limit, body=body: body)
        clock.advance(seconds=1)

    first = viewer.get("/deliveries?limit=2").get_json()
    rest = viewer.get(f"/deliveries?limit=2&cursor={first['next']}").get_json()
    found = first["items"] + rest["items"]
    assert [it["key"] for it in found] == ["D2", "D1", "D0"]
    assert rest["next"] is None
    number = found[0]["id"]
    assert viewer.get(f"/deliveries/{number}").status_code == 403
    assert operator.get(f"/deliveries/{number}").get_json()["payload"]["id"] == "D2"
    nothing = operator.post("/deliveries/replay", {})
    assert nothing.status_code == 422
    eventually(lambda: host.jobs.list("acme-pay", states=("queued",)))  # told by another thread
    work(host)
    assert operator.post("/deliveries/replay", {"numbers": [number]}).get_json() == {"count": 1}
    (counted,) = eventually(  # by a writer that nobody waits for
        lambda: viewer.get("/delivery-counts?connection=acme-pay").get_json()["items"]
    )
    assert (counted["outcome"], counted["count"]) == ("accepted", 3)
    url = viewer.get("/connections/acme-pay/webhook-address").get_json()["url"]
    assert url.endswith("/webhooks/acme-pay")


def test_schedules_and_runs(
    administrator: Program, operator: Program, host: Host, desk: Desk, clock: Clock
) -> None:
    slug = "/connections/acme-pay"
    assert operator.patch(f"{slug}/schedule", {"users_minutes": 30}).status_code == 403
    changed = administrator.patch(
        f"{slug}/schedule", {"users_minutes": 30, "quiet_from": "22:00", "quiet_to": "06:00"}
    )
    assert changed.get_json()["users_minutes"] == 30
    half = administrator.patch(f"{slug}/schedule", {"quiet_to": None})
    assert half.status_code == 422
    assert operator.post(f"{slug}/pause").get_json()["paused_at"] == "2026-03-02T09:00:00Z"
    assert operator.get(f"{slug}/plan").get_json()["items"][0]["note"] == "paused"
    assert operator.post(f"{slug}/resume").get_json()["paused_at"] is None

    assert operator.post("/due").get_json()["items"] == []  # nobody has imported by hand yet
    desk.run({"id": "CU1", "given_name": "Ann"})
    clock.advance(hours=1)
    (job,) = operator.post("/due").get_json()["items"]
    assert (job["kind"], job["why"], job["state"]) == ("import", "schedule", "queued")
    assert operator.post(f"/jobs/{job['id']}/retry").status_code == 422
    work(host)
    assert operator.get(f"/jobs/{job['id']}").get_json()["state"] == "done"
    again = operator.post(f"/jobs/{job['id']}/retry").get_json()
    assert operator.post(f"/jobs/{again['id']}/cancel").get_json()["state"] == "cancelled"
    listed = operator.get("/jobs?connection=acme-pay&kind=import&limit=2").get_json()
    assert [it["id"] for it in listed["items"]] == [again["id"], job["id"]]
    older = operator.get(f"/jobs?limit=2&cursor={listed['next']}").get_json()
    assert all(it["id"] < job["id"] for it in older["items"])
    wrong = operator.post(f"{slug}/sync", {"parts": ["payments"]})
    assert "offers no payments" in wrong.get_json(force=True)["detail"]


@pytest.mark.parametrize("path", ["/health", "/alerts", "/integrators", "/jobs", "/imports"])
def test_an_empty_host_answers(viewer: Program, path: str, app: Flask) -> None:
    assert viewer.get(path).status_code == 200


def test_numbers_that_no_column_can_hold_are_not_there(operator: Program, desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann"})
    large = 2**53 - 1

    for path in ("customers", "sites", "users", "jobs", "alerts", "imports", "deliveries"):
        assert operator.get(f"/{path}/{large}").status_code == 404, path
    assert operator.get(f"/imports/1/rows/{large}").status_code == 404
    assert operator.get(f"/imports/{large}/rows/1").status_code == 404
    assert operator.get("/imports/1/rows?cursor=999999999999999").get_json()["items"] == []
    ticked = operator.post("/imports/1/tick", {"wanted": True, "positions": [large]})
    assert ticked.status_code == 422
