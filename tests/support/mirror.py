"""Rows of the mirror as a sync leaves them, for tests of what reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, select

from halo_host import PaymentState
from halo_host.database import mirror_tables as tables
from halo_host.database.columns import clean_text
from halo_host.database.ids import allocate_ids
from halo_host.database.tables import connections, links
from halo_host.host import Host
from halo_host.sync.raw import encoded, pack

DAY = datetime(2026, 1, 1, tzinfo=UTC)
FAILURES = {
    "insufficient_funds": "The payer's account held too little money.",
    "bank_account_closed": "The payer's account is closed.",
}


class Mirror:
    """The mirror of one connection. Every method adds one record, with defaults that tell nothing:
    payments are made one day after another, from 1 January 2026."""

    def __init__(self, host: Host, slug: str) -> None:
        self.host = host
        with host.database.read() as connection:
            query = select(connections.c.id).filter_by(slug=slug)
            self.id: int = connection.execute(query).scalar_one()
        self._days = count()
        self._events = count(1)
        self._meanings: dict[tuple[str, ...], int] = {}

    def filled(self, at: datetime = DAY) -> None:
        """The first fill of payments has ended."""
        self._put(tables.streams, kind="payments", filled_at=at, changes_at=at)

    def link(self, payer: str, user: int) -> None:
        with self.host.database.write() as connection:
            (number,) = allocate_ids(connection, links)
            connection.execute(
                insert(links).values(
                    id=number,
                    connection_id=self.id,
                    external_id=payer,
                    user_id=user,
                    written={},
                    created_at=DAY,
                )
            )

    def payer(self, identity: str, name: str = "", email: str = "") -> None:
        self._put(tables.payers, external_id=identity, name=name, email=email, **_NO_RAW)

    def payment(
        self,
        identity: str,
        payer: str = "CU1",
        *,
        amount: int = 1_000,
        currency: str = "GBP",
        status: str = "paid_out",
        state: PaymentState | None = None,
        created_at: datetime | None = DAY,
        raw: Any = None,
        **values: Any,
    ) -> None:
        if created_at == DAY:
            created_at = DAY + timedelta(days=next(self._days))
        self._put(
            tables.payments,
            external_id=identity,
            external_user_id=payer,
            amount=amount,
            currency=currency,
            status=status,
            state=_state(PaymentState, status, state),
            created_at=created_at,
            **(
                dict.fromkeys(("mandate_id", "subscription_id", "payout_id"), "")
                | {"description": "", "reference": "", "amount_refunded": 0, "charge_date": None}
                | (_NO_RAW if raw is None else self._raw(raw))
                | {name: _stored(value) for name, value in values.items()}
            ),
        )

    def event(
        self,
        resource: str,
        action: str,
        *,
        cause: str = "",
        reason_code: str = "",
        text: str = "",
        is_failure: bool = False,
        at: datetime = DAY,
        kind: str = "payments",
    ) -> None:
        said = (kind, action, "bank", cause, reason_code, text, str(is_failure))
        with self.host.database.write() as connection:
            if said not in self._meanings:
                number = self.id * 1_000 + len(self._meanings)
                self._meanings[said] = number
                connection.execute(
                    insert(tables.event_meanings).values(
                        id=number,
                        connection_id=self.id,
                        kind=kind,
                        action=action,
                        origin="bank",
                        cause=cause,
                        reason_code=reason_code,
                        text=text,
                        is_failure=is_failure,
                    )
                )
        self._put(
            tables.timeline,
            event_id=f"EV{next(self._events)}",
            resource_id=resource,
            at=at,
            meaning_id=self._meanings[said],
            is_failure=is_failure,
            raw_page_id=0,
            raw_position=0,
        )

    def failure(self, payment: str, cause: str, at: datetime = DAY, code: str = "") -> None:
        text = FAILURES.get(cause, "")
        self.event(
            payment, "failed", cause=cause, reason_code=code, text=text, is_failure=True, at=at
        )

    def mandate(self, identity: str, payer: str = "CU1", **values: Any) -> None:
        self._put(
            tables.mandates,
            external_id=identity,
            external_user_id=payer,
            **(
                {"status": "active", "state": "active", "created_at": DAY, "scheme": "bacs"}
                | {"reference": "", "next_charge_date": None, "replaced_by": ""}
                | _NO_RAW
                | {name: _stored(value) for name, value in values.items()}
            ),
        )

    def subscription(self, identity: str, payer: str = "CU1", **values: Any) -> None:
        self._put(
            tables.subscriptions,
            external_id=identity,
            external_user_id=payer,
            **(
                {"status": "active", "state": "active", "created_at": DAY, "mandate_id": ""}
                | {"amount": 500, "currency": "GBP", "name": "Support", "every": "1 month"}
                | _NO_RAW
                | {name: _stored(value) for name, value in values.items()}
            ),
        )

    def refund(self, identity: str, payment: str, **values: Any) -> None:
        self._put(
            tables.refunds,
            external_id=identity,
            payment_id=payment,
            **(
                {"status": "paid", "state": "paid", "created_at": DAY, "mandate_id": ""}
                | {"amount": 100, "currency": "GBP", "reference": ""}
                | _NO_RAW
                | values
            ),
        )

    def payout(self, identity: str, **values: Any) -> None:
        self._put(
            tables.payouts,
            external_id=identity,
            **(
                {"status": "paid", "state": "paid", "created_at": DAY, "arrives_on": None}
                | {"amount": 1_000, "currency": "GBP", "fees": 10, "reference": ""}
                | _NO_RAW
                | {name: _stored(value) for name, value in values.items()}
            ),
        )

    def payout_item(self, payout: str, position: int, tenths: int, **values: Any) -> None:
        self._put(
            tables.payout_items,
            payout_id=payout,
            position=position,
            tenths=tenths,
            **(
                {"type": "payment_paid_out", "payment_id": "", "refund_id": "", "mandate_id": ""}
                | {"raw_page_id": 0, "raw_position": 0}
                | values
            ),
        )

    def proof(
        self, at: datetime, *, differences: int = 0, repaired: int = 0, payers: int = 0
    ) -> None:
        counts = {"customers": {"provider": {"records": payers}}}
        self._put(
            tables.proofs,
            at=at,
            differences=differences,
            repaired=repaired,
            counts=encoded(counts).decode(),
        )

    def failed_record(self, identity: str, at: datetime) -> None:
        self._put(
            tables.failed_records,
            kind="payments",
            external_id=identity,
            reason="It has no amount.",
            raw="{}",
            first_at=at,
            last_at=at,
        )

    def _raw(self, raw: Any) -> dict[str, Any]:
        """The record second on a page of two."""
        with self.host.database.write() as connection:
            body = pack([encoded({"id": "another"}), encoded(raw)])
            page = insert(tables.raw_pages).values(connection_id=self.id, read_at=DAY, body=body)
            number = connection.execute(page.returning(tables.raw_pages.c.id)).scalar_one()
        return {"digest": 1, "raw_page_id": number, "raw_position": 1}

    def _put(self, table: Any, **values: Any) -> None:
        with self.host.database.write() as connection:
            stored = {name: _cleaned(value) for name, value in values.items()}
            connection.execute(insert(table).values(connection_id=self.id, **stored))


_NO_RAW: dict[str, Any] = {"digest": 0, "raw_page_id": 0, "raw_position": 0}


def _cleaned(value: Any) -> Any:
    """As a sync writes texts."""
    return clean_text(value) if isinstance(value, str) else value


def _stored(value: Any) -> Any:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return value.isoformat() if is_day else value


def _state(kind: Callable[[str], Any], status: str, given: Any) -> str:
    if given is not None:
        return str(given.value)
    try:
        return str(kind(status).value)
    except ValueError:
        return "unknown"
