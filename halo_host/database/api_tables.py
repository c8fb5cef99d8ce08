"""The table behind the idempotency keys of the JSON API."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from .columns import UtcTime
from .tables import metadata

# A request that was begun under a key, and what it was answered; also who writes to one thing now.
api_requests = Table(
    "api_requests",
    metadata,
    # Whose keys these are, such as "agent 7".
    Column("scope", String(40), nullable=False),
    # SHA-256 of the key, and of the request: method, address, body.
    Column("key", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("token", String(40), nullable=False),
    Column("begun_at", UtcTime, nullable=False, index=True),
    # NULL until it is answered.
    Column("status", Integer),
    Column("location", Text, nullable=False, server_default=""),
    Column("body", LargeBinary),
    PrimaryKeyConstraint("scope", "key"),
)
