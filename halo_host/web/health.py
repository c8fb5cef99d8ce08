"""`/healthz`: the process answers. `/readyz`: everything that it needs works, or what does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, current_app

from ..database.upgrade import Age, age
from ..errors import HostError
from ..jobs.presence import running_integrators
from .parts import json_answer
from .shell.access import public

if TYPE_CHECKING:
    from ..host import Host

CHECK_SECONDS = 3.0
views = Blueprint("health", __name__)


@views.get("/healthz")
@public("it tells that the process answers", elsewhere=True)
def alive() -> Response:
    return json_answer({"status": "alive"})


@views.get("/readyz")
@public("it tells what does not work", elsewhere=True)
def ready() -> Response:
    readiness = cast("Readiness", current_app.extensions["halo_host_readiness"])
    reasons = readiness.reasons()
    if reasons:
        return json_answer({"status": "not ready", "reasons": reasons}, 503)
    return json_answer({"status": "ready"})


class Readiness:
    """Asks each part, all at once, and takes no answer in time for a bad one."""

    def __init__(self, host: Host) -> None:
        self._checks: dict[str, Callable[[], str | None]] = {
            "database": lambda: _database(host),
            "inbox": lambda: _inbox(host),
            "integrator": lambda: _integrator(host),
        }
        self._lock = threading.Lock()
        self._asked: dict[str, Future[str | None]] = {}

    def reasons(self) -> dict[str, str]:
        """What is wrong, by part; empty if nothing is."""
        asked = {name: self._ask(name) for name in self._checks}
        found = {}
        for name, answer in asked.items():
            try:
                reason = answer.result(timeout=CHECK_SECONDS)
            except TimeoutError:
                reason = f"It does not answer within {CHECK_SECONDS:g} seconds."
            except HostError as error:
                reason = error.message
            except Exception as error:
                reason = f"Something unexpected happened ({type(error).__name__})."
            if reason is not None:
                found[name] = reason
        return found

    def _ask(self, name: str) -> Future[str | None]:
        """A check that still hangs is not asked again: its threads must not pile up."""
        with self._lock:
            before = self._asked.get(name)
            if before is not None and not before.done():
                return before
            answer: Future[str | None] = Future()
            self._asked[name] = answer
            threading.Thread(
                target=_answer, args=(answer, self._checks[name]), name=f"ready-{name}", daemon=True
            ).start()
            return answer


def _answer(answer: Future[str | None], check: Callable[[], str | None]) -> None:
    try:
        answer.set_result(check())
    except BaseException as error:
        answer.set_exception(error)


def _database(host: Host) -> str | None:
    if age(host.database) is not Age.CURRENT:
        return "Its tables are not those of this version."
    return None


def _inbox(host: Host) -> str | None:
    host.webhooks.prove_writable(CHECK_SECONDS)
    return None


def _integrator(host: Host) -> str | None:
    if not running_integrators(host.database, host.clock()):
        return "No integrator runs."
    return None
