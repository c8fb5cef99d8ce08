"""Clients that deliver webhooks of one event each, as GoCardless sends them, and how long it took.

A time is that from when a delivery was due to its answer, as the provider sees it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

SECRET = "hush-hush-hush"


@dataclass(frozen=True)
class Target:
    """Who takes the deliveries: `path` of its webhooks, `status` with which it accepts one."""

    address: tuple[str, int]
    path: str
    status: int


@dataclass(frozen=True)
class Delivered:
    """What one round of deliveries found; times in milliseconds, sorted."""

    rate: float
    sent: int
    acknowledged: tuple[str, ...]
    took: float
    times: tuple[float, ...]

    def at(self, share: float) -> float:
        """The time within which that share of the deliveries was answered."""
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))]

    @property
    def a_second(self) -> float:
        return len(self.acknowledged) / self.took

    def __str__(self) -> str:
        return (
            f"{len(self.acknowledged):,} of {self.sent:,} accepted; median {self.at(0.5):.1f}, "
            f"p95 {self.at(0.95):.1f}, p99 {self.at(0.99):.1f}, max {self.times[-1]:.0f} ms"
        )


class _Client(threading.Thread):
    """Delivers its share over one connection; notes when each was due and answered."""

    def __init__(self, target: Target, numbers: Sequence[int], rate: float) -> None:
        super().__init__()
        self._target = target
        self._requests = [(webhook_id(it), _request(target.path, it)) for it in numbers]
        self._rate = rate
        self.times: list[float] = []
        self.acknowledged: list[str] = []

    def run(self) -> None:
        connection = self._connected()
        accepted = f"HTTP/1.1 {self._target.status}".encode()
        began = time.perf_counter()
        for place, (identity, request) in enumerate(self._requests):
            due = began + place / self._rate if self._rate else time.perf_counter()
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            answer = self._answer(connection, request)
            self.times.append((time.perf_counter() - due) * 1000)
            if answer.startswith(accepted):
                self.acknowledged.append(identity)
            if b"\r\nconnection: close" in answer.lower():
                connection.close()
                connection = self._connected()
        connection.close()

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(self._target.address, timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @staticmethod
    def _answer(connection: socket.socket, request: bytes) -> bytes:
        """The head of the answer; neither of the servers sends a body with its acceptance."""
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(4096)
            if not part:
                raise ConnectionError("the server closed a connection")
            answer += part
        return answer


def deliver(target: Target, numbers: range, clients: int, rate: float) -> Delivered:
    """Deliver them from so many clients, evenly at a rate a second, or as quickly as answered."""
    threads = [_Client(target, numbers[place::clients], rate / clients) for place in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Delivered(
        rate,
        len(numbers),
        tuple(it for thread in threads for it in thread.acknowledged),
        time.perf_counter() - began,
        tuple(sorted(it for thread in threads for it in thread.times)),
    )


def webhook_id(number: int) -> str:
    return f"WB{number:010}"


def _request(path: str, number: int) -> bytes:
    event = {
        "id": f"EV{number:010}",
        "created_at": "2026-03-01T09:00:00.000Z",
        "resource_type": "payments",
        "action": "paid_out",
        "details": {
            "origin": "gocardless",
            "cause": "payment_paid_out",
            "description": "The payment has been paid out by GoCardless." + "x" * 150,
        },
        "metadata": {},
        "links": {"payment": f"PM{number:010}", "payout": "PO0000000001"},
    }
    body = json.dumps({"events": [event], "meta": {"webhook_id": webhook_id(number)}}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Webhook-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
