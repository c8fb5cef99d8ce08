"""Records that a provider says it does not have, when a repair asked for them by their ids."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from ..audit import record
from ..database.among import among, many_texts
from ..database.columns import clean_text
from ..database.mirror_tables import payers
from ..streams import StreamKind
from .run import Run
from .shapes import SHAPES


def remove_gone(run: Run, kind: StreamKind, missing: Sequence[str]) -> int:
    """Take them out of the mirror; how many were there.

    The audit log keeps each row as it was: the history of money is not thrown away. Payers stay and
    are marked, since users are linked to them.
    """
    table = SHAPES[kind].table
    wanted = (
        table.c.connection_id == run.connection_id,
        among(table.c.external_id, many_texts("ids")),
    )
    values = {"ids": [clean_text(it) for it in missing]}
    if not missing:
        return 0
    with run.database.write() as connection:
        run.lease.renew(connection)
        if kind is StreamKind.CUSTOMERS:
            removed = update(payers).where(*wanted, payers.c.removed_at.is_(None))
            return connection.execute(removed.values(removed_at=run.clock()), values).rowcount
        rows = connection.execute(select(table).where(*wanted), values).mappings().all()
        for row in rows:
            record(
                connection,
                at=run.clock(),
                agent=run.lease.agent,
                action="sync.removed",
                entity=kind.value.removesuffix("s"),
                entity_id=row["external_id"],
                before={str(name): str(value) for name, value in row.items()},
            )
        connection.execute(delete(table).where(*wanted), values)
        return len(rows)
