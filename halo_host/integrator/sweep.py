"""What is looked at every few seconds, whatever the queue says: this is how nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from ..errors import HostError
from ..host import Host
from ..jobs.job import Why
from ..jobs.presence import Presence
from ..sync.schedules import AGENT
from ..sync.superseded_pages import remove_superseded_pages

_PRUNE_EVERY = timedelta(hours=6)
_REMOVE_PAGES_EVERY = timedelta(days=1)
_WATCH_EVERY = timedelta(seconds=30)
_log = logging.getLogger("halo_host.integrator")


class Sweep:
    """Of all integrators one queues what is due, watches and prunes.

    Each looks for work, and sends alerts by the channels that it has: two may differ in them.
    """

    def __init__(
        self, host: Host, presence: Presence, *, watch_every: timedelta = _WATCH_EVERY
    ) -> None:
        self._host = host
        self._presence = presence
        self._watch_every = watch_every
        self._watched_at: datetime | None = None
        self._failed_runs: tuple[int, datetime | None] | None = None
        self._pruned_at: datetime | None = None
        self._removed_pages_at: datetime | None = None
        self._said: dict[str, str] = {}
        self.leads = False

    def once(self) -> int:
        """Look once; how many jobs could be claimed now."""
        self._try("presence", self._look_who_leads)
        if self.leads:
            self._try("schedules", self._host.schedules.enqueue_due)
            self._try("webhooks", self._enqueue_deliveries)
            self._try("alerts", self._watch)
            self._try("old records", self._prune)
            self._try("superseded pages", self._remove_superseded_pages)
        waiting = 0

        def count() -> None:
            nonlocal waiting
            waiting = self._host.jobs.waiting()

        self._try("jobs", count)
        return waiting

    def send_alerts(self) -> None:
        """Apart from the rest: a mail server may take its time."""
        self._try("messages", self._host.alert_sender.send_due)

    def _look_who_leads(self) -> None:
        self.leads = False
        self.leads = self._presence.renew()

    def _enqueue_deliveries(self) -> None:
        for slug in self._host.webhooks.connections_with_work():
            now = self._host.clock()
            wait = self._host.schedules.webhook_pause(slug)
            self._host.jobs.enqueue(
                "webhooks", slug, why=Why.WEBHOOK, agent=AGENT, not_before=now + wait
            )

    def _watch(self) -> None:
        """Now and then, and at once when a run has failed, whoever began it."""
        now, failed = self._host.clock(), self._host.jobs.failed_runs()
        is_time = self._watched_at is None or now - self._watched_at >= self._watch_every
        if is_time or failed != self._failed_runs:
            self._host.watch.look(self._presence.started_at)
            self._watched_at, self._failed_runs = now, failed

    def _prune(self) -> None:
        now, settings = self._host.clock(), self._host.settings
        if self._pruned_at is not None and now - self._pruned_at < _PRUNE_EVERY:
            return
        self._host.jobs.prune(
            ended_before=now - timedelta(days=settings.run_days),
            failed_before=now - timedelta(days=settings.failed_run_days),
        )
        self._host.webhooks.prune()
        self._pruned_at = now

    def _remove_superseded_pages(self) -> None:
        now = self._host.clock()
        last = self._removed_pages_at
        if last is None or now - last >= _REMOVE_PAGES_EVERY:
            remove_superseded_pages(self._host.database)
            self._removed_pages_at = now

    def _try(self, what: str, look: Callable[[], object]) -> None:
        """One part that fails does not keep the others from their work; it is said once."""
        try:
            look()
        except HostError as error:
            self._say(what, error.message)
        except Exception as error:
            if self._say(what, type(error).__name__):
                _log.exception("The integrator's look at %s failed.", what)
        else:
            self._said.pop(what, None)

    def _say(self, what: str, message: str) -> bool:
        if self._said.get(what) == message:
            return False
        self._said[what] = message
        _log.warning("The integrator cannot look after %s: %s", what, message)
        return True
