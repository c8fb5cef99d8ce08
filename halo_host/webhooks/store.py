"""The inbox as a part of the host's data: copied, backed up and restored with the rest."""

from __future__ import annotations

from ..database.store import Store
from .inbox import inbox_url
from .tables import make_current, metadata

INBOX = Store(
    name="halo-host-inbox.db",
    address=inbox_url,
    metadata=metadata,
    make=metadata.create_all,
    make_current=make_current,
)
