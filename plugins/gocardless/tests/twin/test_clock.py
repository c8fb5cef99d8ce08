"""The twin's time: standing still until it is moved, or real."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from halo_gocardless.twin import Knobs, TwinConfig, TwinServer

from .conftest import NOW, Api
from .payers import active_mandate


def test_a_virtual_clock_stands_still(virtual: TwinServer, make_api: Callable[..., Api]) -> None:
    api = make_api(virtual)
    first = api.create("customers", company_name="One")
    second = api.create("customers", company_name="Two")

    assert first["created_at"] == second["created_at"] == "2026-03-18T09:30:00.000Z"
    assert virtual.twin.now() == NOW


def test_it_is_moved_in_python_and_over_http(
    virtual: TwinServer, make_api: Callable[..., Api]
) -> None:
    api = make_api(virtual)
    assert virtual.twin.advance(timedelta(hours=1)) == NOW + timedelta(hours=1)

    answer = api.post("/twin/clock", json={"advance_days": 2})
    assert answer.json() == {"now": "2026-03-20T10:30:00.000Z", "virtual": True, "living": False}
    api.post("/twin/clock", json={"advance_seconds": 60})
    assert api.get("/twin/clock").json()["now"] == "2026-03-20T10:31:00.000Z"

    answer = api.get("/customers")
    assert parsedate_to_datetime(answer.headers["Date"]) == datetime(
        2026, 3, 20, 10, 31, tzinfo=UTC
    )
    assert api.create("customers", company_name="X")["created_at"].startswith("2026-03-20T10:31")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"advance_days": -1}, "time does not go back"),
        ({"advance_days": "1"}, "must be a whole number"),
        ({"advance_days": 10**9}, ""),
        ({}, "either"),
        ({"advance_days": 1, "advance_seconds": 1}, "either"),
    ],
)
def test_a_wrong_move_is_refused(
    virtual: TwinServer, make_api: Callable[..., Api], body: dict[str, Any], words: str
) -> None:
    answer = make_api(virtual).post("/twin/clock", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert virtual.twin.now() == NOW


def test_a_real_clock_cannot_be_moved(server: TwinServer, api: Api) -> None:
    assert api.post("/twin/clock", json={"advance_days": 1}).status_code == 422
    with pytest.raises(ValueError, match="virtual_clock"):
        server.twin.advance(timedelta(days=1))
    assert api.get("/twin/clock").json()["virtual"] is False


def test_the_limit_resets_in_real_time_as_told_by_the_twins_clock(
    virtual: TwinServer, make_api: Callable[..., Api]
) -> None:
    """What a client waits is the distance of the reset from `Date`, whatever year that is."""
    virtual.twin.advance(timedelta(days=300))
    answer = make_api(virtual).get("/customers")
    date = parsedate_to_datetime(answer.headers["Date"])
    reset = parsedate_to_datetime(answer.headers["ratelimit-reset"])
    assert date.year == 2027
    assert 50 <= (reset - date).total_seconds() <= 62


def test_what_is_due_happens_as_real_time_passes(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    api = make_api(make_server(now=datetime(2026, 3, 18, 14, 59, 57, tzinfo=UTC)))
    payer = api.create("customers", given_name="Ada", family_name="Núñez")
    account = api.create(
        "customer_bank_accounts",
        links={"customer": payer["id"]},
        account_holder_name="Ada",
        branch_code="200000",
        account_number="55779911",
        country_code="GB",
    )
    mandate = api.create("mandates", links={"customer_bank_account": account["id"]})
    assert mandate["status"] == "pending_submission"

    deadline = time.monotonic() + 30
    while api.read(mandate)["status"] != "submitted":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    [_, submitted] = api.events_of(mandate)
    assert submitted["created_at"] == "2026-03-18T15:00:00.000Z"


def test_generated_things_that_are_open_go_on(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    server = make_server(virtual_clock=True, customers=400)
    api = make_api(server)
    payments = api.everything("/payments", limit=500)
    on_the_way = [
        it for it in payments if it["status"] in ("pending_submission", "submitted", "confirmed")
    ]
    assert {it["status"] for it in on_the_way} == {"pending_submission", "submitted", "confirmed"}
    announced: list[dict[str, Any]] = []
    server.twin.store.event_listeners.append(announced.append)

    server.twin.advance(timedelta(days=30))

    assert {api.read(it)["status"] for it in on_the_way} <= {
        *("paid_out", "failed", "cancelled", "charged_back")
    }
    since = {"created_at[gt]": "2026-03-18T09:30:00.000Z"}
    listed = api.everything("/events", limit=500, **since)
    assert {it["id"] for it in listed} == {it["id"] for it in announced}
    assert len(listed) > 100


def test_the_same_advances_lead_to_the_same_business(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    config = {"virtual_clock": True, "living": True, "customers": 30}
    by_days, at_once = make_server(**config), make_server(**config)
    for _ in range(60):
        by_days.twin.advance(timedelta(days=1))
    at_once.twin.advance(timedelta(days=60))
    for path in ("/customers", "/mandates", "/payments", "/payouts", "/events"):
        first, second = (
            make_api(server).everything(path, limit=500) for server in (by_days, at_once)
        )
        assert first == second


def test_a_clock_can_be_wrong(
    make_server: Callable[..., TwinServer], make_api: Callable[..., Api]
) -> None:
    server = make_server(now=None, knobs=Knobs(clock_skew_seconds=-3600))
    api = make_api(server)
    created = api.create("customers", company_name="Late")
    told = parsedate_to_datetime(api.get("/customers").headers["Date"])

    behind = datetime.now(UTC) - datetime.fromisoformat(created["created_at"])
    assert 3590 < behind.total_seconds() < 3660
    assert 3590 < (datetime.now(UTC) - told).total_seconds() < 3660

    server.twin.set_knobs(Knobs())
    assert abs((server.twin.now() - datetime.now(UTC)).total_seconds()) < 60


def test_a_reset_sets_the_clock_back(virtual: TwinServer, make_api: Callable[..., Api]) -> None:
    api = make_api(virtual)
    mandate = active_mandate(api)
    virtual.twin.advance(timedelta(days=100))
    virtual.reset()
    assert virtual.twin.now() == NOW
    assert api.get(f"/mandates/{mandate['id']}").status_code == 404


def test_a_year_passes_in_seconds(make_server: Callable[..., TwinServer]) -> None:
    server = TwinServer(TwinConfig(customers=200, now=NOW, virtual_clock=True, living=True))
    started = time.monotonic()
    server.twin.advance(timedelta(days=365))
    assert time.monotonic() - started < 60
    assert len(server.twin.store.agenda.identities()) > 50
