"""Events that appear late, tokens that end half-way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from halo_gocardless.twin import Fault, FaultKind, Knobs, TokenKind, TwinServer

from .conftest import Api, reason
from .payers import active_mandate


@pytest.fixture
def api(virtual: TwinServer, make_api: Callable[..., Api]) -> Api:
    return make_api(virtual)


def test_an_event_appears_some_time_after_it_happened(api: Api, virtual: TwinServer) -> None:
    virtual.twin.set_knobs(Knobs(event_delay_seconds=120))
    payment = api.pay(active_mandate(api))
    assert api.events_of(payment) == []
    virtual.twin.advance(timedelta(seconds=119))
    assert api.events_of(payment) == []
    virtual.twin.advance(timedelta(seconds=1))
    [event] = api.events_of(payment)
    assert event["created_at"] == payment["created_at"]
    assert api.get(f"/events/{event['id']}").status_code == 200


def test_events_can_appear_out_of_order(api: Api, virtual: TwinServer) -> None:
    """So that a watermark on `created_at` alone loses some."""
    virtual.twin.set_knobs(Knobs(event_delay_spread_seconds=600))
    mandate = active_mandate(api)
    payments = []
    for _ in range(20):
        payments.append(api.pay(mandate))
        virtual.twin.advance(timedelta(seconds=30))
    seen = [bool(api.events_of(payment)) for payment in payments]
    assert True in seen
    assert seen != sorted(seen, reverse=True)
    virtual.twin.advance(timedelta(seconds=600))
    assert all(api.events_of(payment) for payment in payments)


def test_an_access_token_ends_half_way(api: Api, virtual: TwinServer) -> None:
    virtual.twin.set_knobs(Knobs(faults=(Fault(FaultKind.REVOKED, count=None, after=2),)))
    answers = [api.get("/customers") for _ in range(4)]
    assert [it.status_code for it in answers] == [200, 200, 401, 401]
    assert reason(answers[-1]) == (401, "invalid_api_usage", "access_token_revoked")


def test_tokens_change_over_http(api: Api, virtual: TwinServer) -> None:
    token = virtual.access_token
    assert api.get("/twin/tokens").json()[token] == "full"
    changed = api.post("/twin/tokens", json={token: "revoked", "sandbox_new": "read_only"})
    assert changed.json()["sandbox_new"] == "read_only"
    assert reason(api.get("/customers"))[2] == "access_token_revoked"
    assert virtual.twin.tokens["sandbox_new"] is TokenKind.READ_ONLY
    assert api.post("/twin/tokens", json={token: "master"}).status_code == 422
    assert api.post("/twin/tokens", json=[]).status_code == 422
