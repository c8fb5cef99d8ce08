"""Claim a job, let its carrier carry it out, write down how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from .. import logs
from ..errors import DatabaseError, HostError
from ..jobs.jobs import Jobs
from ..jobs.lease import JobCancelled, JobStopped, Lease, LeaseLost
from .carriers import Carrier

_TRIES, _PAUSE = 5, 2.0  # to write down an end while the database is away; seconds between
_log = logging.getLogger("halo_host.integrator")


class Worker:
    """Used by several threads at once; each job is carried out by one."""

    def __init__(
        self, jobs: Jobs, carriers: Mapping[str, Carrier], should_stop: Callable[[], bool]
    ) -> None:
        self._jobs = jobs
        self._carriers = carriers
        self._should_stop = should_stop

    def work(self) -> int:
        """Carry out jobs until none is due or the worker is to stop; how many."""
        done = 0
        while not self._should_stop():
            lease = self._jobs.claim(kinds=self._carriers.keys(), should_stop=self._should_stop)
            if lease is None:
                break
            with logs.ids(run=str(lease.job_id)):
                self._carry_out(lease)
            done += 1
        return done

    def _carry_out(self, lease: Lease) -> None:
        about = logs.fields(connection=lease.slug, kind=lease.kind, attempt=lease.attempts)
        _log.info("The %s of %s begins.", lease.name, lease.slug, extra=about)
        try:
            result = self._carriers[lease.kind](lease)
        except JobStopped:
            _log.info("The %s of %s was stopped; it goes on later.", lease.name, lease.slug)
            self._note(lease, lambda: self._jobs.give_back(lease))
        except (JobCancelled, LeaseLost) as error:
            _log.warning("%s", error.message)
        except HostError as error:
            _log.warning("The %s of %s failed: %s", lease.name, lease.slug, error.message)
            failed = error
            self._note(lease, lambda: self._jobs.fail(lease, failed))
        except Exception as error:
            _log.exception("The %s of %s failed.", lease.name, lease.slug)
            unexpected = HostError(
                f"Something unexpected happened ({type(error).__name__}).",
                advice="The integrator's log has more; please report it.",
            )
            self._note(lease, lambda: self._jobs.fail(lease, unexpected))
        else:
            if result is None:
                _log.info("The %s of %s had nothing to do.", lease.name, lease.slug)
                self._note(lease, lambda: self._jobs.finish_idle(lease))
            else:
                _log.info("The %s of %s is done. %s", lease.name, lease.slug, result)
                self._note(lease, lambda: self._jobs.finish(lease, str(result)))

    def _note(self, lease: Lease, note: Callable[[], bool]) -> None:
        """Write down the end of a job. Where that fails, its lease runs out and it goes on."""
        for attempt in range(_TRIES):
            try:
                note()
                return
            except DatabaseError as error:
                _log.warning("The end of run %s is not noted: %s", lease.job_id, error.message)
                if self._should_stop() or attempt == _TRIES - 1:
                    return
                time.sleep(_PAUSE)
