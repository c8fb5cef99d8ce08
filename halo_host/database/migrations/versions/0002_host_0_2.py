"""The tables of host 0.2: the integrator's jobs, schedules and alerts, and the mirror.

The lock of imports makes room for the lease of a job.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from halo_host.database.columns import Json, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("import_locks")
    _create_jobs()
    _create_mirror()
    op.bulk_insert(
        sa.table("id_counters", sa.column("name", sa.String), sa.column("next_id", sa.BigInteger)),
        [{"name": name, "next_id": 1} for name in ("jobs", "alerts")],
    )


def _create_jobs() -> None:
    op.create_table(
        "integrators",
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(length=27), nullable=False),
        sa.Column("seen_at", UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_integrators")),
    )
    op.create_table(
        "alerts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("external_user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", UtcTime(length=27), nullable=False),
        sa.Column("ended_at", UtcTime(length=27), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), server_default="", nullable=False),
        sa.Column("acknowledged_at", UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_alerts_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_payer", "alerts", ["connection_id", "external_user_id"], unique=False
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["connection_id", "key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "jobs",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("lane", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("arguments", Json(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("queued_at", UtcTime(length=27), nullable=False),
        sa.Column("not_before", UtcTime(length=27), nullable=False),
        sa.Column("started_at", UtcTime(length=27), nullable=True),
        sa.Column("finished_at", UtcTime(length=27), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=40), server_default="", nullable=False),
        sa.Column("machine", sa.Text(), server_default="", nullable=False),
        sa.Column("process_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", UtcTime(length=27), nullable=True),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waited_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rate_limited", sa.Integer(), server_default="0", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("advice", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_jobs_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_connection", "jobs", ["connection_id", "id"], unique=False)
    op.create_index("ix_jobs_state", "jobs", ["state", "not_before"], unique=False)
    op.create_index(
        "uq_jobs_running",
        "jobs",
        ["connection_id", "lane"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "schedules",
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("users_on", sa.Boolean(), nullable=False),
        sa.Column("users_minutes", sa.Integer(), nullable=False),
        sa.Column("payments_on", sa.Boolean(), nullable=False),
        sa.Column("payments_minutes", sa.Integer(), nullable=False),
        sa.Column("verify_on", sa.Boolean(), nullable=False),
        sa.Column("verify_minutes", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_to", sa.String(length=5), nullable=True),
        sa.Column("paused_at", UtcTime(length=27), nullable=True),
        sa.Column("since", UtcTime(length=27), nullable=False),
        sa.Column("alert_failures", sa.Integer(), nullable=False),
        sa.Column("alert_minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_schedules_connection_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_schedules")),
    )
    op.create_table(
        "alert_messages",
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime(length=27), nullable=False),
        sa.Column("sent_at", UtcTime(length=27), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_messages_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "channel", name=op.f("pk_alert_messages")),
    )


def _create_mirror() -> None:
    op.create_table(
        "dirty_records",
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_dirty_records_connection_id")
        ),
        sa.PrimaryKeyConstraint(
            "connection_id", "kind", "external_id", name=op.f("pk_dirty_records")
        ),
    )
    op.create_table(
        "event_meanings",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_failure", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_event_meanings_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_meanings")),
    )
    op.create_index(
        op.f("ix_event_meanings_connection_id"), "event_meanings", ["connection_id"], unique=False
    )
    op.create_table(
        "failed_records",
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("first_at", UtcTime(length=27), nullable=False),
        sa.Column("last_at", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_failed_records_connection_id")
        ),
        sa.PrimaryKeyConstraint(
            "connection_id", "kind", "external_id", name=op.f("pk_failed_records")
        ),
    )
    op.create_table(
        "mandates",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=True),
        sa.Column("external_user_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("next_charge_date", sa.String(length=10), nullable=True),
        sa.Column("replaced_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_mandates_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandates")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_mandates_connection_id_external_id")
        ),
    )
    op.create_index(
        "ix_mandates_payer", "mandates", ["connection_id", "external_user_id"], unique=False
    )
    op.create_table(
        "payers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("removed_at", UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_payers_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payers")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_payers_connection_id_external_id")
        ),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=True),
        sa.Column("external_user_id", sa.Text(), nullable=False),
        sa.Column("mandate_id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_refunded", sa.BigInteger(), nullable=False),
        sa.Column("charge_date", sa.String(length=10), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_payments_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_payments_connection_id_external_id")
        ),
    )
    op.create_index(
        "ix_payments_created_at",
        "payments",
        [
            "created_at",
            "charge_date",
            "status",
            "state",
            "amount",
            "connection_id",
            "external_user_id",
        ],
        unique=False,
        postgresql_include=["id"],
    )
    op.create_index(
        "ix_payments_payer",
        "payments",
        [
            "connection_id",
            "external_user_id",
            "created_at",
            "charge_date",
            "status",
            "state",
            "amount",
            "currency",
            "amount_refunded",
        ],
        unique=False,
        postgresql_include=["id"],
    )
    op.create_index(
        "ix_payments_without_payer",
        "payments",
        ["connection_id", "mandate_id"],
        unique=False,
        sqlite_where=sa.text("external_user_id = ''"),
        postgresql_where=sa.text("external_user_id = ''"),
    )
    op.create_table(
        "payout_items",
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("tenths", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("mandate_id", sa.Text(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_payout_items_connection_id")
        ),
        sa.PrimaryKeyConstraint(
            "connection_id", "payout_id", "position", name=op.f("pk_payout_items")
        ),
    )
    op.create_index(
        "ix_payout_items_payment", "payout_items", ["connection_id", "payment_id"], unique=False
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fees", sa.BigInteger(), nullable=False),
        sa.Column("arrives_on", sa.String(length=10), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("items_digest", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_payouts_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_payouts_connection_id_external_id")
        ),
    )
    op.create_table(
        "proofs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_proofs_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
    )
    op.create_index(op.f("ix_proofs_connection_id"), "proofs", ["connection_id"], unique=False)
    op.create_table(
        "raw_pages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("read_at", UtcTime(length=27), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_raw_pages_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_pages")),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=True),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("mandate_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_refunds_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_refunds_connection_id_external_id")
        ),
    )
    op.create_index("ix_refunds_payment", "refunds", ["connection_id", "payment_id"], unique=False)
    op.create_table(
        "stream_passes",
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("began_at", UtcTime(length=27), nullable=False),
        sa.Column("since", UtcTime(length=27), nullable=True),
        sa.Column("newest", UtcTime(length=27), nullable=True),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_stream_passes_connection_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", "kind", "task", name=op.f("pk_stream_passes")),
    )
    op.create_table(
        "streams",
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("filled_at", UtcTime(length=27), nullable=True),
        sa.Column("watermark", UtcTime(length=27), nullable=True),
        sa.Column("changes_at", UtcTime(length=27), nullable=True),
        sa.Column("rechecked_at", UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_streams_connection_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", "kind", name=op.f("pk_streams")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=True),
        sa.Column("external_user_id", sa.Text(), nullable=False),
        sa.Column("mandate_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("every", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.String(length=10), nullable=True),
        sa.Column("ends_on", sa.String(length=10), nullable=True),
        sa.Column("next_charge_date", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_subscriptions_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_subscriptions_connection_id_external_id")
        ),
    )
    op.create_index(
        "ix_subscriptions_payer",
        "subscriptions",
        ["connection_id", "external_user_id"],
        unique=False,
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("meaning_id", sa.BigInteger(), nullable=False),
        sa.Column("is_failure", sa.Boolean(), nullable=False),
        sa.Column("raw_page_id", sa.BigInteger(), nullable=False),
        sa.Column("raw_position", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_timeline_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
        sa.UniqueConstraint(
            "connection_id", "event_id", name=op.f("uq_timeline_connection_id_event_id")
        ),
    )
    op.create_index(
        "ix_timeline_failures",
        "timeline",
        ["connection_id", "resource_id", "at", "meaning_id", "is_failure"],
        unique=False,
        sqlite_where=sa.text("is_failure = 1"),
        postgresql_where=sa.text("is_failure = true"),
    )
    op.create_index(
        "ix_timeline_resource", "timeline", ["connection_id", "resource_id"], unique=False
    )
