"""What is to be sent, and when: events to be batched, and deliveries in the order of their times.

It sends nothing itself. The `Sender` takes what is due, and tells how it went. Everything here
happens under the store's lock, so an operation's events are all there before any is batched.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from ..knobs import Knobs
from ..lanes import Body
from .batching import Batch, Batcher
from .deliveries import Delivery, delivery_text
from .endpoints import WebhookEndpoint
from .exchange import Answer
from .log import attempt_fields, new_record

if TYPE_CHECKING:
    from ..collection import Collection


class Entry(NamedTuple):
    """A delivery in the queue; ordered by when it is due, then by when it was queued."""

    due_ms: int
    number: int
    delivery: Delivery


class _Mailbox:
    """An endpoint and the events that it has not been sent yet."""

    def __init__(self, endpoint: WebhookEndpoint, batcher: Batcher) -> None:
        self.endpoint = endpoint
        self.batcher = batcher
        self.events: list[Body] = []

    def take(self, size: int | None) -> list[Body]:
        """Events to batch now: all of them, or with ``size`` as many as fill whole batches."""
        count = len(self.events)
        if size is not None:
            count -= count % size
        taken, self.events = self.events[:count], self.events[count:]
        return taken


class Outbox:
    """The endpoints of one store and everything that is on its way to them.

    ``changed`` is notified whenever there may be something new to send. ``closed`` means that the
    store it belongs to is no longer in use.
    """

    def __init__(
        self,
        endpoints: Iterable[WebhookEndpoint],
        log: Collection,
        lock: threading.RLock,
        now_ms: Callable[[], int],
        seed: int,
    ) -> None:
        self.changed = threading.Condition(lock)
        self.closed = False
        self.counts: Counter[str] = Counter()
        """Deliveries made and dropped; attempts sent, of these successful and failed."""
        self._log = log
        self._now_ms = now_ms
        self._seed = seed
        self._mailboxes: list[_Mailbox] = []
        self._queue: list[Entry] = []
        self._numbers = 0
        self._entry_of: dict[Delivery, int] = {}
        """The number of the only valid entry of each queued delivery."""
        self._deliveries: dict[str, Delivery] = {}
        self._in_flight: set[int] = set()
        self._watches: list[set[int]] = []
        for endpoint in endpoints:
            self.add_endpoint(endpoint)

    @property
    def endpoints(self) -> list[WebhookEndpoint]:
        """Where events go."""
        return [mailbox.endpoint for mailbox in self._mailboxes]

    def add_endpoint(self, endpoint: WebhookEndpoint) -> None:
        """Send it every event from now on."""
        with self.changed:
            batcher = Batcher(self._seed, len(self._mailboxes))
            self._mailboxes.append(_Mailbox(endpoint, batcher))

    def add_event(self, event: Body) -> None:
        """Keep an event for every endpoint; called under the store's lock."""
        if self._mailboxes:
            for mailbox in self._mailboxes:
                mailbox.events.append(event)
            self.wake()

    def wake(self) -> None:
        """Have everyone who waits look again."""
        with self.changed:
            self.changed.notify_all()

    def close(self) -> None:
        """Tell everyone who waits that nothing is sent from here any more."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def make_deliveries(self, knobs: Knobs, *, everything: bool = False) -> None:
        """Batch the events that may go out now; ``everything``: those too that wait for more."""
        with self.changed:
            for mailbox in self._mailboxes:
                at_once = everything or knobs.webhook_at_once
                events = mailbox.take(None if at_once else knobs.webhook_batch_size)
                for batch in mailbox.batcher.batches(events, knobs):
                    self._make(mailbox.endpoint, batch)

    def send_test(self, events: list[Body]) -> list[str]:
        """Queue a test webhook for every endpoint; gives the webhooks' ids."""
        with self.changed:
            return [
                self._queue_new(endpoint, events, self._now_ms(), is_test=True).webhook_id
                for endpoint in self.endpoints
            ]

    def retry(self, webhook_id: str) -> Body:
        """Have a webhook sent again at once; a 404 `ApiError` for one that there is not."""
        with self.changed:
            body = self._log.get(webhook_id)
            self._push(self._deliveries[webhook_id], self._now_ms())
            return body

    def take(self) -> Entry | None:
        """The next delivery that is due; its attempt begins, and `finished` must end it."""
        with self.changed:
            while self._queue and self._queue[0].due_ms <= self._now_ms():
                entry = heapq.heappop(self._queue)
                if self._is_valid(entry):
                    del self._entry_of[entry.delivery]
                    self._in_flight.add(entry.number)
                    entry.delivery.attempts += 1
                    return entry
            return None

    def finished(self, entry: Entry, headers: dict[str, str], answer: Answer, knobs: Knobs) -> None:
        """Log an attempt, and queue the next one where it failed."""
        delivery = entry.delivery
        with self.changed:
            self.counts["sent"] += 1
            self.counts["successful" if answer.successful else "failed"] += 1
            if not delivery.copy:
                self._log.change(delivery.webhook_id, **attempt_fields(headers, answer))
            delay_ms = None if answer.successful else delivery.retry_delay_ms(knobs)
            if delay_ms is not None and delivery not in self._entry_of:
                self._push(delivery, self._now_ms() + delay_ms)
            self._settle(entry.number)

    def put_back(self, entry: Entry) -> None:
        """Undo `take`: the attempt was broken off by the sender itself."""
        with self.changed:
            entry.delivery.attempts -= 1
            if entry.delivery not in self._entry_of:
                self._push(entry.delivery, entry.due_ms)
            self._settle(entry.number)

    def watch(self) -> set[int]:
        """The deliveries that are due or in flight; each leaves the set when it was attempted."""
        with self.changed:
            now_ms = self._now_ms()
            due = {
                entry.number
                for entry in self._queue
                if entry.due_ms <= now_ms and self._is_valid(entry)
            }
            watched = due | self._in_flight
            self._watches.append(watched)
            return watched

    def unwatch(self, watched: set[int]) -> None:
        """Stop keeping a set of `watch` up to date."""
        with self.changed:
            self._watches = [other for other in self._watches if other is not watched]

    def seconds_until_due(self) -> float | None:
        """How long until the next delivery is due, in the twin's time; None with none queued."""
        with self.changed:
            if not self._queue:
                return None
            return max(0, self._queue[0].due_ms - self._now_ms()) / 1000

    def to_json(self) -> dict[str, int]:
        """How much is waiting, and what has become of the rest."""
        with self.changed:
            names = ("made", "dropped", "sent", "successful", "failed")
            return {
                "events_waiting": sum(len(mailbox.events) for mailbox in self._mailboxes),
                "queued": len(self._entry_of),
                "in_flight": len(self._in_flight),
                **{name: self.counts[name] for name in names},
            }

    def _make(self, endpoint: WebhookEndpoint, batch: Batch) -> None:
        if batch.dropped:
            self.counts["dropped"] += 1
            return
        due_ms = self._now_ms() + batch.delay_ms
        delivery = self._queue_new(endpoint, batch.events, due_ms, is_test=False)
        if batch.twice:
            copy = Delivery(delivery.webhook_id, endpoint, delivery.text, copy=True)
            self._push(copy, due_ms)

    def _queue_new(
        self, endpoint: WebhookEndpoint, events: Iterable[Body], due_ms: int, *, is_test: bool
    ) -> Delivery:
        record = self._log.add(self._now_ms(), new_record(endpoint.url, is_test=is_test))
        webhook_id: str = record["id"]
        text = delivery_text(webhook_id, list(events))
        self._log.change(webhook_id, request_body=text)
        delivery = Delivery(webhook_id, endpoint, text)
        self._deliveries[webhook_id] = delivery
        self.counts["made"] += 1
        self._push(delivery, due_ms)
        return delivery

    def _push(self, delivery: Delivery, due_ms: int) -> None:
        """Queue a delivery; where it was queued already, this takes that entry's place."""
        self._settle(self._entry_of.get(delivery))
        self._numbers += 1
        self._entry_of[delivery] = self._numbers
        heapq.heappush(self._queue, Entry(due_ms, self._numbers, delivery))
        self.wake()

    def _is_valid(self, entry: Entry) -> bool:
        return self._entry_of.get(entry.delivery) == entry.number

    def _settle(self, number: int | None) -> None:
        if number is not None:
            self._in_flight.discard(number)
            for watched in self._watches:
                watched.discard(number)
            self.wake()
