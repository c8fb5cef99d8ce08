"""Payments and subscriptions that came before their mandate get its payer when it is there."""

from __future__ import annotations

from sqlalchemy import Table, Update, bindparam, exists, literal_column, select, update

from ..database.mirror_tables import mandates, payments, subscriptions
from .run import Run


def give_payers(run: Run) -> None:
    """Once in a run: the partial index makes it cheap where nothing waits."""
    with run.database.write() as connection:
        for table in (payments, subscriptions):
            connection.execute(_give(table), {"in_connection": run.connection_id})
        run.lease.renew(connection)


def _give(table: Table) -> Update:
    mandate = select(mandates.c.external_user_id).where(
        mandates.c.connection_id == table.c.connection_id,
        mandates.c.external_id == table.c.mandate_id,
    )
    return (
        update(table)
        .where(
            table.c.connection_id == bindparam("in_connection"),
            table.c.external_user_id == literal_column("''"),  # as the partial index says it
            exists(mandate.correlate(table)),
        )
        .values(external_user_id=mandate.correlate(table).scalar_subquery())
    )
