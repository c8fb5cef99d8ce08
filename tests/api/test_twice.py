"""What is sent twice is done once, and nobody writes over what somebody else has changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from support.acme import Desk
from support.api import Program
from support.clock import Clock
from werkzeug.test import TestResponse

from halo_host.api.idempotency import CLAIMED, KEPT, Claim, Kept, claim
from halo_host.api.problems import Refused
from halo_host.database.api_tables import api_requests
from halo_host.host import Host

THREADS = 8


def at_once(act: Callable[[int], TestResponse]) -> list[TestResponse]:
    barrier = Barrier(THREADS)

    def one(number: int) -> TestResponse:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_a_key_sent_by_eight_threads_makes_one_customer(operator: Program, host: Host) -> None:
    answers = at_once(
        lambda number: operator.post("/customers", {"name": "Acme Ltd"}, Idempotency_Key="k1")
    )

    assert [it.status_code for it in answers] == [201] * THREADS
    assert len({it.data for it in answers}) == len({it.headers["Location"] for it in answers}) == 1
    assert sum("Idempotency-Replayed" in it.headers for it in answers) == THREADS - 1
    assert len(host.directory.customers()) == 1


def test_a_key_sent_by_eight_threads_starts_one_import(
    operator: Program, host: Host, desk: Desk
) -> None:
    answers = at_once(
        lambda number: operator.post("/connections/acme-pay/imports", Idempotency_Key="k1")
    )

    assert {(it.status_code, it.data) for it in answers} == {(202, answers[0].data)}
    assert len(host.jobs.list("acme-pay", kinds=("import",))) == 1


def test_without_a_key_each_is_carried_out(operator: Program, host: Host) -> None:
    answers = at_once(lambda number: operator.post("/customers", {"name": f"Customer {number}"}))

    assert [it.status_code for it in answers] == [201] * THREADS
    assert len(host.directory.customers()) == THREADS


def test_a_key_is_for_one_request(operator: Program, administrator: Program, host: Host) -> None:
    operator.post("/customers", {"name": "Acme Ltd"}, Idempotency_Key="k1")

    other = operator.post("/customers", {"name": "Bolt Ltd"}, Idempotency_Key="k1")
    elsewhere = operator.post("/custom-fields", {"name": "Acme Ltd"}, Idempotency_Key="k1")
    of_another = administrator.post("/customers", {"name": "Cork Ltd"}, Idempotency_Key="k1")

    assert other.status_code == elsewhere.status_code == 422
    assert "used for another request" in other.get_json(force=True)["detail"]
    assert of_another.status_code == 201
    assert [it.name for it in host.directory.customers()] == ["Acme Ltd", "Cork Ltd"]


def test_what_was_refused_may_be_tried_again(operator: Program, host: Host) -> None:
    field = {"name": "Office"}
    operator.post("/custom-fields", field)
    refused = operator.post("/custom-fields", field, Idempotency_Key="k1")
    assert refused.status_code == 422

    with host.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(api_requests)) == 0


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_cannot_be_one_is_refused(operator: Program, key: str) -> None:
    assert operator.post("/due", Idempotency_Key=key).status_code == 422


def test_a_claim_of_a_process_that_died_is_free_after_a_while(host: Host, clock: Clock) -> None:
    first = claim(host, "agent 1", "k", b"request")
    assert isinstance(first, Claim)
    with pytest.raises(Refused, match="being carried out"):
        claim(host, "agent 1", "k", b"request", wait=0.1)

    clock.advance(seconds=CLAIMED.total_seconds() + 1)
    second = claim(host, "agent 1", "k", b"request", wait=0.1)
    assert isinstance(second, Claim)
    first.keep(Kept(200, "", b"too late"))
    second.keep(Kept(200, "", b"in time"))

    assert claim(host, "agent 1", "k", b"request") == Kept(200, "", b"in time")
    clock.advance(seconds=(KEPT + timedelta(seconds=1)).total_seconds())
    assert isinstance(claim(host, "agent 1", "k", b"another"), Claim)


def test_an_unchanged_thing_is_not_sent_again(viewer: Program, host: Host, desk: Desk) -> None:
    first = viewer.get("/connections/acme-pay")
    same = viewer.get("/connections/acme-pay", If_None_Match=first.headers["ETag"])
    host.connections.configure("acme-pay", agent="Test", name="Other")
    other = viewer.get("/connections/acme-pay", If_None_Match=first.headers["ETag"])

    assert (same.status_code, same.data) == (304, b"")
    assert (other.status_code, other.get_json()["name"]) == (200, "Other")


def test_of_two_operators_the_second_is_told(
    operator: Program, administrator: Program, desk: Desk
) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Ann")
    etag = operator.get(f"/users/{user}").headers["ETag"]

    first = operator.patch(f"/users/{user}", {"fields": {"phone": "1"}}, If_Match=etag)
    second = administrator.patch(f"/users/{user}", {"fields": {"phone": "2"}}, If_Match=etag)

    assert (first.status_code, second.status_code) == (200, 412)
    assert "Somebody has changed it" in second.get_json(force=True)["detail"]
    assert operator.get(f"/users/{user}").get_json()["phone"] == "1"


def test_of_eight_writers_with_one_etag_one_wins(operator: Program, desk: Desk) -> None:
    user = desk.add_user("Acme Ltd/Warehouse", given_name="Ann")
    etag = operator.get(f"/users/{user}").headers["ETag"]

    answers = at_once(
        lambda number: operator.patch(
            f"/users/{user}", {"fields": {"phone": str(number)}}, If_Match=etag
        )
    )

    statuses = [it.status_code for it in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 412}
