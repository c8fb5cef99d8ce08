"""A host beside a twin: what its integrator does, and what its mirror then holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from halo_gocardless.twin import Knobs, TwinConfig, TwinServer
from halo_gocardless.twin.listing import Query, list_page
from halo_gocardless.twin.payout_items import all_payout_items
from sqlalchemy import select

from halo_host import StreamKind
from halo_host.database.job_tables import alerts
from halo_host.database.mirror_tables import event_meanings, payout_items, timeline
from halo_host.host import Host
from halo_host.integrator.carriers import carriers
from halo_host.integrator.sweep import Sweep
from halo_host.integrator.worker import Worker
from halo_host.jobs.job import Job, JobState
from halo_host.jobs.presence import Presence
from halo_host.settings import Settings
from halo_host.sync.shapes import SHAPES
from halo_host.sync.verify import Proof
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

from ..twin.conftest import Api

SLUG = "gocardless"
AGENT = "tester"
WEBHOOK_SECRET = "a-secret-of-one-endpoint"
NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
# Requests are limited by the minute of the wall clock, in which a test lives through months.
UNLIMITED = Knobs(rate_limit=1_000_000)
MIRRORED = tuple(SHAPES)
MONEY_ALERTS = ("late_failure", "chargeback")


class HostClock:
    """The twin's time, off by as much as `off` says."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return self._now() + self.off


class Desk:
    """A host with one connection to a twin, of which nothing was read yet."""

    def __init__(self, server: TwinServer, host: Host, api: Api, clock: HostClock) -> None:
        self.server = server
        self.twin = server.twin
        self.host = host
        self.api = api
        self.clock = clock
        self._sweep = Sweep(host, Presence(host.database, host.clock, threads=1))
        self._worker = Worker(host.jobs, carriers(host), should_stop=lambda: False)

    # --- what happens ---------------------------------------------------------------------------

    def work(self) -> None:
        """What an integrator does when it looks: queue what is due, and carry it out."""
        self._sweep.once()
        self._worker.work()

    def sync(self) -> Job:
        """Sync now, as from the command line with an integrator running; however it ends."""
        return self._carried_out("sync")

    def fill(self) -> Job:
        """A sync that must succeed, such as the first one."""
        job = self.sync()
        assert job.state is JobState.DONE, job.error
        return job

    def verify(self, *, repair: bool = False) -> Proof:
        """Compare mirror and twin, as `halo-host verify` does."""
        with self.host.jobs.holding("verify", SLUG, agent=AGENT) as held:
            return self.host.sync.verify(held.lease, repair=repair)

    def reread(self) -> Job:
        """Try the failed records again."""
        return self._carried_out("reread")

    def process_webhooks(self) -> Job:
        """Have the integrator process what is in the inbox."""
        return self._carried_out("webhooks")

    def deliver(self) -> Job:
        """Have the twin send what it has to tell, and the integrator process it."""
        self.twin.flush_webhooks()
        return self.process_webhooks()

    def advance(self, **delta: float) -> datetime:
        """Let time pass for the twin, and so for the host."""
        return self.twin.advance(timedelta(**delta))

    @contextmanager
    def happening(self, happen: Callable[[str], object]) -> Iterator[None]:
        """Something happens at the twin before each request that it answers; it gets the path."""
        plan = self.twin.fault_plan
        take = plan.take

        def before(method: str, path: str) -> Any:
            happen(path)
            return take(method, path)

        plan.take = before  # type: ignore[method-assign]
        try:
            yield
        finally:
            plan.take = take  # type: ignore[method-assign]

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """The paths of the requests that the twin gets meanwhile."""
        asked: list[str] = []
        with self.happening(asked.append):
            yield asked

    def simulate(self, scenario: str, identity: str) -> None:
        self.api.simulate(scenario, {"id": identity})

    def _carried_out(self, kind: str) -> Job:
        job = self.host.jobs.enqueue(kind, SLUG, why="hand", agent=AGENT)
        self._worker.work()
        return self.host.jobs.get(job.id)

    # --- what the host holds --------------------------------------------------------------------

    def rows(self, kind: StreamKind) -> dict[str, Any]:
        """The mirror's records of a kind by their ids, without payers that are gone."""
        with self.host.database.read() as connection:
            rows = connection.execute(select(SHAPES[kind].table)).all()
        return {row.external_id: row for row in rows if getattr(row, "removed_at", None) is None}

    def statuses(self, kind: StreamKind) -> dict[str, str]:
        return {key: getattr(row, "status", "there") for key, row in self.rows(kind).items()}

    def row(self, kind: StreamKind, identity: str) -> Any:
        with self.host.database.read() as connection:
            query = select(SHAPES[kind].table).filter_by(external_id=identity)
            return connection.execute(query).one()

    def told(self, identity: str) -> list[str]:
        """The actions in a record's timeline, in the order in which they came about."""
        return [row.action for row in self.story(identity)]

    def story(self, identity: str) -> list[Any]:
        query = (
            select(timeline.c.event_id, timeline.c.at, *event_meanings.c)
            .join(event_meanings, event_meanings.c.id == timeline.c.meaning_id)
            .filter_by(resource_id=identity)
            .order_by(timeline.c.at, timeline.c.event_id)
        )
        with self.host.database.read() as connection:
            return list(connection.execute(query))

    def event_ids(self) -> set[str]:
        with self.host.database.read() as connection:
            return set(connection.scalars(select(timeline.c.event_id)))

    def money_alerts(self) -> list[tuple[str, str]]:
        """The keys of all alerts about money, each with its payer; ended ones too."""
        with self.host.database.read() as connection:
            rows = connection.execute(
                select(alerts.c.key, alerts.c.external_user_id)
                .where(alerts.c.kind.in_(MONEY_ALERTS))
                .order_by(alerts.c.key)
            )
            return [(row.key, row.external_user_id) for row in rows]

    def payout_lines(self) -> dict[str, list[tuple[str, int, str]]]:
        """The lines of payouts: type, tenths, and the payment or refund that it is about."""
        found: dict[str, list[tuple[str, int, str]]] = {}
        with self.host.database.read() as connection:
            for row in connection.execute(
                select(payout_items).order_by(payout_items.c.payout_id, payout_items.c.position)
            ):
                line = (row.type, row.tenths, row.payment_id or row.refund_id)
                found.setdefault(row.payout_id, []).append(line)
        return found

    # --- what the twin holds --------------------------------------------------------------------

    def turn(self, **knobs: Any) -> None:
        """Turn some of the twin's knobs; the others are as at the start."""
        self.twin.set_knobs(replace(UNLIMITED, **knobs))

    def held_by_twin(self, kind: StreamKind) -> dict[str, dict[str, Any]]:
        """Straight from the twin's store, whatever its knobs would hide."""
        bodies = list_page(self.twin.store.collections[kind.value], Query(limit=10**9)).bodies
        return {body["id"]: body for body in bodies}

    def lines_at_twin(self, payout_id: str) -> list[dict[str, Any]]:
        return all_payout_items(self.twin.store, payout_id)

    # --- what must agree ------------------------------------------------------------------------

    def disagreements(self) -> list[str]:
        """Every record whose status is not the twin's, found without the host's own comparison."""
        found = []
        for kind in MIRRORED:
            here = self.statuses(kind)
            there = {
                key: body.get("status", "there") for key, body in self.held_by_twin(kind).items()
            }
            for key in sorted(here.keys() | there.keys()):
                if here.get(key) != there.get(key):
                    found.append(f"{kind} {key}: {here.get(key)}, at the twin {there.get(key)}")
        return found

    def assert_right(self) -> None:
        """The mirror is the twin's state: by the host's own proof, and by comparing the two."""
        found = [str(it) for it in self.verify().differences] + self.disagreements()
        unheard = self.held_by_twin(StreamKind.EVENTS).keys() - self.event_ids()
        found += [f"event {identity} is not in the timeline" for identity in sorted(unheard)]
        assert not found, "\n".join(found)


