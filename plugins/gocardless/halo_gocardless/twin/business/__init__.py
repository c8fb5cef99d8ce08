"""A believable small business by seed, each thing computed from its index when it is asked for.

A million customers take no more memory than three: nothing is kept. The business is laid out up to
the configured now; what is open then takes its further steps as the clock goes on.
"""

from __future__ import annotations

from functools import partial

from ..clock import Clock
from ..config import TwinConfig
from ..identifiers import IdSpace
from ..lanes import Body, GeneratedLane, GrowingLane, Lane, Place
from ..times import DAY, iso, to_ms
from . import names
from .events import EVENT_LANES, Source, event_lane
from .mandates import MandateGenerator
from .payers import PayerGenerator
from .payments import PAYOUT_CURRENCIES, PaymentGenerator
from .payouts import PayoutGenerator
from .refunded import refund_count, refund_of
from .refunds import RefundGenerator
from .subscriptions import SubscriptionGenerator
from .timeline import FIRST, MONTHLY, OPENING, SECOND_ONE, Timeline

__all__ = ["EVENT_LANES", "RESOURCE_TYPES", "Business"]

_PREFIXES = {
    "customers": ("CU", 2),
    "customer_bank_accounts": ("BA", 3),
    "mandates": ("MD", 3),
    "payments": ("PM", 3),
    "refunds": ("RF", 2),
    "payouts": ("PO", len(PAYOUT_CURRENCIES) + 1),
    "subscriptions": ("SB", 2),
    "events": ("EV", len(EVENT_LANES) + 1),
    "creditors": ("CR", 2),
    "creditor_bank_accounts": ("BA0", 1),
}
"""Id prefix and number of lanes of each resource type, the lane of created things included."""

RESOURCE_TYPES = tuple(name for name in _PREFIXES if name != "creditor_bank_accounts")
"""What can be listed: the creditor's bank account is only ever linked to."""


