"""The tables of the integrator: long work and its history, schedules, alerts.

A job is both the work that is to be done and the record of how it went: it is queued, owned by one
worker at a time through a lease, and kept when it has ended.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from .columns import Json, UtcTime
from .tables import Id, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("connection_id", ForeignKey("connections.id")),
    # What of a connection the work needs for itself: users or payments. One job at a time in each.
    Column("lane", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("why", String(20), nullable=False),
    Column("agent", Text, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("attempts", Integer, nullable=False),
    # The lease.
    Column("token", String(40), nullable=False, server_default=""),
    Column("machine", Text, nullable=False, server_default=""),
    Column("process_id", Integer, nullable=False, server_default="0"),
    Column("lease_until", UtcTime),
    # How it went, or goes.
    Column("step", Text, nullable=False, server_default=""),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("new", BigInteger, nullable=False, server_default="0"),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Column("unchanged", BigInteger, nullable=False, server_default="0"),
    Column("failed", BigInteger, nullable=False, server_default="0"),
    Column("requests", Integer, nullable=False, server_default="0"),
    Column("waited_ms", BigInteger, nullable=False, server_default="0"),
    Column("rate_limited", Integer, nullable=False, server_default="0"),
    Column("result", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("advice", Text, nullable=False, server_default=""),
    Index("ix_jobs_state", "state", "not_before"),
    Index("ix_jobs_connection", "connection_id", "id"),
)
Index(
    "uq_jobs_running",
    jobs.c.connection_id,
    jobs.c.lane,
    unique=True,
    sqlite_where=jobs.c.state == "running",
    postgresql_where=jobs.c.state == "running",
)

# One row for a connection whose integrator settings an operator has changed; times are local,
# "HH:MM", in the host's time zone.
schedules = Table(
    "schedules",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("users_on", Boolean, nullable=False),
    Column("users_minutes", Integer, nullable=False),
    Column("payments_on", Boolean, nullable=False),
    Column("payments_minutes", Integer, nullable=False),
    Column("verify_on", Boolean, nullable=False),
    Column("verify_minutes", Integer, nullable=False),
    Column("quiet_from", String(5)),
    Column("quiet_to", String(5)),
    Column("paused_at", UtcTime),
    # When an operator last set it going: age is not held against a connection from before.
    Column("since", UtcTime, nullable=False),
    Column("alert_failures", Integer, nullable=False),
    Column("alert_minutes", Integer, nullable=False),
)

# What somebody should know. While `ended_at` is NULL there is one alert a connection and key.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("connection_id", ForeignKey("connections.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("key", Text, nullable=False),
    Column("external_user_id", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("acknowledged_by", Text, nullable=False, server_default=""),
    Column("acknowledged_at", UtcTime),
    Index("ix_alerts_payer", "connection_id", "external_user_id"),
)
Index(
    "uq_alerts_open",
    alerts.c.connection_id,
    alerts.c.key,
    unique=True,
    sqlite_where=alerts.c.ended_at.is_(None),
    postgresql_where=alerts.c.ended_at.is_(None),
)

# An alert's way out through one channel (e-mail, webhook): made when a message is tried first.
alert_messages = Table(
    "alert_messages",
    metadata,
    Column("alert_id", ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("error", Text, nullable=False, server_default=""),
)

# The integrators that run; the one that has run longest queues what is due.
integrators = Table(
    "integrators",
    metadata,
    Column("token", String(40), primary_key=True),
    Column("machine", Text, nullable=False),
    Column("process_id", Integer, nullable=False),
    Column("threads", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)
