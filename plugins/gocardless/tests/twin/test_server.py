"""The server: connections, starting and stopping."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import pytest
import requests
from halo_gocardless.twin import Twin, TwinConfig, TwinServer

from .conftest import NOW, Api


def test_a_session_needs_one_connection_for_many_pages(
    server: TwinServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = []
    accept = socket.socket.accept

    def counted(self: socket.socket) -> tuple[socket.socket, object]:
        connections.append(self)
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", counted)
    assert len(api.everything("/payments", limit=20)) > 400
    created = api.post("/customers", json={"customers": {"company_name": "Acme"}}).json()
    api.put(f"/customers/{created['customers']['id']}", json={"customers": {"city": "Leeds"}})
    api.delete(f"/customers/{created['customers']['id']}")
    api.get("/nothing")

    assert len(connections) == 1


def test_requests_that_arrive_together_are_answered_in_order(server: TwinServer) -> None:
    lines = f"Authorization: Bearer {server.access_token}\r\nGoCardless-Version: 2015-07-06\r\n"
    request = "GET /creditors HTTP/1.1\r\nHost: localhost\r\n" + lines
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall((f"{request}\r\n" + f"{request}Connection: close\r\n\r\n").encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b'"creditors"') == 2


def test_what_is_no_http_request_gets_json_too(server: TwinServer) -> None:
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b'GET /customers "quoted" HTTP/1.1\r\n\r\n')
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(body)["error"]["code"] == 400


def test_a_chunked_body_is_read(server: TwinServer, api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    parts = iter([b'{"customers":', b'{"company_name":"Acme"}}'])
    assert api.post("/customers", data=parts, headers=headers).status_code == 201
    assert api.get("/customers").status_code == 200


def test_stopping_ends_open_connections_and_it_can_start_again(
    server: TwinServer, api: Api
) -> None:
    url = server.url
    created = api.post("/customers", json={"customers": {"company_name": "Acme"}}).json()
    server.stop()
    server.stop()
    with pytest.raises(requests.ConnectionError):
        api.get("/customers")

    server.start()
    assert server.url == url
    assert api.get("/customers").json()["customers"][0] == created["customers"]


def test_a_taken_port_is_an_error_for_the_caller(server: TwinServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        TwinServer(TwinConfig(port=port)).start()


def test_it_listens_on_loopback_only_unless_told() -> None:
    with pytest.raises(ValueError, match="--allow-remote"):
        TwinServer(TwinConfig(host="0.0.0.0")).start()
    with TwinServer(TwinConfig(host="0.0.0.0", allow_remote=True, customers=1)) as server:
        assert server.url.startswith("http://0.0.0.0:")


def test_creating_from_many_threads_loses_and_doubles_nothing(
    server: TwinServer, make_api: Callable[..., Api]
) -> None:
    statuses: list[int] = []

    def create(worker: int) -> None:
        api = make_api(server)
        for number in range(20):
            values = {"customers": {"company_name": f"Acme {worker} {number}"}}
            headers = {"Idempotency-Key": f"shared {number}"}
            statuses.append(api.post("/customers", json=values, headers=headers).status_code)

    workers = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (statuses.count(201), statuses.count(409)) == (20, 100)
    everything = make_api(server).everything("/customers", limit=500)
    times = [customer["created_at"] for customer in everything]
    assert len(everything) == 140
    assert times == sorted(times, reverse=True)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        TwinConfig(now=NOW.replace(tzinfo=None))


def test_a_twin_without_the_wanted_token_says_so() -> None:
    with pytest.raises(LookupError, match="no full access token"):
        TwinServer(TwinConfig(tokens={})).access_token  # noqa: B018
    assert Twin(TwinConfig(seed=1)).tokens != Twin(TwinConfig(seed=2)).tokens
