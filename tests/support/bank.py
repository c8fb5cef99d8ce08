"""A provider in memory, for tests of the mirror: records of every kind, events, pages, chaos.

`Bank` is the provider's truth: tests change it through `put` and `event`. `BankPlugin` is its
plugin of level 2. Whatever it hands out is a copy, so nothing reaches the host but through pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from halo_host import (
    Batch,
    EventRecord,
    ExternalUser,
    Integration,
    MandateRecord,
    MandateState,
    Meaning,
    PaymentRecord,
    PaymentState,
    PayoutItemRecord,
    PayoutRecord,
    PayoutState,
    ProviderError,
    RefundRecord,
    RefundState,
    Stream,
    StreamKind,
    StreamPage,
    SubscriptionRecord,
    SubscriptionState,
    UnreadableRecord,
    Usage,
    WebhookRequest,
    WebhookVerdict,
    hookimpl,
)

Raw = dict[str, Any]

PAYMENT = {
    "pending": PaymentState.PENDING,
    "submitted": PaymentState.SUBMITTED,
    "confirmed": PaymentState.CONFIRMED,
    "paid_out": PaymentState.PAID_OUT,
    "failed": PaymentState.FAILED,
    "cancelled": PaymentState.CANCELLED,
    "charged_back": PaymentState.CHARGED_BACK,
}
MANDATE = {state.value: state for state in MandateState}
REFUND = {state.value: state for state in RefundState}
PAYOUT = {state.value: state for state in PayoutState}
SUBSCRIPTION = {state.value: state for state in SubscriptionState}
MEANINGS: dict[StreamKind, dict[str, Any]] = {
    StreamKind.PAYMENTS: PAYMENT,
    StreamKind.MANDATES: MANDATE,
    StreamKind.REFUNDS: REFUND,
    StreamKind.PAYOUTS: PAYOUT,
    StreamKind.SUBSCRIPTIONS: SUBSCRIPTION,
}
FAILURES = {"failed", "charged_back", "bounced"}


class Bank:
    """The provider. `page_size` is small, so that a handful of records makes several pages."""

    def __init__(self, clock: Callable[[], datetime], page_size: int = 3) -> None:
        self.clock = clock
        self.page_size = page_size
        self.records: dict[StreamKind, dict[str, Raw]] = {kind: {} for kind in StreamKind}
        self.requests: list[tuple[str, str]] = []
        self.note_page: Callable[[str], None] = lambda page: None
        self.before_page: Callable[[str, StreamKind], None] = lambda method, kind: None
        self.keeps_events: timedelta | None = timedelta(days=500)
        self.visible_after = timedelta(0)
        self.items_of: dict[str, list[Raw]] = {}
        self._event_numbers = count(1)

    # --- the truth ------------------------------------------------------------------------------

    def put(self, kind: StreamKind, identity: str, /, **fields: Any) -> Raw:
        """Create a record, or change one; no event is written."""
        there = self.records[kind].get(identity, {"id": identity, "created_at": self._now()})
        self.records[kind][identity] = there | fields
        return self.records[kind][identity]

    def remove(self, kind: StreamKind, identity: str) -> None:
        del self.records[kind][identity]

    def event(self, kind: StreamKind, identity: str, action: str, /, **fields: Any) -> Raw:
        """Write an event about a record."""
        return self.put(
            StreamKind.EVENTS,
            f"EV{next(self._event_numbers):06d}",
            about=kind.value,
            resource=identity,
            action=action,
            **fields,
        )

    def payer(self, identity: str, **fields: Any) -> None:
        self.put(StreamKind.CUSTOMERS, identity, **{"given_name": identity, **fields})

    def mandate(self, identity: str, payer: str, status: str = "active") -> None:
        self.put(StreamKind.MANDATES, identity, status=status, payer=payer)
        self.event(StreamKind.MANDATES, identity, status)

    def payment(self, identity: str, mandate: str, status: str = "pending", **fields: Any) -> None:
        """Create a payment or move one on, with its event."""
        values = {"amount": 1250, "currency": "GBP", **fields}
        known = self.records[StreamKind.PAYMENTS].get(identity)
        new = {"mandate": mandate, "status": status, **({} if known else values), **fields}
        self.put(StreamKind.PAYMENTS, identity, **new)
        self.event(StreamKind.PAYMENTS, identity, status if known else "created")

    def _now(self) -> str:
        return self.clock().isoformat()

    # --- what the API gives ---------------------------------------------------------------------

    def listed(self, kind: StreamKind) -> list[Raw]:
        """Newest first; what was created in the same moment in the order of ids."""
        found = list(self.records[kind].values())
        if kind is StreamKind.EVENTS:
            seen = self.clock() - self.visible_after
            found = [it for it in found if datetime.fromisoformat(it["created_at"]) <= seen]
        return sorted(found, key=lambda it: (it["created_at"], it["id"]), reverse=True)

    def page(self, found: Sequence[Raw], cursor: str | None) -> tuple[list[Raw], str | None]:
        """One page of a list, by position of the last record shown."""
        if cursor is not None:
            at, identity = json.loads(cursor)
            found = [it for it in found if (it["created_at"], it["id"]) < (at, identity)]
        shown = [dict(it) for it in found[: self.page_size]]
        more = len(found) > self.page_size
        return shown, json.dumps([shown[-1]["created_at"], shown[-1]["id"]]) if more else None


class BankReader:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._requests = 0

    def _request(self, method: str, kind: StreamKind, page: object = None) -> None:
        self._requests += 1
        self._bank.requests.append((method, kind.value))
        self._bank.note_page(f"{method} {kind.value} {page}")
        self._bank.before_page(method, kind)

    def list_page(
        self, kind: StreamKind, *, cursor: str | None, until: datetime | None, of: str | None = None
    ) -> StreamPage:
        self._request("list", kind, (cursor, of))
        if kind is StreamKind.PAYOUT_ITEMS:
            raw = self._bank.items_of.get(of or "", [])
            return StreamPage(Batch(kind, [_item(of or "", it) for it in raw], raw))
        found = self._bank.listed(kind)
        if until is not None:
            found = [it for it in found if datetime.fromisoformat(it["created_at"]) <= until]
        shown, after = self._bank.page(found, cursor)
        return StreamPage(batch(kind, shown), after, at=self._bank.clock())

    def changes_page(self, kind: StreamKind, *, cursor: str | None, since: datetime) -> StreamPage:
        self._request("changes", kind, (cursor, since.isoformat()))
        found = [
            it
            for it in self._bank.listed(StreamKind.EVENTS)
            if it["about"] == kind.value and datetime.fromisoformat(it["created_at"]) >= since
        ]
        shown, after = self._bank.page(found, cursor)
        ids = dict.fromkeys(it["resource"] for it in shown)
        there = self._bank.records[kind]
        current = [dict(there[identity]) for identity in ids if identity in there]
        return StreamPage(
            batch(StreamKind.EVENTS, shown),
            after,
            current=(batch(kind, current),),
            at=self._bank.clock(),
        )

    def recheck_page(self, kind: StreamKind, *, cursor: str | None, now: datetime) -> StreamPage:
        self._request("recheck", kind, cursor)
        shown, after = self._bank.page(self._bank.listed(kind), cursor)
        return StreamPage(batch(kind, shown), after, at=self._bank.clock())

    def read(self, kind: StreamKind, ids: Sequence[str]) -> StreamPage:
        self._request("read", kind, tuple(ids))
        there = self._bank.records[kind]
        found = [dict(there[identity]) for identity in ids if identity in there]
        missing = tuple(identity for identity in ids if identity not in there)
        return StreamPage(batch(kind, found), missing=missing)

    def usage(self) -> Usage:
        return Usage(requests=self._requests)


class BankPlugin:
    """Register it with `plugins.add("bank", BankPlugin(bank))`."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    @hookimpl
    def halo_integrations(self) -> Iterable[Integration]:
        yield Integration(
            slug="bank",
            title="Bank",
            description="A provider in memory.",
            config_schema={
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {},
                "additionalProperties": False,
            },
        )

    @hookimpl
    def halo_streams(self) -> Iterable[Stream]:
        for kind in StreamKind:
            yield Stream(
                kind=kind,
                meanings={
                    status: Meaning(state, f"The bank says {status}.")
                    for status, state in MEANINGS.get(kind, {}).items()
                },
                url=f"https://bank.example/{kind.value}/{{id}}",
                keeps=self.bank.keeps_events if kind is StreamKind.EVENTS else None,
                has_changes=kind in MEANINGS,
                rechecked=kind in MEANINGS,
                changes_silently=kind is StreamKind.CUSTOMERS,
            )

    @hookimpl
    def halo_open_reader(self) -> Any:
        @contextmanager
        def opened() -> Iterator[BankReader]:
            yield BankReader(self.bank)

        return opened()

    @hookimpl
    def halo_verify_webhook(self, request: WebhookRequest) -> WebhookVerdict:
        return WebhookVerdict(accepted=request.headers.get("bank-key") == "open sesame")

    @hookimpl
    def halo_webhook_events(self, body: bytes) -> Batch:
        return batch(StreamKind.EVENTS, json.loads(body)["events"])


