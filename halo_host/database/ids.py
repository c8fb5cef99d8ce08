"""Ids that the host hands out itself, inside the transaction that uses them.

A transaction that is rolled back gives its ids back, and an id is never used twice: an import that
was killed and run again ends with the same ids as one that was not, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from .tables import id_counters


def allocate_ids(connection: Connection, table: Table, count: int = 1) -> range:
    """Take `count` ids for rows of `table`. On PostgreSQL this also makes writers queue up."""
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    statement = insert(id_counters).values(name=table.name, next_id=1 + count)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"next_id": id_counters.c.next_id + count}
        )
    )
    counter = select(id_counters.c.next_id).where(id_counters.c.name == table.name)
    end = connection.execute(counter).scalar_one()
    return range(end - count, end)
