"""`halo-host serve` as a process of its own, and deliveries of Acme Pay to it."""

from __future__ import annotations

import hmac
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import requests

from halo_host.settings import Settings

SECRET = "hush-hush-hush"
PATIENCE = 60.0  # seconds until a test gives up; nothing takes so long unless it is broken
T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = PATIENCE) -> T:
    """What `look` returns as soon as that is true; fails with its last value after a long time."""
    give_up = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {seconds} seconds, and still it is {found!r}")
        time.sleep(0.02)


def delivery(number: int | str, *events: Mapping[str, Any], **fields: Any) -> bytes:
    return json.dumps({"id": f"D{number}", "events": list(events), **fields}).encode()


def an_event(number: int | str, resource: str = "PM1", kind: str = "payments") -> dict[str, Any]:
    return {
        "id": f"EV{number}",
        "kind": kind,
        "resource": resource,
        "action": "paid_out",
        "at": "2026-03-01T09:00:00+00:00",
    }


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return {"acme-signature": signature, "content-type": "application/json"}


class Serving:
    """A running `halo-host serve`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        self.url = ""

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_until_it_serves(self) -> None:
        def address() -> str | None:
            if self.process.poll() is not None:
                raise AssertionError(f"serve has ended: {self.said()}")
            found = re.search(r"Serving on (http://[^ \"]+?)\.?(?=[\"\s])", self.said())
            return found[1] if found else None

        self.url = str(eventually(address))
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=60).status_code == 200
        except requests.ConnectionError:
            return False

    def get(self, path: str, **named: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **named)

    def deliver(
        self, body: bytes, *, slug: str = "acme-pay", secret: str = SECRET
    ) -> requests.Response:
        return requests.post(
            f"{self.url}/webhooks/{slug}", data=body, headers=signed(body, secret), timeout=30
        )

    def children(self) -> set[int]:
        """Its processes, and theirs."""
        found: set[int] = set()
        fresh = {self.process.pid}
        while fresh:
            found |= fresh
            fresh = {it for parent in fresh for it in _children(parent)} - found
        return found - {self.process.pid}

    def stop(self) -> int:
        """Ask it to stop, as systemd does; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)


def _children(parent: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != b"Z":
            found.add(int(stat.parent.name))
    return found


def is_alive(process_id: int) -> bool:
    """A process that has ended and was not asked for yet does not count."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] != b"Z"


@contextmanager
def serving(
    settings: Settings, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Run it on a free port until the block ends; whatever it left behind is killed."""
    log = folder / f"serve-{len(list(folder.glob('serve-*.log')))}.log"
    command = [sys.executable, "-m", "halo_host", "serve", "--listen", "127.0.0.1:0", *arguments]
    chosen = {
        "HALO_HOST_DATA": str(settings.data),
        "HALO_HOST_DATABASE_URL": settings.database_url,
        **(environment or {}),
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **chosen}, stdout=output, stderr=output, cwd=folder
        )
    running = Serving(process, log)
    left: set[int] = set()
    try:
        running.wait_until_it_serves()
        yield running
    finally:
        if process.poll() is None:
            left = running.children()
            process.terminate()
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for process_id in left:
            if is_alive(process_id):
                os.kill(process_id, signal.SIGKILL)
