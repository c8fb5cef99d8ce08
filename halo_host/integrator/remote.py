"""The integrator on another machine, with only an address and a token: it has due syncs started,
follows them and reports. What runs is queued and carried out by the host's own jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..errors import HostError, NotFound
from .api_client import ApiClient, ApiRefused

POLL_SECONDS = 1.0
_ENDED = frozenset({"done", "failed", "cancelled"})


class RemoteIntegrator:
    """`say` prints a line for the operator."""

    def __init__(self, api: ApiClient, stop: threading.Event, say: Callable[[str], None]) -> None:
        self._api = api
        self._stop = stop
        self._say = say
        self._followed: dict[int, str] = {}
        self._trouble = ""
        self.failed = 0

    def run(self, *, every: float, once: bool = False, poll: float = POLL_SECONDS) -> None:
        """Start what is due, every so many seconds, until `stop` is set; or once, to its end.

        :raises ApiRefused: the token is not good for that.
        :raises HostError: with `once`, the host cannot be reached.
        """
        me = self._api.get("/me")
        self._say(f"Working for {me['agent']}, whose token is good for {me['role']}.")
        self._warn_without_integrator()
        if once:
            self._start_due()
            while self._followed and not self._stop.wait(poll):
                self._follow()
            return
        next_start = 0.0
        waited = 0.0
        while not self._stop.is_set():
            if waited >= next_start:
                self._try(self._start_due)
                waited, next_start = 0.0, every
            self._try(self._follow)
            step = min(poll, every) if self._followed else max(every - waited, poll)
            self._stop.wait(step)
            waited += step

    def _start_due(self) -> None:
        for job in self._api.post("/due")["items"]:
            self._followed.setdefault(int(job["id"]), "")
            self._tell(job)

    def _follow(self) -> None:
        for number in list(self._followed):
            try:
                self._tell(self._api.get(f"/jobs/{number}"))
            except NotFound:  # it found nothing to do, and is forgotten
                del self._followed[number]

    def _tell(self, job: dict[str, Any]) -> None:
        number, state = int(job["id"]), str(job["state"])
        about = f"Run {number} ({job['kind']} of {job['connection']}) is {state}"
        told = job["result"] or job["error"] if state in _ENDED else job["step"]
        line = f"{about}: {told}" if told else f"{about}."
        if line != self._followed.get(number):
            self._say(line)
            self._followed[number] = line
        if state in _ENDED:
            self.failed += state == "failed"
            del self._followed[number]
            self._api.forget(f"/jobs/{number}")

    def _warn_without_integrator(self) -> None:
        if not self._api.get("/integrators")["items"]:
            self._say(
                "No integrator runs beside the host's database, so what is started waits: run "
                "`halo-host serve` or `halo-host integrator` there."
            )

    def _try(self, act: Callable[[], None]) -> None:
        """A host that is away for a while is asked again; it is said once."""
        try:
            act()
        except ApiRefused:
            raise
        except HostError as error:
            if error.message != self._trouble:
                self._say(f"{error.message} It is asked again.")
            self._trouble = error.message
        else:
            if self._trouble:
                self._say("The host answers again.")
            self._trouble = ""
