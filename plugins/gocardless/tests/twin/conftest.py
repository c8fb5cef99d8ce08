"""A twin for each test, and sessions that speak to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from halo_gocardless.twin import TokenKind, TwinConfig, TwinServer

from .webhook_receiver import Receiver

OFFICIAL_BODIES = Path(__file__).parents[1] / "fixtures" / "gocardless"
LONDON_ACCOUNT = {
    "account_holder_name": "Ada Núñez",
    "branch_code": "20-00-00",
    "account_number": "55779911",
    "country_code": "GB",
}
NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)


class Api(requests.Session):
    """A plain client: an address in front of each path, a timeout, and the usual headers."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__()
        self.url = url
        self.headers["Authorization"] = f"Bearer {token}"
        self.headers["GoCardless-Version"] = "2015-07-06"

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 10)
        return super().request(method, self.url + url, *args, **kwargs)

    def everything(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All things of a list, page by page."""
        things: list[dict[str, Any]] = []
        while True:
            answer = self.get(path, params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            things += page[path.strip("/")]
            params["after"] = page["meta"]["cursors"]["after"]
            if params["after"] is None:
                return things

    def create(self, resource: str, /, **values: Any) -> dict[str, Any]:
        """A new thing, which must be accepted."""
        answer = self.post(f"/{resource}", json={resource: values})
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()[resource]
        return body

    def pay(self, mandate: dict[str, Any], **values: Any) -> dict[str, Any]:
        """A new payment of ten pounds, unless ``values`` say otherwise."""
        usual = {"amount": 1000, "currency": "GBP", "links": {"mandate": mandate["id"]}}
        return self.create("payments", **usual | values)

    def act(self, thing: dict[str, Any], action: str, **values: Any) -> requests.Response:
        """Run an action, without a body where it has no parameters."""
        path = f"/{plural(thing)}/{thing['id']}/actions/{action}"
        return self.post(path, json={"data": values}) if values else self.post(path)

    def read(self, thing: dict[str, Any]) -> dict[str, Any]:
        """The thing as it is now."""
        answer = self.get(f"/{plural(thing)}/{thing['id']}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()[plural(thing)]
        return body

    def try_to_simulate(self, scenario: str, thing: dict[str, Any]) -> requests.Response:
        """Ask for a scenario."""
        links = {"resource": thing["id"]}
        path = f"/scenario_simulators/{scenario}/actions/run"
        return self.post(path, json={"data": {"links": links}})

    def simulate(self, scenario: str, thing: dict[str, Any]) -> dict[str, Any]:
        """Run a scenario, which must be accepted; gives the thing afterwards."""
        answer = self.try_to_simulate(scenario, thing)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"scenario_simulators": {"id": scenario}}
        return self.read(thing)

    def events_of(self, thing: dict[str, Any]) -> list[dict[str, Any]]:
        """What has happened to a thing, oldest first."""
        link = plural(thing).removesuffix("s")
        return self.everything("/events", **{link: thing["id"]})[::-1]

    def actions_of(self, thing: dict[str, Any]) -> list[str]:
        """The actions of its events, oldest first."""
        return [event["action"] for event in self.events_of(thing)]


PLURALS = {
    "PM": "payments",
    "MD": "mandates",
    "BA": "customer_bank_accounts",
    "RF": "refunds",
    "PO": "payouts",
    "SB": "subscriptions",
    "CU": "customers",
}


def plural(thing: dict[str, Any]) -> str:
    """The resource type of a thing, by its id."""
    return PLURALS[thing["id"][:2]]


def problems(answer: requests.Response) -> dict[str, str]:
    """What a 422 says about each parameter."""
    assert answer.status_code == 422, answer.text
    errors = answer.json()["error"]["errors"]
    return {error["request_pointer"]: error["message"] for error in errors}


def reason(answer: requests.Response) -> tuple[int, str, str]:
    """Status, type and reason of an error."""
    error = answer.json()["error"]
    return answer.status_code, error["type"], error["errors"][0]["reason"]


@pytest.fixture
def make_server() -> Iterator[Callable[..., TwinServer]]:
    """Starts a twin with some of the configuration changed, and stops it after the test."""
    servers = []

    def make(**config: Any) -> TwinServer:
        server = TwinServer(TwinConfig(**{"customers": 120, "now": NOW, **config}))
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(make_server: Callable[..., TwinServer]) -> TwinServer:
    return make_server()


@pytest.fixture
def make_api() -> Iterator[Callable[..., Api]]:
    sessions = []

    def make(server: TwinServer, kind: TokenKind = TokenKind.FULL) -> Api:
        session = Api(server.url, server.twin.token(kind))
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def api(server: TwinServer, make_api: Callable[..., Api]) -> Api:
    return make_api(server)


@pytest.fixture
def virtual(make_server: Callable[..., TwinServer]) -> TwinServer:
    """A twin whose time stands still."""
    return make_server(virtual_clock=True)


@pytest.fixture
def official_body() -> Callable[[str], Any]:
    """One of GoCardless's published example files, such as "customers"."""
    return lambda name: json.loads((OFFICIAL_BODIES / f"{name}.json").read_bytes())


@pytest.fixture
def customer(api: Api) -> dict[str, Any]:
    return api.create("customers", given_name="Ada", family_name="Núñez", country_code="GB")


@pytest.fixture
def account(api: Api, customer: dict[str, Any]) -> dict[str, Any]:
    links = {"customer": customer["id"]}
    return api.create("customer_bank_accounts", **LONDON_ACCOUNT, links=links)


@pytest.fixture
def mandate(api: Api, account: dict[str, Any]) -> dict[str, Any]:
    return api.create("mandates", links={"customer_bank_account": account["id"]})


@pytest.fixture
def receive() -> Iterator[Callable[[], Receiver]]:
    """Starts a receiver of webhooks, and stops it after the test."""
    receivers = []

    def start() -> Receiver:
        receivers.append(Receiver())
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.stop()


@pytest.fixture
def receiver(receive: Callable[[], Receiver]) -> Receiver:
    return receive()
