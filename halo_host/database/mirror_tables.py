"""The tables of the mirror: what providers hold, as the integrator last read it.

Every record is found by (connection, the provider's id). Its raw form is one of the records of a
`raw_pages` row, which also says when it was read. `digest` stands for the raw form: a record whose
digest is the same is not written again. Absent texts are empty, absent days and times are NULL.
Which user a payer is linked to stands in `links` alone, so a record attaches when the link comes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from .columns import UtcTime
from .tables import Id, metadata

# One page as it came from the provider: a JSON array, compressed. It is removed some time after its
# last record was read again onto another page (sync/superseded_pages.py).
raw_pages = Table(
    "raw_pages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection_id", ForeignKey("connections.id"), nullable=False),
    Column("read_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


def _record_columns() -> tuple[Column[object], ...]:
    return (
        Column("id", Id, primary_key=True),
        Column("connection_id", ForeignKey("connections.id"), nullable=False),
        Column("external_id", Text, nullable=False),
        Column("digest", BigInteger, nullable=False),
        Column("raw_page_id", BigInteger, nullable=False),
        Column("raw_position", SmallInteger, nullable=False),
    )


def _status_columns() -> tuple[Column[object], ...]:
    return (
        Column("status", String(40), nullable=False),
        Column("state", String(20), nullable=False),
        Column("created_at", UtcTime),
    )


payers = Table(
    "payers",
    metadata,
    *_record_columns(),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("removed_at", UtcTime),
    UniqueConstraint("connection_id", "external_id"),
)

mandates = Table(
    "mandates",
    metadata,
    *_record_columns(),
    *_status_columns(),
    Column("external_user_id", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("next_charge_date", String(10)),
    Column("replaced_by", Text, nullable=False),
    UniqueConstraint("connection_id", "external_id"),
    Index("ix_mandates_payer", "connection_id", "external_user_id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    *_record_columns(),
    *_status_columns(),
    Column("external_user_id", Text, nullable=False),
    Column("mandate_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("name", Text, nullable=False),
    Column("every", Text, nullable=False),
    Column("starts_on", String(10)),
    Column("ends_on", String(10)),
    Column("next_charge_date", String(10)),
    UniqueConstraint("connection_id", "external_id"),
    Index("ix_subscriptions_payer", "connection_id", "external_user_id"),
)

payments = Table(
    "payments",
    metadata,
    *_record_columns(),
    *_status_columns(),
    Column("external_user_id", Text, nullable=False),
    Column("mandate_id", Text, nullable=False),
    Column("subscription_id", Text, nullable=False),
    Column("payout_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_refunded", BigInteger, nullable=False),
    Column("charge_date", String(10)),
    Column("description", Text, nullable=False),
    Column("reference", Text, nullable=False),
    UniqueConstraint("connection_id", "external_id"),
    # Both hold all that lists are filtered and sorted by, so that a list of any filter is found
    # without a look at the rows: a pass over a million entries takes a third of one over the rows.
    # The first one also holds what totals are made of. SQLite keeps the id in every index anyway.
    Index(
        "ix_payments_payer",
        "connection_id",
        "external_user_id",
        "created_at",
        "charge_date",
        "status",
        "state",
        "amount",
        "currency",
        "amount_refunded",
        postgresql_include=["id"],
    ),
    Index(
        "ix_payments_created_at",
        "created_at",
        "charge_date",
        "status",
        "state",
        "amount",
        "connection_id",
        "external_user_id",
        postgresql_include=["id"],
    ),
)
# Payments whose mandate, and so whose payer, is not known yet.
Index(
    "ix_payments_without_payer",
    payments.c.connection_id,
    payments.c.mandate_id,
    sqlite_where=payments.c.external_user_id == "",
    postgresql_where=payments.c.external_user_id == "",
)
# What somebody types into the search field.
Index(
    "ix_payments_reference",
    payments.c.reference,
    sqlite_where=payments.c.reference != "",
    postgresql_where=payments.c.reference != "",
)

refunds = Table(
    "refunds",
    metadata,
    *_record_columns(),
    *_status_columns(),
    Column("payment_id", Text, nullable=False),
    Column("mandate_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reference", Text, nullable=False),
    UniqueConstraint("connection_id", "external_id"),
    Index("ix_refunds_payment", "connection_id", "payment_id"),
)

payouts = Table(
    "payouts",
    metadata,
    *_record_columns(),
    *_status_columns(),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("fees", BigInteger, nullable=False),
    Column("arrives_on", String(10)),
    Column("reference", Text, nullable=False),
    # The digest of the payout whose items were last read whole; another one: read them again.
    Column("items_digest", BigInteger),
    UniqueConstraint("connection_id", "external_id"),
)

# The lines of a payout, replaced as a whole. `tenths` of a minor unit, negative for a debit.
payout_items = Table(
    "payout_items",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("payout_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("tenths", BigInteger, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("refund_id", Text, nullable=False),
    Column("mandate_id", Text, nullable=False),
    Column("raw_page_id", BigInteger, nullable=False),
    Column("raw_position", SmallInteger, nullable=False),
    Index("ix_payout_items_payment", "connection_id", "payment_id"),
)

# What an event says, without when and about which record: few rows, said by millions of events. The
# id is a digest of the rest.
event_meanings = Table(
    "event_meanings",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("connection_id", ForeignKey("connections.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("action", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_failure", Boolean, nullable=False),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection_id", ForeignKey("connections.id"), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("meaning_id", BigInteger, nullable=False),
    Column("is_failure", Boolean, nullable=False),
    Column("raw_page_id", BigInteger, nullable=False),
    Column("raw_position", SmallInteger, nullable=False),
    UniqueConstraint("connection_id", "event_id"),
    Index("ix_timeline_resource", "connection_id", "resource_id"),
)
# Few rows: the latest failure of a payment, and all payments that failed for a reason.
Index(
    "ix_timeline_failures",
    timeline.c.connection_id,
    timeline.c.resource_id,
    timeline.c.at,
    timeline.c.meaning_id,
    timeline.c.is_failure,
    sqlite_where=timeline.c.is_failure == true(),
    postgresql_where=timeline.c.is_failure == true(),
)

# How far each stream is mirrored. `watermark` is the newest event seen, in the provider's time.
streams = Table(
    "streams",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("filled_at", UtcTime),
    Column("watermark", UtcTime),
    Column("changes_at", UtcTime),
    Column("rechecked_at", UtcTime),
)

# A pass over a stream that has begun and not ended: where it goes on.
stream_passes = Table(
    "stream_passes",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("task", String(20), primary_key=True),
    Column("cursor", Text),
    Column("began_at", UtcTime, nullable=False),
    Column("since", UtcTime),
    Column("newest", UtcTime),
    Column("records", BigInteger, nullable=False),
)

# Records that something said has changed, until they have been read again.
dirty_records = Table(
    "dirty_records",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("since", UtcTime, nullable=False),
)

# Records that could not be read, until they can.
failed_records = Table(
    "failed_records",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

# Comparisons of the mirror with the provider.
proofs = Table(
    "proofs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("connection_id", ForeignKey("connections.id"), nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("differences", Integer, nullable=False),
    Column("repaired", Integer, nullable=False),
    Column("counts", Text, nullable=False),
)
