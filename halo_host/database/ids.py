"""Ids that the host hands out itself, inside the transaction that uses them.

A transaction that is rolled back gives its ids back, and an id is never used twice: an import that
was killed and run again ends with the same ids as one that was not, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, update

from .tables import id_counters


def allocate_ids(connection: Connection, table: Table, count: int = 1) -> range:
    """Take `count` ids for rows of `table`, whose counter its migration has made.

    On PostgreSQL this also makes writers queue up.
    """
    taken = (
        update(id_counters)
        .where(id_counters.c.name == table.name)
        .values(next_id=id_counters.c.next_id + count)
        .returning(id_counters.c.next_id)
    )
    end = connection.execute(taken).scalar_one()
    return range(end - count, end)
