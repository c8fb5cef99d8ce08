"""Whoever changes a user lets the next import compare its payers with it again.

An import that finds nothing left to do for a payer notes so on the link (`links.digest`), and the
next one passes the payer over while the provider holds the same. A change to the user puts a token
in that place that stands for nothing; being new each time, it also shows an import that is under
way that its note would come too late.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlalchemy import Connection, update

from ..database.among import among, many_integers
from ..database.tables import links

_recheck = update(links).where(among(links.c.user_id, many_integers("ids")))


def recheck_payers(connection: Connection, user_ids: Collection[int]) -> None:
    """Call it in the transaction that changes users or their custom values."""
    connection.execute(_recheck.values(digest=secrets.token_hex(8)), {"ids": user_ids})
