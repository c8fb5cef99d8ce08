"""The integrator on another machine, with only an address and a token: it has due syncs started,
follows them and reports. What runs is queued and carried out by the host's own jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..errors import HostError, NotFound
from .api_client import ApiAway, ApiClient, ApiRefused

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
        self._is_alone = False
        self.failed = 0

    def run(self, *, every: float, once: bool = False, poll: float = POLL_SECONDS) -> None:
        """Start what is due, every so many seconds, until `stop` is set; or once, to its end.

        :raises ApiRefused: the token is not good for that.
        :raises HostError: what is at the address is no host; with `once`, it cannot be reached.
        """
        if once:
            self._greet()
            self._start_due()
            while self._followed and not self._stop.wait(poll):
                self._follow()
            return
        while not self._try(self._greet, but=HostError) and not self._stop.wait(every):
            pass
        next_start = 0.0
        waited = 0.0
        while not self._stop.is_set():
            if waited >= next_start:
                self._try(self._start_due)
                waited, next_start = 0.0, every
            if self._followed:
                self._try(self._follow)
            step = min(poll, every) if self._followed else max(every - waited, poll)
            self._stop.wait(step)
            waited += step

    def _greet(self) -> None:
        """Say who works for whom, and go on with what another process has begun to follow."""
        me = self._api.get("/me")
        until = str(me.get("token", {}).get("expires_at", ""))[:10]
        ends = f" until {until}" if until else ""
        self._say(f"Working for {me['agent']}, whose token is good for {me['role']}{ends}.")
        self._warn_without_integrator()
        for state in ("running", "queued"):
            for job in self._api.get(f"/jobs?state={state}&limit=100")["items"]:
                if job["why"] == "schedule":
                    self._tell(job)

    def _start_due(self) -> None:
        started = self._api.post("/due")["items"]
        for job in started:
            self._tell(job)
        if started:
            self._warn_without_integrator()

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
        self._followed.setdefault(number, "")
        if line != self._followed.get(number):
            self._say(line)
            self._followed[number] = line
        if state in _ENDED:
            self.failed += state == "failed"
            del self._followed[number]
            self._api.forget(f"/jobs/{number}")

    def _warn_without_integrator(self) -> None:
        is_alone = not self._api.get("/integrators")["items"]
        if is_alone and not self._is_alone:
            self._say(
                "No integrator runs beside the host's database, so what is started waits: run "
                "`halo-host serve` or `halo-host integrator` there."
            )
        self._is_alone = is_alone

    def _try(self, act: Callable[[], None], *, but: type[HostError] = ApiRefused) -> bool:
        """Whether it went well. A host that is away for a while is asked again; it is said once.

        :raises HostError: one of the kind `but`, unless the host is merely away.
        """
        try:
            act()
        except HostError as error:
            if isinstance(error, but) and not isinstance(error, ApiAway):
                raise
            if self._stop.is_set():
                return False
            if error.message != self._trouble:
                said = (error.message, "It is asked again.", error.advice)
                self._say(" ".join(filter(None, said)))
            self._trouble = error.message
            return False
        if self._trouble:
            self._say("The host answers again.")
        self._trouble = ""
        return True
