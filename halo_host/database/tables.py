"""Every table of the host. A change here needs a migration beside it; a test compares the two.

Directory texts are never NULL: an absent value is the empty string, so that "empty" has one form.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from .columns import Json, UtcTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# On SQLite an integer key is the place of the row itself and needs no index beside it.
Id = BigInteger().with_variant(Integer, "sqlite")

# The core fields of a user that an import fills. Order is the order pages and files show.
CORE_FIELDS = (
    "given_name",
    "family_name",
    "company",
    "email",
    "phone",
    "address_line1",
    "address_line2",
    "address_line3",
    "city",
    "region",
    "postal_code",
    "country",
    "language",
)

# Ids are handed out here inside the transaction that uses them (see ids.py).
id_counters = Table(
    "id_counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("next_id", BigInteger, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("reference", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, index=True),
    Column("is_invoice_site", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("customer_id", "name_key"),
)
Index(
    "uq_sites_invoice_site",
    sites.c.customer_id,
    unique=True,
    sqlite_where=sites.c.is_invoice_site,
    postgresql_where=sites.c.is_invoice_site,
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("site_id", ForeignKey("sites.id"), nullable=False, index=True),
    Column("reference", Text, unique=True),
    *(Column(name, Text, nullable=False, server_default="") for name in CORE_FIELDS),
    Column("email_key", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
)
Index(
    "ix_users_email_key",
    users.c.email_key,
    sqlite_where=users.c.email_key != "",
    postgresql_where=users.c.email_key != "",
)

custom_fields = Table(
    "custom_fields",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("entity", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("type", String(20), nullable=False),
    UniqueConstraint("entity", "name_key"),
)

custom_field_values = Table(
    "custom_field_values",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("custom_field_id", ForeignKey("custom_fields.id"), primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

connections = Table(
    "connections",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("integration", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("company_name_matching", Boolean, nullable=False),
    Column("default_site_id", ForeignKey("sites.id")),
    Column("user_id_key", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
)

connection_secrets = Table(
    "connection_secrets",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("ciphertext", Text, nullable=False),
)

core_field_policies = Table(
    "core_field_policies",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("policy", String(20), nullable=False),
)

field_mappings = Table(
    "field_mappings",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("custom_field_id", ForeignKey("custom_fields.id"), primary_key=True),
    Column("metadata_key", Text, nullable=False),
    Column("policy", String(20), nullable=False),
)

# External user <-> user. `written` is what imports wrote to the user, by field: where the user
# still has that value, no person has changed it since. `digest` stands for what the payer held when
# an import last found nothing left to do; what changes the user or holds the payer replaces it.
links = Table(
    "links",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("connection_id", ForeignKey("connections.id"), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("digest", String(16), nullable=False, server_default=""),
    Column("user_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("leads", Boolean, nullable=False, server_default=false()),
    Column("written", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    UniqueConstraint("connection_id", "external_id"),
)

held_payers = Table(
    "held_payers",
    metadata,
    Column("connection_id", ForeignKey("connections.id"), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("change_set_id", ForeignKey("change_sets.id"), nullable=False),
    Column("held_at", UtcTime, nullable=False),
)

change_sets = Table(
    "change_sets",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("connection_id", ForeignKey("connections.id"), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("agent", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("counts", Json, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="0"),
)

change_rows = Table(
    "change_rows",
    metadata,
    Column("change_set_id", ForeignKey("change_sets.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("external_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("action", String(20), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("why", Text, nullable=False),
    Column("user_id", BigInteger),
    Column("site_id", BigInteger),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Column("written", Json, nullable=False),
    Column("digest", String(16), nullable=False),
    Column("candidates", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("offered", Json, nullable=False, server_default="{}"),
    Column("search_key", Text, nullable=False, server_default=""),
    Index("ix_change_rows_action", "change_set_id", "action", "position", "state"),
    Index("ix_change_rows_search", "change_set_id", "search_key", "position"),
    sqlite_with_rowid=False,
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("agent", Text, nullable=False),
    Column("action", String(40), nullable=False),
    Column("entity", String(40), nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("before", Json),
    Column("after", Json),
    Column("change_set_id", BigInteger),
    Index("ix_audit_log_entity", "entity", "entity_id"),
)
