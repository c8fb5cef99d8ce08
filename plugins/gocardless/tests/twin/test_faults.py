"""Each fault as a plain client sees it, and which requests it hits."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests
from halo_gocardless.twin import Fault, FaultKind, Knobs, TwinServer
from halo_gocardless.twin.faults import FaultPlan

from .conftest import Api

CUSTOMER = {"customers": {"company_name": "Acme"}}
Arm = Callable[..., None]


@pytest.fixture
def arm(server: TwinServer) -> Arm:
    def turn(kind: FaultKind, **options: object) -> None:
        server.twin.set_knobs(Knobs(faults=(Fault(kind, **options),)))  # type: ignore[arg-type]

    return turn


def test_a_burst_of_429_tells_a_reset_in_the_near_future(api: Api, arm: Arm) -> None:
    arm(FaultKind.RATE_LIMITED, count=2, seconds=30)
    answers = [api.get("/customers") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    refused = answers[0]
    assert refused.json()["error"]["errors"][0]["reason"] == "rate_limit_exceeded"
    assert refused.headers["ratelimit-remaining"] == "0"
    date = parsedate_to_datetime(refused.headers["Date"])
    reset = parsedate_to_datetime(refused.headers["ratelimit-reset"])
    assert 20 <= (reset - date).total_seconds() <= 32


def test_a_json_500_has_the_envelope_and_no_errors(api: Api, arm: Arm) -> None:
    arm(FaultKind.SERVER_ERROR)
    answer = api.get("/customers")
    error = answer.json()["error"]

    assert (answer.status_code, error["type"], error["code"]) == (500, "gocardless", 500)
    assert "errors" not in error
    assert error["request_id"] == answer.headers["X-Request-Id"]


def test_an_error_can_be_a_plain_string(api: Api, arm: Arm) -> None:
    arm(FaultKind.STRING_ERROR)
    answer = api.get("/customers")
    assert (answer.status_code, answer.json()) == (500, {"error": "Something went wrong"})


def test_a_gateway_answers_502_with_html(api: Api, arm: Arm) -> None:
    arm(FaultKind.HTML_ERROR)
    answer = api.get("/customers")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "Bad Gateway" in answer.text


def test_a_malformed_page_is_json_of_the_wrong_shape(api: Api, arm: Arm) -> None:
    arm(FaultKind.MALFORMED_PAGE)
    answer = api.get("/customers")
    assert answer.status_code == 200
    assert not isinstance(answer.json()["customers"], list)
    assert not isinstance(answer.json()["meta"], dict)


def test_a_reset_breaks_the_connection_and_does_nothing(api: Api, arm: Arm) -> None:
    arm(FaultKind.RESET)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        api.post("/customers", json=CUSTOMER)
    assert len(api.everything("/customers")) == 120


def test_a_lost_response_has_done_its_work(api: Api, arm: Arm) -> None:
    arm(FaultKind.LOST_RESPONSE)
    headers = {"Idempotency-Key": "once"}
    assert api.get("/customers").status_code == 200
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        api.post("/customers", json=CUSTOMER, headers=headers)

    again = api.post("/customers", json=CUSTOMER, headers=headers)
    assert again.status_code == 409
    assert len(api.everything("/customers")) == 121


def test_a_truncated_body_ends_before_its_content_length(api: Api, arm: Arm) -> None:
    arm(FaultKind.TRUNCATED)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        api.get("/customers")
    assert api.get("/customers").status_code == 200


def test_a_slow_body_dribbles_and_is_whole_in_the_end(api: Api, arm: Arm) -> None:
    arm(FaultKind.SLOW_BODY, seconds=1)
    started = time.monotonic()
    slow = api.get("/customers")

    assert time.monotonic() - started > 0.9
    assert slow.json() == api.get("/customers").json()


def test_latency_and_page_delay_are_added(server: TwinServer, api: Api) -> None:
    server.twin.set_knobs(Knobs(latency_ms=30, page_delay_ms=60))
    started = time.monotonic()
    api.get("/creditors/CR1")
    between = time.monotonic()
    api.get("/creditors")

    assert between - started >= 0.03
    assert time.monotonic() - between >= 0.09


def test_a_fault_can_be_limited_to_a_path_a_method_and_later_requests(api: Api, arm: Arm) -> None:
    arm(FaultKind.SERVER_ERROR, path="/customers", method="GET", after=2)
    statuses = [
        api.get("/payments").status_code,
        api.post("/customers", json=CUSTOMER).status_code,
        api.get("/customers").status_code,
        api.get("/customers/CU1").status_code,
        api.get("/customersandmore").status_code,
        api.get("/customers").status_code,
        api.get("/customers").status_code,
    ]
    assert statuses == [200, 201, 200, 404, 404, 500, 200]


def test_a_fault_of_some_probability_hits_the_same_requests_for_the_same_seed() -> None:
    knobs = Knobs(faults=(Fault(FaultKind.RESET, count=None, probability=25),))

    def hits(seed: int) -> list[bool]:
        plan = FaultPlan(knobs, seed)
        return [plan.take("GET", "/customers") is not None for _ in range(400)]

    assert hits(1) == hits(1) != hits(2)
    assert 60 < sum(hits(1)) < 140


def test_faults_leave_the_twins_own_pages_alone(server: TwinServer, api: Api, arm: Arm) -> None:
    arm(FaultKind.RESET, count=None)
    assert api.get("/twin/knobs").status_code == 200
    assert api.get("/dashboard").status_code == 200
