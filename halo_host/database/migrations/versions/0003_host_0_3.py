"""The tables of host 0.3: agents, their sessions, API tokens and links, failed sign-ins; what the
pages of imports look for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from halo_host.database.columns import Json, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("role_from_provider", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=False),
        sa.Column("last_sign_in_at", UtcTime(length=27), nullable=True),
        sa.Column("disabled_at", UtcTime(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("email_key", name=op.f("uq_agents_email_key")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_agents_issuer_subject")),
        sa.UniqueConstraint("name_key", name=op.f("uq_agents_name_key")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("since", UtcTime(length=27), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_since"), "sign_in_failures", ["since"], unique=False)
    op.create_table(
        "agent_sessions",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("former_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("former_until", UtcTime(length=27), nullable=True),
        sa.Column("renew", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(length=27), nullable=False),
        sa.Column("seen_at", UtcTime(length=27), nullable=False),
        sa.Column("expires_at", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_sessions_agent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_agent_sessions_token_hash")),
    )
    op.create_index(
        op.f("ix_agent_sessions_agent_id"), "agent_sessions", ["agent_id"], unique=False
    )
    op.create_index(
        "ix_agent_sessions_former",
        "agent_sessions",
        ["former_hash"],
        unique=False,
        sqlite_where=sa.text("former_hash != ''"),
        postgresql_where=sa.text("former_hash != ''"),
    )
    op.create_table(
        "api_tokens",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=False),
        sa.Column("expires_at", UtcTime(length=27), nullable=False),
        sa.Column("last_used_at", UtcTime(length=27), nullable=True),
        sa.Column("revoked_at", UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_api_tokens_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_agent_id"), "api_tokens", ["agent_id"], unique=False)
    op.create_table(
        "api_requests",
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("begun_at", UtcTime(length=27), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_api_requests")),
    )
    op.create_index(op.f("ix_api_requests_begun_at"), "api_requests", ["begun_at"], unique=False)
    op.create_table(
        "one_time_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", UtcTime(length=27), nullable=False),
        sa.Column("expires_at", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_one_time_links_agent_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_links")),
    )
    op.create_index(
        op.f("ix_one_time_links_agent_id"), "one_time_links", ["agent_id"], unique=False
    )
    op.bulk_insert(
        sa.table("id_counters", sa.column("name", sa.String), sa.column("next_id", sa.BigInteger)),
        [{"name": name, "next_id": 1} for name in ("agents", "agent_sessions", "api_tokens")],
    )
    op.add_column(
        "change_sets", sa.Column("version", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("change_rows", sa.Column("offered", Json(), server_default="{}", nullable=False))
    op.add_column(
        "change_rows", sa.Column("search_key", sa.Text(), server_default="", nullable=False)
    )
    op.execute(
        "UPDATE change_rows SET search_key ="
        " lower(substr(name, 1, 100) || ' ' || substr(external_id, 1, 100))"
    )
    op.create_index(
        "ix_change_rows_action",
        "change_rows",
        ["change_set_id", "action", "position", "state"],
        unique=False,
    )
    op.create_index(
        "ix_change_rows_search",
        "change_rows",
        ["change_set_id", "search_key", "position"],
        unique=False,
    )
    op.create_index(
        "ix_payments_reference",
        "payments",
        ["reference"],
        unique=False,
        sqlite_where=sa.text("reference != ''"),
        postgresql_where=sa.text("reference != ''"),
    )
