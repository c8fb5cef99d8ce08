"""The figures of `/metrics`, each counted when it is asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from sqlalchemy import Select, and_, func, select

from ..database.job_tables import alerts, jobs
from ..database.mirror_tables import mandates, payers, payments, proofs, subscriptions
from ..database.tables import connections, links
from ..jobs.presence import running_integrators

if TYPE_CHECKING:
    from ..host import Host
    from .answer_times import AnswerTimes

WAITING_SECONDS = 60.0  # how long the count of records without a user is good for
_log = logging.getLogger("halo_host.web")


def answer_times(times: AnswerTimes) -> Metric:
    buckets, total = times.buckets()
    family = HistogramMetricFamily(
        "halo_host_webhook_answer_seconds", "From a delivery's arrival to its answer."
    )
    family.add_metric([], buckets=buckets, sum_value=total)
    return family


class Figures:
    """Counts what the databases hold. One part that fails does not hide the others."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._waiting: tuple[float, list[tuple[str, str, int]]] | None = None

    def collect(self) -> Iterator[Metric]:
        failed = GaugeMetricFamily(
            "halo_host_figures_failed", "1 where a part could not be counted.", labels=["part"]
        )
        parts: dict[str, Callable[[], Iterable[Metric]]] = {
            "inbox": self._inbox,
            "jobs": self._jobs,
            "sync": self._sync,
            "alerts": self._alerts,
            "mirror": self._mirror,
        }
        for name, part in parts.items():
            try:
                found = list(part())
            except Exception as error:
                _log.warning("The figures of the %s could not be counted: %s", name, error)
                failed.add_metric([name], 1)
                continue
            failed.add_metric([name], 0)
            yield from found
        yield failed

    def _inbox(self) -> Iterator[Metric]:
        deliveries = CounterMetricFamily(
            "halo_host_webhook_deliveries",
            "Deliveries by how they ended; without a connection: to no connection's address.",
            labels=["connection", "outcome"],
        )
        for connection, outcome, count in self._host.webhooks.inbox.totals():
            deliveries.add_metric([connection, outcome], count)
        yield deliveries
        waiting = GaugeMetricFamily(
            "halo_host_inbox_waiting", "Unprocessed deliveries.", labels=["connection"]
        )
        oldest = GaugeMetricFamily(
            "halo_host_inbox_oldest_seconds",
            "Age of the oldest unprocessed delivery.",
            labels=["connection"],
        )
        now = self._host.clock()
        there = self._host.webhooks.inbox.waiting()
        for slug in sorted({*there, *(it.slug for it in self._host.connections.all())}):
            count, since = there.get(slug, (0, now))
            waiting.add_metric([slug], count)
            oldest.add_metric([slug], max(0.0, (now - since).total_seconds()))
        yield waiting
        yield oldest

    def _jobs(self) -> Iterator[Metric]:
        counted = GaugeMetricFamily(
            "halo_host_jobs", "Jobs that are kept, by state and kind.", labels=["state", "kind"]
        )
        by_state = select(jobs.c.state, jobs.c.kind, func.count()).group_by(
            jobs.c.state, jobs.c.kind
        )
        for state, kind, count in self._rows(by_state):
            counted.add_metric([state, kind], count)
        yield counted
        integrators = GaugeMetricFamily("halo_host_integrators", "Integrators that run.")
        running = running_integrators(self._host.database, self._host.clock())
        integrators.add_metric([], len(running))
        yield integrators
        requests = GaugeMetricFamily(
            "halo_host_provider_requests_day",
            "Requests to the provider by runs that began in the last 24 hours.",
            labels=["connection"],
        )
        limited = GaugeMetricFamily(
            "halo_host_provider_rate_limited_day",
            "Those that the provider refused for its rate limit.",
            labels=["connection"],
        )
        of_a_day = (
            select(
                connections.c.slug,
                func.coalesce(func.sum(jobs.c.requests), 0),
                func.coalesce(func.sum(jobs.c.rate_limited), 0),
            )
            .join(
                jobs,
                and_(
                    jobs.c.connection_id == connections.c.id,
                    jobs.c.started_at >= self._host.clock() - timedelta(days=1),
                ),
                isouter=True,
            )
            .group_by(connections.c.slug)
        )
        for slug, asked, refused in self._rows(of_a_day):
            requests.add_metric([slug], float(asked))
            limited.add_metric([slug], float(refused))
        yield requests
        yield limited

    def _sync(self) -> Iterator[Metric]:
        last_sync = (
            select(connections.c.slug, func.max(jobs.c.finished_at))
            .join(jobs, jobs.c.connection_id == connections.c.id)
            .where(jobs.c.kind == "sync", jobs.c.state == "done")
            .group_by(connections.c.slug)
        )
        yield self._ages(
            "halo_host_sync_age_seconds", "Since the last complete sync of payments.", last_sync
        )
        last_proof = (
            select(connections.c.slug, func.max(proofs.c.at))
            .join(proofs, proofs.c.connection_id == connections.c.id)
            .group_by(connections.c.slug)
        )
        yield self._ages(
            "halo_host_proof_age_seconds",
            "Since mirror and provider were last compared.",
            last_proof,
        )
        newest = select(func.max(proofs.c.id)).group_by(proofs.c.connection_id)
        differences = GaugeMetricFamily(
            "halo_host_proof_differences",
            "Differences that the last comparison found.",
            labels=["connection"],
        )
        found = (
            select(connections.c.slug, proofs.c.differences)
            .join(proofs, proofs.c.connection_id == connections.c.id)
            .where(proofs.c.id.in_(newest))
        )
        for slug, count in self._rows(found):
            differences.add_metric([slug], count)
        yield differences

    def _alerts(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "halo_host_alerts_open", "Open alerts.", labels=["connection", "kind"]
        )
        query = (
            select(connections.c.slug, alerts.c.kind, func.count())
            .join(alerts, alerts.c.connection_id == connections.c.id)
            .where(alerts.c.ended_at.is_(None))
            .group_by(connections.c.slug, alerts.c.kind)
        )
        for slug, kind, count in self._rows(query):
            family.add_metric([slug, kind], count)
        yield family

    def _mirror(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "halo_host_records_without_user",
            "Mirrored records whose payer is linked to no user yet.",
            labels=["connection", "stream"],
        )
        for slug, stream, count in self._records_without_user():
            family.add_metric([slug, stream], count)
        yield family

    def _records_without_user(self) -> list[tuple[str, str, int]]:
        """Counting a million payments takes a moment, so it is not done for every scrape."""
        now = time.monotonic()
        if self._waiting is None or now - self._waiting[0] > WAITING_SECONDS:
            found: list[tuple[str, str, int]] = []
            for table in (payers, mandates, subscriptions, payments):
                payer = table.c.external_id if table is payers else table.c.external_user_id
                query = (
                    select(connections.c.slug, func.count(table.c.id))
                    .join(table, table.c.connection_id == connections.c.id)
                    .join(
                        links,
                        and_(
                            links.c.connection_id == table.c.connection_id,
                            links.c.external_id == payer,
                        ),
                        isouter=True,
                    )
                    .where(links.c.id.is_(None))
                    .group_by(connections.c.slug)
                )
                found += [(slug, table.name, count) for slug, count in self._rows(query)]
            self._waiting = (now, found)
        return self._waiting[1]

    def _ages(self, name: str, text: str, query: Select[Any]) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["connection"])
        now = self._host.clock()
        for slug, at in self._rows(query):
            if at is not None:
                family.add_metric([slug], max(0.0, (now - at).total_seconds()))
        return family

    def _rows(self, query: Select[Any]) -> list[tuple[Any, ...]]:
        with self._host.database.read() as connection:
            return [tuple(row) for row in connection.execute(query)]
