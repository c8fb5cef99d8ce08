"""The control endpoint: knobs and reset at run time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import requests
from halo_gocardless.twin import Fault, FaultKind, Knobs, TwinServer

from .conftest import Api


def test_knobs_are_turned_one_by_one_and_read_back(server: TwinServer) -> None:
    url = f"{server.url}/twin/knobs"
    turned = {"latency_ms": 1, "faults": [{"kind": "html_error", "count": None, "after": 3}]}
    answer = requests.post(url, json=turned, timeout=10)

    assert answer.status_code == 200
    assert requests.get(url, timeout=10).json() == answer.json()
    assert answer.json() == Knobs().to_json() | {
        "latency_ms": 1,
        "page_delay_ms": 0,
        "rate_limit": 1000,
        "rate_window_seconds": 60,
        "faults": [
            {
                "kind": "html_error",
                "count": None,
                "probability": 100,
                "path": "/",
                "method": None,
                "after": 3,
                "seconds": 1,
            }
        ],
    }
    requests.post(url, json={"rate_limit": 5}, timeout=10)
    assert server.twin.knobs.latency_ms == 1
    assert server.twin.knobs.faults == (Fault(FaultKind.HTML_ERROR, count=None, after=3),)


def test_the_example_of_a_fault_in_the_readme_works(server: TwinServer, api: Api) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    _, _, section = readme.partition("### Faults of the twin")
    said = re.search(r"-d '(.+?)' \S+/twin/knobs", section)
    assert said is not None
    assert requests.post(
        f"{server.url}/twin/knobs",
        data=said[1],
        headers={"Content-Type": "application/json"},
        timeout=10,
    ).ok

    assert [api.get("/payments").status_code for _ in range(4)] == [500, 500, 500, 200]
    assert {fault.name for fault in fields(Fault)} == set(re.findall(r"^\| `(\w+)`", section, re.M))


@pytest.mark.parametrize(
    ("turned", "message"),
    [
        ({"speed": 9}, "has no 'speed'"),
        ({"latency_ms": -1}, "latency_ms must be a whole number"),
        ({"rate_limit": True}, "rate_limit must be a whole number"),
        ({"faults": {}}, "faults must be a list"),
        ({"faults": [{"kind": "fire"}]}, "kind must be one of rate_limited"),
        ({"faults": [{}]}, "kind must be one of rate_limited"),
        ({"faults": [{"kind": "reset", "path": "customers"}]}, "path must begin with a slash"),
        ({"faults": [{"kind": "reset", "probability": 101}]}, "between 0 and 100"),
        ({"faults": [{"kind": "reset", "method": "get"}]}, "in capitals"),
        ([], "the knobs must be an object"),
    ],
)
def test_a_knob_that_cannot_be_turned_so_is_named(
    server: TwinServer, turned: Any, message: str
) -> None:
    answer = requests.post(f"{server.url}/twin/knobs", json=turned, timeout=10)
    assert answer.status_code == 422
    assert message in answer.json()["error"]
    assert server.twin.knobs == Knobs()


def test_reset_goes_back_to_the_start(server: TwinServer, api: Api) -> None:
    before = api.get("/customers").json()
    api.delete(f"/customers/{before['customers'][0]['id']}")
    api.post("/customers", json={"customers": {"company_name": "Acme"}})
    server.twin.set_knobs(Knobs(latency_ms=1))

    assert requests.post(f"{server.url}/twin/reset", timeout=10).status_code == 204
    assert api.get("/customers").json() == before
    assert server.twin.knobs == Knobs()


def test_reset_does_not_move_the_business_in_time(make_server: Callable[..., TwinServer]) -> None:
    server = make_server(now=None)
    [lane, _] = server.twin.store.customers.lanes
    before = lane.body(0)
    server.reset()
    [lane, _] = server.twin.store.customers.lanes
    assert lane.body(0) == before


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
@pytest.mark.parametrize("path", ["/twin/reset", "/twin/knobs", "/dashboard/customers/CU1"])
def test_other_web_pages_cannot_reach_it(
    server: TwinServer, path: str, headers: dict[str, str]
) -> None:
    answer = requests.post(f"{server.url}{path}", json={}, headers=headers, timeout=10)
    assert answer.status_code == 403


def test_another_machine_cannot_reach_it(server: TwinServer) -> None:
    from halo_gocardless.twin import create_app

    client = create_app(server.twin).test_client()
    answer = client.get("/twin/knobs", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 403


def test_a_form_of_another_page_cannot_turn_knobs(server: TwinServer) -> None:
    answer = requests.post(f"{server.url}/twin/knobs", data={"latency_ms": 1}, timeout=10)
    assert answer.status_code == 415
