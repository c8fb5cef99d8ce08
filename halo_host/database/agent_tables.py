"""The tables of the people who sign in. Of every secret there is only a hash.

Session tokens, API tokens and links have 256 random bits, so their SHA-256 cannot be turned round;
passwords have far fewer and are hashed slowly.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from .columns import UtcTime
from .tables import Id, metadata

agents = Table(
    "agents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    # Audit rows name an agent by this, so no two are the same.
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    # Empty for one who signs in at a provider alone.
    Column("password_hash", Text, nullable=False, server_default=""),
    # Who the agent is at the provider of sign-ins (OpenID Connect).
    Column("issuer", Text),
    Column("subject", Text),
    Column("role_from_provider", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcTime, nullable=False),
    Column("last_sign_in_at", UtcTime),
    Column("disabled_at", UtcTime),
    UniqueConstraint("issuer", "subject"),
)

agent_sessions = Table(
    "agent_sessions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    # The token before a renewal: requests that were under way with it are answered still.
    Column("former_hash", String(64), nullable=False, server_default=""),
    Column("former_until", UtcTime),
    # The next request gets a new token.
    Column("renew", Boolean, nullable=False, server_default=false()),
    Column("csrf_token", String(64), nullable=False),
    Column("method", String(20), nullable=False),
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
Index(
    "ix_agent_sessions_former",
    agent_sessions.c.former_hash,
    sqlite_where=agent_sessions.c.former_hash != "",
    postgresql_where=agent_sessions.c.former_hash != "",
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("hint", String(20), nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

# Failures since the first of the last minutes, by the SHA-256 of an e-mail address or a network
# address: people type passwords into the wrong field, so what they typed is not kept.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("since", UtcTime, nullable=False, index=True),
    Column("failures", Integer, nullable=False),
)

# For the first administrator, or for an agent to choose a password; gone once it was used.
one_time_links = Table(
    "one_time_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("agent_id", ForeignKey("agents.id"), index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
