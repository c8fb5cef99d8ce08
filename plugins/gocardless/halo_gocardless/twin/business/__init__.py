"""A believable small business by seed, each thing computed from its index when it is asked for.

A million customers take no more memory than three: nothing is kept.
"""

from __future__ import annotations

from functools import partial

from ..causes import GENERATED, event_body
from ..config import TwinConfig
from ..identifiers import IdSpace
from ..lanes import Body, GeneratedLane, Lane, Place, first_slot_at_or_after
from ..times import DAY, iso, to_ms
from . import names
from .mandates import MandateGenerator
from .payers import PayerGenerator
from .payments import PaymentGenerator
from .timeline import (
    FIRST,
    MANDATE_OFFSETS,
    MONTHLY,
    OPENING,
    PAYMENT_OFFSETS,
    SECOND_ONE,
    Timeline,
)

EVENT_LANES: tuple[tuple[str, int, str], ...] = (
    *(("mandates", FIRST, action) for action in GENERATED["mandates"]),
    *(("mandates", SECOND_ONE, action) for action in MANDATE_OFFSETS),
    *(("payments", MONTHLY, action) for action in PAYMENT_OFFSETS[MONTHLY]),
    *(("payments", OPENING, action) for action in PAYMENT_OFFSETS[OPENING]),
)
"""The generated lanes of events: resource type, its lane, action."""

_PREFIXES = {
    "customers": ("CU", 2),
    "customer_bank_accounts": ("BA", 3),
    "mandates": ("MD", 3),
    "payments": ("PM", 3),
    "events": ("EV", len(EVENT_LANES) + 1),
    "creditors": ("CR", 2),
    "payouts": ("PO", 1),
}
"""Id prefix and number of lanes of each resource type, the lane of created things included."""

RESOURCE_TYPES = tuple(name for name in _PREFIXES if name != "payouts")
"""What can be listed: a payout is only ever linked to."""


class Business:
    """The generated lanes of every resource type."""

    def __init__(self, config: TwinConfig) -> None:
        self.now_ms = to_ms(config.resolved_now())
        self.ids = {
            name: IdSpace(prefix, lanes, config.seed) for name, (prefix, lanes) in _PREFIXES.items()
        }
        self.creditor_id = self.ids["creditors"].encode(0, 0)
        self._founded_ms = self.now_ms - 4 * 365 * DAY
        self._count = config.customers
        self.timeline = Timeline(self.now_ms, config.customers)
        self._payers = PayerGenerator(config.seed, config.customers, config.known_companies)
        shared = (config.seed, self.timeline, self._payers)
        self._mandates = MandateGenerator(*shared, self.ids, self.creditor_id)
        self._payments = PaymentGenerator(*shared, self._mandates, self.ids, self.creditor_id)
        self._sources = {"mandates": self._mandate_lanes(), "payments": self._payment_lanes()}

    def lanes(self, resource_type: str) -> list[Lane]:
        """The generated lanes of a resource type, in the order that its ids count them."""
        if resource_type == "customers":
            return [GeneratedLane(self._count, self.timeline.customer_ms, self._customer)]
        if resource_type == "customer_bank_accounts":
            return [
                GeneratedLane(
                    self._count,
                    partial(self.timeline.bank_account_ms, which),
                    partial(self._mandates.bank_account, which),
                )
                for which in (FIRST, SECOND_ONE)
            ]
        if resource_type == "creditors":
            return [GeneratedLane(1, lambda _: self._founded_ms, lambda _: self._creditor())]
        if resource_type == "events":
            return [self._event_lane(number) for number in range(len(EVENT_LANES))]
        return list(self._sources[resource_type])

    def places_of_customer(self, resource_type: str, customer: Place) -> list[Place]:
        """Where the generated bank accounts, mandates or payments of a customer can stand."""
        lane, payer = customer
        if lane != 0:
            return []
        if resource_type == "payments":
            monthly = [(MONTHLY, slot) for slot in self.timeline.monthly_slots(payer)]
            return [*monthly, (OPENING, payer)]
        return [(FIRST, payer), (SECOND_ONE, payer)]

    def payments_of_mandate(self, mandate: Place) -> list[Place]:
        """Where the generated payments of a mandate can stand."""
        which, payer = mandate
        if which == FIRST:
            return [(MONTHLY, slot) for slot in self.timeline.monthly_slots(payer)]
        return [(OPENING, payer)] if which == SECOND_ONE else []

    def events_of(self, resource_type: str, place: Place) -> list[Place]:
        """Where the generated events of a mandate or payment can stand."""
        source_lane, slot = place
        return [
            (number, slot)
            for number, (of_type, of_lane, _) in enumerate(EVENT_LANES)
            if (of_type, of_lane) == (resource_type, source_lane)
        ]

    def _creditor(self) -> Body:
        """The one creditor: the service desk itself."""
        return {
            "id": self.creditor_id,
            "created_at": iso(self._founded_ms),
            "name": names.CREDITOR_NAME,
            "creditor_type": "company",
            "address_line1": "4 Observatory Yard",
            "address_line2": None,
            "address_line3": None,
            "city": "Bristol",
            "region": None,
            "postal_code": "BS1 5TT",
            "country_code": "GB",
            "logo_url": None,
            "scheme_identifiers": [],
            "verification_status": "successful",
            "can_create_refunds": False,
            "custom_payment_pages_enabled": True,
            "merchant_responsible_for_notifications": True,
            "mandate_imports_enabled": True,
            "bank_reference_prefix": "KMS",
            "fx_payout_currency": "GBP",
            "links": {},
        }

    def _customer(self, payer: int) -> Body:
        identity = self.ids["customers"].encode(0, payer)
        return self._payers.customer(payer, identity, iso(self.timeline.customer_ms(payer)))

    def _mandate_lanes(self) -> list[Lane]:
        return [
            GeneratedLane(
                self._count,
                partial(self.timeline.mandate_ms, which),
                partial(self._mandates.mandate, which),
            )
            for which in (FIRST, SECOND_ONE)
        ]

    def _payment_lanes(self) -> list[Lane]:
        return [
            GeneratedLane(
                self.timeline.monthly_count if kind == MONTHLY else self._count,
                partial(self.timeline.payment_ms, kind),
                partial(self._payments.payment, kind),
            )
            for kind in (MONTHLY, OPENING)
        ]

    def _event_lane(self, number: int) -> Lane:
        """The events of one action; it ends now, so that no step of the future is in it."""
        resource_type, source_lane, action = EVENT_LANES[number]
        source = self._sources[resource_type][source_lane]
        of_mandates = resource_type == "mandates"
        step_ms = self.timeline.mandate_step_ms if of_mandates else self.timeline.payment_step_ms
        time_of = partial(step_ms, source_lane, action)
        steps_of = self._mandates.steps if of_mandates else self._payments.steps

        def build(slot: int) -> Body | None:
            if action not in steps_of(source_lane, slot):
                return None
            resource = source.body(slot)
            if resource is None:
                return None
            cause = GENERATED[resource_type][action]
            event = event_body(iso(time_of(slot)), resource_type, action, cause, resource)
            return {"id": self.ids["events"].encode(number, slot), **event}

        whole = GeneratedLane(len(source), time_of, build)
        return GeneratedLane(first_slot_at_or_after(whole, self.now_ms + 1), time_of, build)
