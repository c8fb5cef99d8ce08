"""The integrator: worker threads, the sweep and the messenger of one process, until it is stopped.

`halo-host integrator` runs it in the foreground, `halo-host serve` beside the web server. Any
number may run on one database.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress

from ..errors import HostError
from ..host import Host
from ..jobs.presence import Presence
from ..jobs.queue import Queue, queue_address
from .carriers import Carrier, carriers
from .consumer import IntegratorConsumer
from .sweep import Sweep
from .worker import Worker

SWEEP_SECONDS = 5.0
_LAST_MESSAGE = 5.0  # seconds that a message on its way may take; else it is sent once more
_log = logging.getLogger("halo_host.integrator")


def run(
    host: Host,
    stop: threading.Event,
    *,
    threads: int,
    sweep_seconds: float = SWEEP_SECONDS,
    carry: Mapping[str, Carrier] | None = None,
) -> None:
    """Work until `stop` is set; then let every job write the page that it is at, and return.

    `carry` replaces the host's own carriers of jobs.

    :raises HostError: the database or the queue cannot be opened.
    """
    host.database  # noqa: B018 - made before the queue, which may put tables into it
    queue = _opened_queue(host)
    _open_rooms(host)
    presence = Presence(host.database, host.clock, threads)
    sweep = Sweep(host, presence)
    consumer: IntegratorConsumer | None = None

    def should_stop() -> bool:
        return stop.is_set() or (consumer is not None and consumer.stop_flag.is_set())

    worker = Worker(host.jobs, carriers(host) if carry is None else carry, should_stop)
    messenger = threading.Thread(
        target=_send_alerts, args=(sweep, stop, sweep_seconds), name="messenger", daemon=True
    )
    try:
        presence.renew()
        consumer = IntegratorConsumer(queue, worker, sweep, threads=threads, seconds=sweep_seconds)
        consumer.start()
        messenger.start()
        _log.info("The integrator works with %s threads.", threads)
        while not stop.wait(10):
            consumer.check_worker_health()
        _log.info("The integrator stops; running jobs finish the page they are at.")
        consumer.stop(graceful=True)
        messenger.join(_LAST_MESSAGE)
    finally:
        stop.set()
        if consumer is not None:
            consumer.stop_flag.set()
        queue.close()
        with suppress(HostError):
            presence.leave()


def _open_rooms(host: Host) -> None:
    """Make what the threads will share, before there are any."""
    for room in ("database", "plugins", "keyring", "connections", "directory", "jobs", "imports"):
        getattr(host, room)
    for room in ("sync", "webhooks", "schedules", "watch", "alerts", "alert_sender", "bell"):
        getattr(host, room)
    host.webhooks.connections_with_work()  # opens the inbox


def _opened_queue(host: Host) -> Queue:
    try:
        return Queue(queue_address(host.settings), answer=lambda number: None)
    except HostError:
        raise
    except Exception as error:
        raise HostError(
            f"The queue cannot be opened ({type(error).__name__}).",
            advice="Check HALO_HOST_QUEUE, and that its server runs.",
        ) from None


def _send_alerts(sweep: Sweep, stop: threading.Event, seconds: float) -> None:
    while not stop.wait(seconds):
        sweep.send_alerts()