@contextmanager
def _serving_webhooks(host: Host) -> Iterator[str]:
    """The host's web application on a free port; gives the address for the twin's deliveries."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    server = WSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(create_app(host, AnswerTimes()))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="host's web server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/webhooks/{SLUG}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def opened_desk(
    folder: Path, database_url: str, *, webhooks: bool = False, **config: Any
) -> Iterator[Desk]:
    """A twin with a virtual clock and no payers, unless `config` says otherwise, and a host beside
    it with the same clock, which takes the twin's webhooks where `webhooks` is true."""
    usual = {"customers": 0, "now": NOW, "virtual_clock": True, "knobs": UNLIMITED}
    with ExitStack() as opened:
        server = opened.enter_context(TwinServer(TwinConfig(**usual | config)))
        settings = Settings(data=folder / "data", database_url=database_url, strict=True)
        clock = HostClock(server.twin.now)
        host = opened.enter_context(Host(settings, clock=clock))
        _connect(host, server)
        if webhooks:
            url = opened.enter_context(_serving_webhooks(host))
            server.twin.add_webhook_endpoint(url, WEBHOOK_SECRET)
        api = opened.enter_context(Api(server.url, server.access_token))
        yield Desk(server, host, api, clock)


def _connect(host: Host, server: TwinServer) -> None:
    """What an operator does to add the connection."""
    settings = {
        "access_token": server.access_token,
        "environment": "sandbox",
        "api_url": server.url,
        "webhook_secrets": WEBHOOK_SECRET,
    }
    host.connections.enable(SLUG, settings, agent=AGENT)