class Business:
    """The generated lanes of every resource type.

    ``taken_over`` says from when on a generated thing no longer takes steps of its own, since a
    request or a scenario has led it elsewhere.
    """

    def __init__(self, config: TwinConfig, clock: Clock | None = None) -> None:
        self.anchor_ms = to_ms(config.resolved_now())
        self.clock = clock or Clock(self.anchor_ms, virtual=True)
        self.seed = config.seed
        self.ids = {
            name: IdSpace(prefix, lanes, config.seed) for name, (prefix, lanes) in _PREFIXES.items()
        }
        self.taken_over: dict[str, dict[Place, int]] = {name: {} for name in RESOURCE_TYPES}
        self.creditor_id = self.ids["creditors"].encode(0, 0)
        self.creditor_bank_account_id = self.ids["creditor_bank_accounts"].encode(0, 0)
        self._founded_ms = self.anchor_ms - 4 * 365 * DAY
        self._count = config.customers
        self.timeline = Timeline(self.anchor_ms, config.customers, self.clock)
        self.payers = PayerGenerator(config.seed, config.customers, config.known_companies)
        self._make_generators(config.seed)
        self._sources = self._make_sources()

    def _make_generators(self, seed: int) -> None:
        shared = (seed, self.timeline, self.payers)
        taken_over, ids = self.taken_over, self.ids
        self._mandates = MandateGenerator(*shared, ids, self.creditor_id, taken_over["mandates"])
        self._payments = PaymentGenerator(
            *(*shared, self._mandates, ids, self.creditor_id, taken_over["payments"])
        )
        payments = (self._payments, ids)
        self._refunds = RefundGenerator(
            *(seed, self.timeline, *payments, taken_over["refunds"], taken_over["payments"])
        )
        self._subscriptions = SubscriptionGenerator(
            *(seed, self.timeline, self._mandates, *payments, taken_over["subscriptions"])
        )
        self.payouts = PayoutGenerator(
            seed, self.timeline, self._payments, self._refunds, ids, self.creditor_id
        )

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
            return [self._growing(self._event_lane(number)) for number in range(len(EVENT_LANES))]
        lanes = [source.things for source in self._sources[resource_type]]
        if resource_type in ("mandates", "payments"):
            return list(lanes)
        return [self._growing(lane) for lane in lanes]

    def places_of_customer(self, resource_type: str, customer: Place) -> list[Place]:
        """Where a customer's generated bank accounts, mandates, payments and so on can stand."""
        lane, payer = customer
        if lane != 0:
            return []
        if resource_type == "payments":
            return [*self._monthly_places(payer), (OPENING, payer)]
        if resource_type == "subscriptions":
            return [(0, payer)]
        return [(FIRST, payer), (SECOND_ONE, payer)]

    def places_of_mandate(self, resource_type: str, mandate: Place) -> list[Place]:
        """Where the generated payments, subscriptions or refunds of a mandate can stand."""
        which, payer = mandate
        if resource_type == "subscriptions":
            return [(0, payer)] if which == FIRST else []
        if which == FIRST:
            payments = self._monthly_places(payer)
        else:
            payments = [(OPENING, payer)] if which == SECOND_ONE else []
        if resource_type == "payments":
            return payments
        return [place for payment in payments for place in self.refunds_of_payment(payment)]

    def payments_of_subscription(self, subscription: Place) -> list[Place]:
        """Where the generated payments of a subscription can stand."""
        lane, payer = subscription
        return self._monthly_places(payer) if lane == 0 else []

    def refunds_of_payment(self, payment: Place) -> list[Place]:
        """Where the generated refund of a payment can stand."""
        kind, slot = payment
        refund = refund_of(self.seed, slot) if kind == MONTHLY else None
        return [] if refund is None else [(0, refund)]

    def events_of(self, resource_type: str, place: Place) -> list[Place]:
        """Where the generated events about a thing, or that link to it, can stand."""
        source_lane, slot = place
        lanes = [
            (number, slot)
            for number, kind in enumerate(EVENT_LANES)
            if (kind.source, kind.source_lane) == (resource_type, source_lane)
        ]
        if resource_type == "subscriptions" and source_lane == 0:
            [number] = (
                number
                for number, kind in enumerate(EVENT_LANES)
                if (kind.resource_type, kind.source) == ("subscriptions", "payments")
            )
            lanes += [(number, payment) for _, payment in self._monthly_places(slot)]
        return lanes

    def customer(self, payer: int, identity: str, created_ms: int) -> Body:
        """The customer with this index; beyond the generated ones there are as many as needed."""
        return self.payers.customer(payer, identity, iso(created_ms))

    def monthly_amount(self, payer: int) -> int:
        """What a payer pays each month, in minor units."""
        return self._payments.monthly_amount(payer)

    def is_settled(self, slot: int) -> bool:
        """Whether a generated payout bears what a monthly payment costs after it was paid out."""
        lost = self._payments.lost(slot)
        return lost is not None and self._payments.is_covered(slot, lost[1])

    def refunded_slot(self, refund: int) -> int:
        """The slot of the monthly payment that a generated refund is of."""
        return self._refunds.slot(refund)

    def _monthly_places(self, payer: int) -> list[Place]:
        return [(MONTHLY, slot) for slot in self.timeline.monthly_slots(payer)]

    def _growing(self, lane: GeneratedLane) -> GrowingLane:
        return GrowingLane(lane, self.clock.now_ms)

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
            "can_create_refunds": True,
            "custom_payment_pages_enabled": True,
            "merchant_responsible_for_notifications": True,
            "mandate_imports_enabled": True,
            "bank_reference_prefix": "KMS",
            "fx_payout_currency": "GBP",
            "links": {},
        }

    def _customer(self, payer: int) -> Body:
        identity = self.ids["customers"].encode(0, payer)
        return self.customer(payer, identity, self.timeline.customer_ms(payer))

    def _make_sources(self) -> dict[str, list[Source]]:
        timeline, count = self.timeline, self._count
        mandates = [
            Source(
                GeneratedLane(
                    count,
                    partial(timeline.mandate_ms, which),
                    partial(self._mandates.mandate, which),
                ),
                partial(timeline.mandate_step_ms, which),
                partial(self._mandates.steps, which),
            )
            for which in (FIRST, SECOND_ONE)
        ]
        payments = [
            Source(
                GeneratedLane(
                    timeline.monthly_count if kind == MONTHLY else count,
                    partial(timeline.payment_ms, kind),
                    partial(self._payments.payment, kind),
                ),
                partial(timeline.payment_step_ms, kind),
                partial(self._payments.steps, kind),
            )
            for kind in (MONTHLY, OPENING)
        ]
        refunds = Source(
            GeneratedLane(
                refund_count(self.seed, timeline.monthly_count),
                self._refunds.created_ms,
                self._refunds.refund,
            ),
            self._refunds.step_ms,
            self._refunds.steps,
        )
        payouts = [
            Source(
                GeneratedLane(
                    timeline.payout_count, timeline.payout_ms, partial(self.payouts.payout, lane)
                ),
                lambda _, slot: timeline.payout_paid_ms(slot),
                lambda _: ("paid",),
            )
            for lane in range(len(PAYOUT_CURRENCIES))
        ]
        subscriptions = Source(
            GeneratedLane(count, timeline.subscription_ms, self._subscriptions.subscription),
            timeline.subscription_step_ms,
            self._subscriptions.steps,
        )
        return {
            "mandates": mandates,
            "payments": payments,
            "refunds": [refunds],
            "payouts": payouts,
            "subscriptions": [subscriptions],
        }

    def _event_lane(self, number: int) -> GeneratedLane:
        kind = EVENT_LANES[number]

        def subject(thing: Body) -> Body | None:
            """The thing itself, or the subscription that made the payment."""
            if kind.source == kind.resource_type:
                return thing
            identity = thing["links"].get("subscription")
            place = self.ids["subscriptions"].decode(identity) if identity else None
            return self._subscriptions.subscription(place[1]) if place else None

        source = self._sources[kind.source][kind.source_lane]
        return event_lane(kind, source, subject, partial(self.ids["events"].encode, number))
