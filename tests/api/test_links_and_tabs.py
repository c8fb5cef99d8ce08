"""What belongs to a user over the API: links by hand, tabs as rendered, marks, search."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.api import Program
from support.mirror import Mirror
from support.serving import eventually

from halo_host.audit import entries
from halo_host.host import Host
from halo_host.imports.rules import Action

MIRRORED = Path(__file__).parents[1] / "payments" / "installed"


@pytest.fixture
def acme_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrored Pay is installed, too."""
    monkeypatch.syspath_prepend(MIRRORED)


@pytest.fixture
def bank(desk: Desk) -> Mirror:
    desk.host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    mirror = Mirror(desk.host, "bank")
    mirror.filled()
    return mirror


@pytest.fixture
def ann(desk: Desk) -> int:
    return desk.add_user("Acme Ltd/Warehouse", given_name="Ann", email="ann@acme.example")


def test_a_payer_is_found_linked_and_unlinked_by_hand(
    operator: Program, viewer: Program, host: Host, bank: Mirror, ann: int
) -> None:
    bank.payer("CU1", "Ann Archer", "ann@acme.example")
    bank.payer("CU2", "Bob Baker")
    assert viewer.get("/connections/bank/payers-without-user").status_code == 403
    found = operator.get("/connections/bank/payers-without-user?q=archer").get_json()["items"]
    assert [it["external_id"] for it in found] == ["CU1"]
    named = {"connection": "bank", "payer": "CU1"}

    linked = operator.post(f"/users/{ann}/links", named, Idempotency_Key="k1")
    again = operator.post(f"/users/{ann}/links", named, Idempotency_Key="k1")
    twice = operator.post(f"/users/{ann}/links", named)

    assert linked.status_code == again.status_code == 201
    assert "Idempotency-Replayed" in again.headers
    assert linked.get_json()["items"][0]["external_id"] == "CU1"
    assert twice.status_code == 422
    assert operator.post(f"/users/{ann}/links", named | {"payer": "CU9"}).status_code == 404

    assert operator.post(f"/users/{ann}/links/remove", named).get_json() == {"items": []}
    gone = operator.post(f"/users/{ann}/links/remove", named)
    assert gone.status_code == 404
    assert "is not linked to user" in gone.get_json(force=True)["detail"]
    told = [it for it in entries(host.database) if it.action in {"user.linked", "user.unlinked"}]
    assert {it.agent for it in told} == {"Operator Program"}
    assert told[0].before == {"connection": "bank", "payer": "CU1", "name": "Ann Archer"}


def test_an_import_goes_on_after_its_link_was_taken_away(
    operator: Program, host: Host, desk: Desk
) -> None:
    done = desk.run({"id": "CU1", "given_name": "Ann", "email": "ann@acme.example"})
    ann = desk.user_of("CU1")
    named = {"connection": CONNECTION, "payer": "CU1"}

    assert operator.post(f"/users/{ann}/links/remove", named).status_code == 200
    assert desk.names() == ["Ann"], "what the import wrote stays"
    (matched,) = desk.rows(desk.run())
    assert matched.action is Action.CONFLICT, "whom the import made is found by the e-mail address"
    assert [it["user"] for it in matched.candidates] == [ann]

    undone = host.imports.undo(done.number, agent=AGENT)
    assert undone.rows
    assert operator.get(f"/imports/{done.number}").status_code == 200


def test_a_tab_is_shown_as_its_plugin_renders_it(viewer: Program, desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "<b>Ann</b>"})
    ann = desk.user_of("CU1")

    shown = viewer.get(f"/users/{ann}/tabs/acme-pay/payments")

    assert shown.status_code == 200
    assert shown.get_json()["title"]
    assert "CU1" in shown.get_json()["html"]
    assert "<script" not in shown.get_json()["html"]
    assert shown.get_json()["is_linked"] is True
    missing = viewer.get(f"/users/{ann}/tabs/acme-pay/none")
    assert missing.status_code == 404
    assert viewer.get(f"/users/{ann}/tabs/none/payments").status_code == 404
    assert viewer.get(f"/users/{ann}/tabs/acme-pay/payments?limit=0").status_code == 422


@pytest.fixture
def south(desk: Desk) -> Iterator[Any]:
    """Its tabs behave badly."""
    settings = {"ledger": str(desk.ledger.path), "api_key": "a-secret-key", "region": "south"}
    desk.host.connections.enable("acme-pay", settings, slug="south", agent=AGENT)
    tabs = importlib.import_module("acme_pay.tabs")
    tabs.let_go.clear()
    yield tabs
    tabs.let_go.set()
    eventually(lambda: desk.host.tabs.places.taken("south") == 0)


def test_a_tab_that_hangs_is_a_problem_that_names_its_connection(
    viewer: Program, desk: Desk, south: Any, ann: int
) -> None:
    late = viewer.get(f"/users/{ann}/tabs/south/slow")

    assert late.status_code == 502
    assert late.mimetype == "application/problem+json"
    assert "did not answer within 5 seconds" in late.get_json(force=True)["detail"]


def test_what_a_hostile_tab_brings_is_clean(viewer: Program, south: Any, ann: int) -> None:
    html = viewer.get(f"/users/{ann}/tabs/south/hostile").get_json()["html"]

    assert "&lt;script&gt;document.title" in html
    for part in ("<script", "<style", "style=", "onclick", "<iframe", "<img", "javascript:"):
        assert part not in html


def test_one_word_finds_everything_that_has_it(
    viewer: Program, host: Host, bank: Mirror, ann: int
) -> None:
    bank.link("CU1", ann)
    bank.payment("PM1", payer="CU1", reference="INV-7")

    found = viewer.get("/search?q=acme").get_json()
    assert [it["name"] for it in found["customers"]] == ["Acme Ltd"]
    assert [it["name"] for it in found["users"]] == ["Ann"]
    assert found["payments"] == []
    (payment,) = viewer.get("/search?q=INV-7").get_json()["payments"]
    assert (payment["payment"]["id"], payment["user"]) == ("PM1", "Ann")
    assert viewer.get("/search").status_code == 422
    assert viewer.get("/search?q=x&limit=1000").status_code == 422


def test_what_failed_lately_and_the_words_of_filters_are_told(
    viewer: Program, bank: Mirror, host: Host
) -> None:
    bank.payment("PM1", status="failed")
    bank.failure("PM1", "insufficient_funds", at=host.clock())
    bank.payment("PM2")

    lately = viewer.get("/payments/failures").get_json()
    assert (lately["count"], lately["since"]) == (1, "2026-02-23T09:00:00Z")
    assert lately["payments"][0]["failure"]["cause"] == "insufficient_funds"
    assert viewer.get("/payments/failures?since=2026-03-03T00:00:00Z").get_json()["count"] == 0
    words = viewer.get("/payments/words?connection=bank").get_json()
    assert words == {"statuses": ["failed", "paid_out"], "reasons": ["insufficient_funds"]}
    assert viewer.get("/payments/words?connection=none").status_code == 404
