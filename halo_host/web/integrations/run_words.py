"""How the work of a connection is called on pages."""

from __future__ import annotations

from collections.abc import Mapping

PART_WORDS: Mapping[str, str] = {
    "users": "Import of users",
    "payments": "Sync of payments",
    "verify": "Proof of the mirror",
}
KIND_WORDS: Mapping[str, str] = {
    "import": "Import of users",
    "sync": "Sync of payments",
    "verify": "Proof of the mirror",
    "reread": "Reading failed records again",
    "webhooks": "Webhooks",
}
