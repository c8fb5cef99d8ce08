"""Whether each connection's mirror is right, recent and proved, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..alerts.alerts import Alert, Alerts
from ..alerts.raising import MONEY_KINDS
from ..connections.connections import ConnectionDetails, Connections
from ..database.database import Database
from ..jobs.history import failures_told, histories
from ..jobs.job import Job
from ..jobs.jobs import Jobs
from ..jobs.presence import running_integrators
from ..plurals import counted
from ..sync.due import Planned
from ..sync.schedules import Schedules
from ..sync.sync import LastProof, Sync
from .payments import Payments
from .unlinked import Unlinked

_PART = "payments"
# What keeps the mirror right; how imports of users go is told by their alert.
_KINDS = ("sync", "verify", "webhooks")


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorHealth:
    """One connection. `problems` say in words what is wrong; without any the mirror is healthy.

    `age` is how long ago all changes were last taken in; None before the first fill has ended.
    `last_run` is the newest sync, which may be at work. `money_alerts` are late failures and
    chargebacks that nobody has acknowledged: they are for somebody to see to, and no illness.
    `is_paused`: nothing of the connection begins by itself, until somebody says so. `review` is the
    import whose review the users wait for.
    """

    connection: str
    name: str
    checked_at: datetime | None
    age: timedelta | None
    proof: LastProof | None
    waiting: Unlinked
    failed_records: int
    alerts: int
    money_alerts: int
    last_run: Job | None
    next_run: Planned | None
    is_paused: bool
    problems: tuple[str, ...]
    review: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HostHealth:
    """Every enabled connection whose plugin has streams. `problems` are those of the host itself.

    `unmirrored` are the enabled connections whose plugin has none.
    """

    mirrors: tuple[MirrorHealth, ...]
    unmirrored: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def is_healthy(self) -> bool:
        return not self.problems and not any(it.problems for it in self.mirrors)


class Health:
    def __init__(
        self,
        database: Database,
        connections: Connections,
        payments: Payments,
        sync: Sync,
        schedules: Schedules,
        jobs: Jobs,
        alerts: Alerts,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._connections = connections
        self._payments = payments
        self._sync = sync
        self._schedules = schedules
        self._jobs = jobs
        self._alerts = alerts
        self._clock = clock

    def look(self, slug: str | None = None) -> HostHealth:
        """Look at one connection, or at all that are enabled; asks no provider.

        :raises NotFound: no connection has that slug.
        """
        if slug is None:
            looked_at = [it for it in self._connections.all() if it.enabled]
        else:
            looked_at = [self._connections.get(slug)]
        mirrored = [it for it in looked_at if _PART in self._schedules.offered(it)]
        mirrors = tuple(self._mirror(it) for it in mirrored)
        waits = any(it.next_run is not None and it.next_run.due is not None for it in mirrors)
        return HostHealth(
            mirrors=mirrors,
            unmirrored=tuple(it.slug for it in looked_at if it not in mirrored),
            problems=tuple(self._problems_of_host(waits)),
        )

    def _problems_of_host(self, work_waits: bool) -> Sequence[str]:
        if work_waits and not running_integrators(self._database, self._clock()):
            return ["No integrator runs, so nothing is synced by itself: start `halo-host serve`."]
        return []

    def _mirror(self, details: ConnectionDetails) -> MirrorHealth:
        slug = details.slug
        checked = self._sync.freshness(slug).checked_at
        age = None if checked is None else self._clock() - checked
        runs = self._jobs.list(slug, kinds=("sync",), limit=1)
        plan = self._schedules.plan(slug)
        planned = [it for it in plan if it.part == _PART]
        proof = self._sync.last_proof(slug)
        failed = len(self._sync.failed(slug))
        open_alerts = self._alerts.list(slug, limit=1_000)
        money = [it for it in open_alerts if it.kind in MONEY_KINDS]
        others = [it for it in open_alerts if it.kind not in MONEY_KINDS]
        problems = [
            *self._too_old(slug, age, planned),
            *_wrong(proof, failed),
            *self._failing(details, others),
            *(it.text for it in others),
        ]
        return MirrorHealth(
            connection=slug,
            name=details.name,
            checked_at=checked,
            age=age,
            proof=proof,
            waiting=self._payments.unlinked(connection=slug),
            failed_records=failed,
            alerts=len(others),
            money_alerts=len(money),
            last_run=runs[0] if runs else None,
            next_run=planned[0] if planned else None,
            is_paused=self._schedules.get(slug).paused_at is not None,
            problems=tuple(problems),
            review=next((it.review for it in plan if it.review is not None), None),
        )

    def _failing(self, details: ConnectionDetails, alerts: Sequence[Alert]) -> Sequence[str]:
        """Kinds of run whose newest failed, but for those that an alert tells of already."""
        told = {it.key for it in alerts}
        with self._database.read() as connection:
            known = histories(connection, details.id, _KINDS)
        return [
            failures_told(details.name, kind, history)
            for kind, history in known.items()
            if history.failures and not told & {f"sync_failing:{kind}", f"job_dead:{kind}"}
        ]

    def _too_old(
        self, slug: str, age: timedelta | None, planned: Sequence[Planned]
    ) -> Sequence[str]:
        """What rests on purpose is not too old: switched off, paused, or in its quiet hours."""
        schedule = self._schedules.get(slug)
        quiet = self._schedules.quiet_hours(schedule)
        rests = not any(it.due for it in planned)
        if rests or (quiet is not None and quiet.holds(self._clock())):
            return []
        if age is None:
            return ["The mirror has not been filled yet."]
        if age > schedule.too_old(_PART):
            return ["The mirror is older than it should be."]
        return []


def _wrong(proof: LastProof | None, failed: int) -> Sequence[str]:
    found = []
    if proof is not None and proof.differences:
        count = counted(proof.differences, "record")
        found.append(f"The mirror differed from the provider in {count} when it was verified.")
    if failed:
        found.append(f"{counted(failed, 'record')} could not be read.")
    return found
