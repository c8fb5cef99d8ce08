"""Deliveries over HTTP: whatever is sent is answered, and what was acknowledged is there."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator

import requests
from sqlalchemy import select
from support.acme import CONNECTION, Desk
from support.serving import Serving, an_event, delivery, eventually, is_alive, signed

from halo_host.webhooks.inbox import Selection
from halo_host.webhooks.tables import deliveries

from .conftest import Serve

MEBIBYTE = 1024 * 1024


def stored(desk: Desk) -> dict[str, int]:
    """What the inbox holds: the deliveries' names and how often each arrived."""
    with desk.host.webhooks.inbox.database.read() as connection:
        return dict(
            connection.execute(select(deliveries.c.delivery_key, deliveries.c.attempts)).all()
        )


def test_a_delivery_is_acknowledged_and_kept(serve: Serve, listening_desk: Desk) -> None:
    body = delivery(1, an_event(1))

    answer = serve().deliver(body)

    assert (answer.status_code, answer.content) == (204, b"")
    (kept,) = listening_desk.host.webhooks.find(Selection())
    assert (kept.connection, kept.key, kept.state, kept.attempts) == (CONNECTION, "D1", "new", 1)
    assert listening_desk.host.webhooks.get(kept.id).body == body


def test_whatever_is_wrong_with_a_request_is_the_clients_error(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve()
    good = delivery(1)

    def status(
        method: str = "POST",
        path: str = f"/webhooks/{CONNECTION}",
        body: bytes = good,
        **headers: str,
    ) -> int:
        given = signed(body) | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = requests.request(method, running.url + path, data=body, headers=given, timeout=30)
        if method != "HEAD":
            said = answer.json()
            assert said["status"] == answer.status_code
            assert said["message"].endswith(".")
            assert said["request_id"] == answer.headers["X-Request-Id"]
        return answer.status_code

    assert status(acme_signature="0" * 64) == 401
    assert status(acme_signature="é".encode().decode("latin-1")) == 401
    assert status(body=b"") == 400
    assert status(body=b"{nonsense") == 400
    assert status(body=b"\xff\x00") == 400
    assert status(body=b"[" * 100_000) == 401  # it is too deep for the plugin to read
    assert status(content_type="text/html") == 415
    assert status(body=b"{}" + b" " * MEBIBYTE) == 413
    assert status(path="/webhooks/nobody") == 404
    assert status(path="/webhooks/" + "x" * 3000) == 404
    assert status(path="/webhooks/a/b") == 404
    assert status(path="/webhooks/%00%ff") == 404
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"):
        assert status(method) == 405
    unsigned = requests.post(f"{running.url}/webhooks/{CONNECTION}", data=good, timeout=30)
    assert unsigned.status_code == 401
    assert (
        requests.get(f"{running.url}/webhooks/{CONNECTION}", timeout=30).headers["Allow"] == "POST"
    )

    assert stored(listening_desk) == {}
    reasons = eventually(lambda: _rejected(listening_desk, at_least=13))
    assert reasons["Its signature is wrong."] == 2
    assert reasons["It has no signature."] == 1
    assert reasons["Its method is not POST."] == 7
    assert reasons["The delivery is larger than 1048576 bytes."] == 1


def _rejected(desk: Desk, *, at_least: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    for tally in desk.host.webhooks.tallies():
        assert tally.outcome == "rejected"
        counted[tally.reason] += tally.count
    return counted if counted.total() >= at_least + 4 else Counter()


def test_what_is_hardly_http_is_the_clients_error_too(serve: Serve) -> None:
    running = serve()
    post = b"POST /webhooks/acme-pay HTTP/1.1\r\nHost: x\r\n"
    for request in (
        b"nonsense\r\n\r\n",
        post + b"Content-Length: -1\r\n\r\n",
        post + b"Content-Length: 9\r\nContent-Length: 8\r\n\r\n123456789",
        post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        post + b"Transfer-Encoding: odd\r\n\r\n",
        b"POST /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000 + b"\r\n\r\n",
        b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
    ):
        with _connected(running) as client:
            client.sendall(request)
            head, _, body = _everything(client).partition(b"\r\n\r\n")
        status = int(head.split()[1])
        assert 400 <= status < 500, (request[:80], head)
        assert json.loads(body)["status"] == status
        assert b"X-Content-Type-Options: nosniff" in head
        assert b"gunicorn" not in head + body


def test_a_client_that_sends_slowly_or_not_at_all_keeps_nobody_waiting(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve("--no-integrator", "--threads", "2")
    head = b"POST /webhooks/acme-pay HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    beginnings = [b"", b"P", head, head + b"\r\n", head + b"\r\n{"] * 6
    slow = [_connected(running) for _ in beginnings]
    for client, beginning in zip(slow, beginnings):
        client.sendall(beginning)

    for number in range(20):
        answer = running.deliver(delivery(number))
        assert answer.status_code == 204
        assert answer.elapsed.total_seconds() < 2

    for client in slow:
        assert _everything(client)[:12] in {b"", b"HTTP/1.1 408"}
        client.close()
    assert len(stored(listening_desk)) == 20


def test_parallel_deliveries_with_repetitions_are_each_kept_once(
    serve: Serve, listening_desk: Desk
) -> None:
    running = serve("--no-integrator", "--workers", _workers(listening_desk))
    each = list(range(600)) * 2
    chosen = random.Random(3)
    chosen.shuffle(each)
    queue: Iterator[int] = iter(each)
    lock = threading.Lock()
    statuses: Counter[int] = Counter()

    def client() -> None:
        with requests.Session() as session:
            while True:
                with lock:
                    number = next(queue, None)
                if number is None:
                    return
                body = delivery(number, an_event(number))
                answer = session.post(
                    f"{running.url}/webhooks/{CONNECTION}",
                    data=body,
                    headers=signed(body),
                    timeout=60,
                )
                with lock:
                    statuses[answer.status_code] += 1

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == {204: 1200}
    assert stored(listening_desk) == {f"D{number}": 2 for number in range(600)}
    eventually(
        lambda: (
            {(it.outcome, it.count) for it in listening_desk.host.webhooks.tallies()}
            == {("accepted", 600), ("duplicate", 600)}
        )
    )


def _workers(desk: Desk) -> str:
    return "1" if desk.host.database.is_sqlite else "3"


def test_what_was_acknowledged_outlives_a_kill(serve: Serve, listening_desk: Desk) -> None:
    """Killed the moment that an answer arrives, again and again, while others deliver too."""
    acknowledged: set[str] = set()
    for round_ in range(3):
        running = serve()
        processes = running.children() | {running.process.pid}
        enough = threading.Event()

        def client(name: int, running: Serving = running, enough: threading.Event = enough) -> None:
            with requests.Session() as session:
                for number in range(10_000):
                    body = delivery(f"{round_}-{name}-{number}")  # noqa: B023
                    url = f"{running.url}/webhooks/{CONNECTION}"
                    try:
                        answer = session.post(url, data=body, headers=signed(body), timeout=30)
                    except requests.RequestException:
                        return
                    if answer.status_code == 204:
                        acknowledged.add(json.loads(body)["id"])
                        if number >= 10:
                            enough.set()

        threads = [threading.Thread(target=client, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        for process_id in processes:
            os.kill(process_id, signal.SIGKILL)
        for thread in threads:
            thread.join()
        eventually(lambda: not any(map(is_alive, processes - {running.process.pid})))  # noqa: B023
        running.process.wait()

    assert len(acknowledged) > 30
    assert acknowledged <= stored(listening_desk).keys()


def _connected(running: Serving) -> socket.socket:
    host, _, port = running.url.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def _everything(client: socket.socket) -> bytes:
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)
