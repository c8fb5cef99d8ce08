"""The mirror's rows of the recorded pages, straight from the decoded JSON.

What the host keeps of each kind of record, made by the shortest way that gives the same rows for
records as the twin makes them: no field is cleaned, cut or doubted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import orjson
from mirror_floor_stores import Row, Store

Record = dict[str, Any]
States = dict[str, str]

_COMMON = ("connection_id", "external_id", "digest", "raw_page_id", "raw_position")
_STATUS = ("status", "state", "created_at")
COLUMNS = {
    "payers": (*_COMMON, "name", "email", "removed_at"),
    "mandates": (
        *(*_COMMON, *_STATUS, "external_user_id", "scheme", "reference", "next_charge_date"),
        "replaced_by",
    ),
    "subscriptions": (
        *(*_COMMON, *_STATUS, "external_user_id", "mandate_id", "amount", "currency", "name"),
        *("every", "starts_on", "ends_on", "next_charge_date"),
    ),
    "payments": (
        *(*_COMMON, *_STATUS, "external_user_id", "mandate_id", "subscription_id", "payout_id"),
        *("amount", "currency", "amount_refunded", "charge_date", "description", "reference"),
    ),
    "refunds": (
        *(*_COMMON, *_STATUS, "payment_id", "mandate_id", "amount", "currency", "reference"),
    ),
    "payouts": (*_COMMON, *_STATUS, "amount", "currency", "fees", "arrives_on", "reference"),
    "payout_items": (
        *("connection_id", "payout_id", "position", "type", "tenths", "payment_id", "refund_id"),
        *("mandate_id", "raw_page_id", "raw_position"),
    ),
    "timeline": (
        *("connection_id", "event_id", "resource_id", "at", "meaning_id", "is_failure"),
        *("raw_page_id", "raw_position"),
    ),
    "event_meanings": (
        *("id", "connection_id", "kind", "action", "origin", "cause", "reason_code", "text"),
        "is_failure",
    ),
}
_FAILURES = {
    *(("payments", it) for it in ("failed", "charged_back")),
    ("payments", "customer_approval_denied"),
    *(("mandates", it) for it in ("failed", "expired", "blocked")),
    *(("refunds", it) for it in ("failed", "funds_returned")),
}
_UNITS = {"weekly": "week", "monthly": "month", "yearly": "year"}


class Rows:
    """Makes the rows of one connection; it remembers which payer each mandate has."""

    def __init__(self, connection_id: int, states: dict[str, States]) -> None:
        self._connection_id = connection_id
        self._states = states
        self._payers: dict[str, str] = {}
        self._meanings: dict[Row, tuple[int, bool, str]] = {}
        self.new_meanings: list[Row] = []
        self.digests: dict[str, int] = {}
        """Of the payouts of the last page."""
        self._fill: dict[str, Callable[[Record], Row]] = {
            "payers": _payer,
            "mandates": self._mandate,
            "subscriptions": self._subscription,
            "payments": self._payment,
            "refunds": self._refund,
            "payouts": self._payout,
        }

    def of_records(
        self, table: str, records: Sequence[Record], parts: Sequence[bytes], page_id: int
    ) -> list[Row]:
        """Rows of any table but the timeline and items of payouts."""
        fill, connection_id = self._fill[table], self._connection_id
        digests = [
            int.from_bytes(blake2b(part, digest_size=8).digest(), "big", signed=True)
            for part in parts
        ]
        if table == "payouts":
            self.digests = {it["id"]: digest for it, digest in zip(records, digests, strict=True)}
        return [
            (connection_id, record["id"], digest, page_id, position, *fill(record))
            for position, (record, digest) in enumerate(zip(records, digests, strict=True))
        ]

    def of_events(self, records: Sequence[Record], page_id: int) -> list[Row]:
        """Rows of the timeline; meanings that are new are put aside."""
        connection_id, meanings, rows = self._connection_id, self._meanings, []
        for position, event in enumerate(records):
            details = event["details"]
            get = details.get
            said = (
                *(event["resource_type"], event["action"], details["origin"], details["cause"]),
                *(get("reason_code"), details["description"]),
            )
            meaning = meanings.get(said)
            if meaning is None:
                meaning = self._meaning(said)
            meaning_id, is_failure, link = meaning
            at = f"{event['created_at'][:-1]}000Z"
            about = event["links"][link]
            rows.append(
                (connection_id, event["id"], about, at, meaning_id, is_failure, page_id, position)
            )
        return rows

    def of_items(
        self, payout_id: str, first: int, records: Sequence[Record], page_id: int
    ) -> list[Row]:
        """Rows of a page of a payout's items, of which `first` were before."""
        rows = []
        for position, item in enumerate(records):
            link = item["links"].get
            tenths = int(item["amount"].replace(".", ""))
            links = (link("payment") or "", link("refund") or "", link("mandate") or "")
            rows.append(
                (
                    *(self._connection_id, payout_id, first + position, item["type"], tenths),
                    *(*links, page_id, position),
                )
            )
        return rows

    def _meaning(self, said: Row) -> tuple[int, bool, str]:
        kind, action, origin, cause, code, text = said
        is_failure = (kind, action) in _FAILURES or (
            origin == "bank" and action == "cancelled" and kind in ("payments", "mandates")
        )
        values = (self._connection_id, kind, action, origin, cause, code or "", text, is_failure)
        digest = blake2b("\n".join(map(str, values)).encode(), digest_size=8).digest()
        meaning_id = int.from_bytes(digest, "big", signed=True)
        self.new_meanings.append((meaning_id, *values))
        self._meanings[said] = meaning_id, is_failure, kind[:-1]
        return self._meanings[said]

    def _status(self, kind: str, record: Record) -> Row:
        status = record["status"]
        return status, self._states[kind][status], f"{record['created_at'][:-1]}000Z"

    def _mandate(self, record: Record) -> Row:
        links = record["links"]
        payer = self._payers[record["id"]] = links["customer"]
        return (
            *self._status("mandates", record),
            *(payer, record["scheme"] or "", record["reference"] or ""),
            *(record["next_possible_charge_date"], links.get("new_mandate") or ""),
        )

    def _subscription(self, record: Record) -> Row:
        mandate = record["links"]["mandate"]
        interval, unit = record["interval"], _UNITS[record["interval_unit"]]
        upcoming = record["upcoming_payments"]
        return (
            *self._status("subscriptions", record),
            *(self._payers[mandate], mandate, record["amount"], record["currency"]),
            record["name"] or "",
            f"{interval} {unit}" if interval == 1 else f"{interval} {unit}s",
            *(record["start_date"], record["end_date"]),
            min((it["charge_date"] for it in upcoming), default=None),
        )

    def _payment(self, record: Record) -> Row:
        links = record["links"]
        link, mandate, status = links.get, links["mandate"], record["status"]
        return (
            status,
            self._states["payments"][status],
            f"{record['created_at'][:-1]}000Z",
            self._payers[mandate],
            mandate,
            link("subscription") or "",
            link("payout") or "",
            record["amount"],
            record["currency"],
            record["amount_refunded"],
            record["charge_date"],
            record["description"] or "",
            record["reference"] or "",
        )

    def _refund(self, record: Record) -> Row:
        link = record["links"].get
        return (
            *self._status("refunds", record),
            *(link("payment") or "", link("mandate") or "", record["amount"], record["currency"]),
            record["reference"] or "",
        )

    def _payout(self, record: Record) -> Row:
        return (
            *self._status("payouts", record),
            *(record["amount"], record["currency"], record["deducted_fees"]),
            *(record["arrival_date"], record["reference"] or ""),
        )


def _payer(record: Record) -> Row:
    person = " ".join(filter(None, (record["given_name"], record["family_name"])))
    email = record["email"] or ""
    return person or record["company_name"] or email or record["id"], email, None


def encoded(records: Sequence[Record]) -> list[bytes]:
    """Each record's JSON with sorted keys, as its digest is taken."""
    return [orjson.dumps(record, option=orjson.OPT_SORT_KEYS) for record in records]


def write_new_meanings(store: Store, rows: Rows) -> None:
    """Write the meanings that the last page has brought."""
    if rows.new_meanings:
        store.insert("event_meanings", COLUMNS["event_meanings"], rows.new_meanings)
        rows.new_meanings = []
