"""What the twin holds: the generated business, and over it what was created, changed or removed.

Bodies are replaced, never changed in place, so that reading needs no lock; every write holds one.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from .bank_days import add_working_days
from .business import RESOURCE_TYPES, Business
from .causes import event_body
from .clock import Clock
from .collection import Collection
from .config import TwinConfig
from .errors import not_found
from .identifiers import IdSpace
from .lanes import Body, Place
from .lifecycle.agenda import Agenda
from .lifecycle.charge_dates import upcoming
from .lifecycle.ledger import Ledger
from .reasons import Cause
from .times import DAY, date_of, iso, to_ms
from .vocabulary import USABLE_MANDATE_STATUSES
from .webhooks.outbox import Outbox

_EVENT_HORIZON = 548 * DAY
"""Events older than eighteen months are not given out."""


class Store:
    """All collections, the clock, and the memory that some rules need."""

    def __init__(self, config: TwinConfig) -> None:
        self.clock = Clock(to_ms(config.resolved_now()), virtual=config.virtual_clock)
        self.living = config.living
        self.business = Business(config, self.clock)
        self.lock = threading.RLock()
        self.idempotency_keys: dict[tuple[str, str], str] = {}
        self.bank_details: dict[tuple[str, str], str] = {}
        """(customer id, digest of the account details) → bank account id."""
        self.retries: Counter[str] = Counter()
        self.reinstatements: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        """Payment id → how often it has been sent to the banks again."""
        self.cycles: Counter[str] = Counter()
        """Subscription id → how many of its charge dates are behind it."""
        self.replacements: dict[str, str] = {}
        """Mandate id → the mandate that replaced it."""
        self.agenda = Agenda()
        self.ledger = Ledger()
        self.turn = (0, 0)
        """The run and the payer that the monthly run comes to next."""
        self.payers: dict[str, int] = {}
        """Customer id → number of the payer, for those who came to a living business."""
        self.reviews: Counter[str] = Counter()
        self.turns: Counter[str] = Counter()
        self.shares: dict[str, int] = {}
        self.event_listeners: list[Callable[[Body], None]] = []
        """Called with every event as it happens, under the lock; they must be quick."""
        self.collections = {name: self._collection(name) for name in RESOURCE_TYPES}
        self.customers = self.collections["customers"]
        self.bank_accounts = self.collections["customer_bank_accounts"]
        self.mandates = self.collections["mandates"]
        self.payments = self.collections["payments"]
        self.refunds = self.collections["refunds"]
        self.payouts = self.collections["payouts"]
        self.subscriptions = self.collections["subscriptions"]
        self.events = self.collections["events"]
        self.created_payout_items: dict[str, list[Body]] = {}
        self.mandates.view = self._mandate_view
        self.subscriptions.view = self._subscription_view
        self.events.oldest = lambda: self.now_ms() - _EVENT_HORIZON
        log = Collection("webhooks", IdSpace("WB", 1, config.seed), [])
        self.collections["webhooks"] = log
        self.webhooks = Outbox(config.webhook_endpoints, log, self.lock, self.now_ms, config.seed)

    def _collection(self, name: str) -> Collection:
        business = self.business
        lanes, taken_over = business.lanes(name), business.taken_over[name]
        return Collection(name, business.ids[name], lanes, taken_over, self.now_ms)

    def now_ms(self) -> int:
        """The twin's time: it starts at the configured now and goes on from there."""
        return self.clock.now_ms()

    def count_payout_items(self, payout_id: str) -> int:
        """How many lines a payout has."""
        lane, slot = self._payout_place(payout_id)
        if lane == self.payouts.created_lane:
            return len(self.created_payout_items[payout_id])
        return len(self.business.payouts.items(lane, slot))

    def payout_items(self, payout_id: str, start: int, end: int) -> list[Body]:
        """Some lines of a payout, as the API gives them."""
        lane, slot = self._payout_place(payout_id)
        if lane == self.payouts.created_lane:
            return [dict(item) for item in self.created_payout_items[payout_id][start:end]]
        payouts = self.business.payouts
        return [payouts.item_body(item) for item in payouts.items(lane, slot)[start:end]]

    def _payout_place(self, payout_id: str) -> Place:
        place = self.payouts.place(payout_id)
        if place is None:
            raise not_found()
        return place

    def next_charge_date(self) -> str:
        """The first day on which a payment of a usable mandate could be collected."""
        return add_working_days(date_of(self.now_ms()), 3).isoformat()

    def _mandate_view(self, mandate: Body) -> Body:
        usable = mandate["status"] in USABLE_MANDATE_STATUSES
        mandate["next_possible_charge_date"] = self.next_charge_date() if usable else None
        return mandate

    def _subscription_view(self, subscription: Body) -> Body:
        if subscription["status"] != "active":
            subscription["upcoming_payments"] = []
        elif self.subscriptions.is_created(subscription["id"]):
            cycle = self.cycles[subscription["id"]]
            subscription["upcoming_payments"] = upcoming(subscription, cycle)
        return subscription

    def delay_events(self, delay_ms: int, spread_ms: int) -> None:
        """Have events appear only so long after they happened, some up to ``spread_ms`` later."""

        def is_hidden(place: Place) -> bool:
            age = self.now_ms() - self.events.created_ms(place)
            if age >= delay_ms + spread_ms:
                return False
            scattered = sum(place) * 2_654_435_761 % 2**32
            return age < delay_ms + (scattered * (spread_ms + 1) >> 32)

        self.events.is_hidden = is_hidden if delay_ms or spread_ms else None

    def latest_mandate(self, identity: str) -> str:
        """The mandate that has replaced this one, or its own id."""
        while identity in self.replacements:
            identity = self.replacements[identity]
        return identity

    def announce(self, event: Body) -> None:
        """Tell the listeners of an event."""
        for listener in self.event_listeners:
            listener(event)

    def add_event(
        self,
        resource_type: str,
        action: str,
        cause: Cause,
        resource: Body,
        *,
        request_metadata: dict[str, str] | None = None,
        parent_event: str | None = None,
        details: Body | None = None,
        links: dict[str, str] | None = None,
    ) -> str:
        """Write an event about ``resource``; gives its id.

        ``details`` and ``links`` are added to those that its action always has.
        """
        now = self.now_ms()
        about = (resource_type, action, cause, resource)
        body = event_body(iso(now), *about, request_metadata, details, links)
        if parent_event is not None:
            body["links"]["parent_event"] = parent_event
        written = self.events.add(now, body)
        self.announce(written)
        identity: str = written["id"]
        return identity