def provider_down() -> None:
    raise ProviderError("The bank does not answer.", advice="Try again later.")


# --- translation ---------------------------------------------------------------------------------


def batch(kind: StreamKind, raw: Sequence[Raw]) -> Batch:
    return Batch(kind, [_record(kind, it) for it in raw], list(raw))


def _record(kind: StreamKind, raw: Raw) -> Any:
    if raw.get("broken"):
        return UnreadableRecord(reason="The bank wrote nonsense.", id=raw["id"])
    created = datetime.fromisoformat(raw["created_at"]).astimezone(UTC)
    common: dict[str, Any] = {"id": raw["id"], "created_at": created}
    match kind:
        case StreamKind.CUSTOMERS:
            return ExternalUser(id=raw["id"], given_name=raw.get("given_name"))
        case StreamKind.MANDATES:
            return MandateRecord(**common, status=raw["status"], external_user_id=raw["payer"])
        case StreamKind.SUBSCRIPTIONS:
            return SubscriptionRecord(
                **common,
                status=raw["status"],
                amount=raw["amount"],
                currency=raw["currency"],
                mandate_id=raw["mandate"],
            )
        case StreamKind.PAYMENTS:
            return PaymentRecord(
                **common,
                status=raw["status"],
                amount=raw["amount"],
                currency=raw["currency"],
                mandate_id=raw["mandate"],
                payout_id=raw.get("payout"),
                charge_date=date.fromisoformat(raw["charge_date"])
                if raw.get("charge_date")
                else None,
                description=raw.get("description"),
            )
        case StreamKind.REFUNDS:
            return RefundRecord(
                **common,
                status=raw["status"],
                amount=raw["amount"],
                currency=raw["currency"],
                payment_id=raw["payment"],
            )
        case StreamKind.PAYOUTS:
            return PayoutRecord(
                **common, status=raw["status"], amount=raw["amount"], currency=raw["currency"]
            )
        case StreamKind.EVENTS:
            return _event(raw, created)
    raise AssertionError(f"no records of {kind} are listed")


def _event(raw: Raw, created: datetime) -> EventRecord:
    return EventRecord(
        id=raw["id"],
        created_at=created,
        kind=raw["about"],
        resource_id=raw["resource"],
        action=raw["action"],
        cause=raw.get("cause", ""),
        text=raw.get("text", ""),
        is_failure=raw["action"] in FAILURES,
        dirty=((StreamKind(raw["about"]), raw["resource"]),),
    )


def _item(payout: str, raw: Raw) -> PayoutItemRecord:
    return PayoutItemRecord(
        payout_id=payout, type=raw["type"], tenths=raw["tenths"], payment_id=raw.get("payment")
    )
