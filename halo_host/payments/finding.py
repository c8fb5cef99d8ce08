"""Payments that somebody means by an id or a reference, in any connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, literal_column, select

from ..database.mirror_tables import payments
from ..database.tables import connections
from .listing import ListedPayment, listed, with_people
from .vocabulary import Vocabulary

_LONGEST = 100


def found_payments(
    connection: Connection, text: str, words: Callable[[str], Vocabulary], *, limit: int
) -> Sequence[ListedPayment]:
    """The newest whose id at the provider, or whose reference, is exactly `text`.

    People copy both; capitals are tried, too, as they are easily typed small.
    """
    text = text.strip()[:_LONGEST]
    if not text:
        return []
    spellings = sorted({text, text.upper()})
    known = list(connection.scalars(select(connections.c.id)))
    by_id = select(payments.c.id).where(
        # Named, so that the index is used, which begins with the connection.
        payments.c.connection_id.in_(known),
        payments.c.external_id.in_(spellings),
    )
    by_reference = (
        select(payments.c.id)
        # Said so that the index is used, which leaves payments without a reference out.
        .where(payments.c.reference.in_(spellings), payments.c.reference != literal_column("''"))
        .order_by(payments.c.id.desc())
        .limit(limit)
    )
    numbers = {*connection.scalars(by_id), *connection.scalars(by_reference)}
    page = select(payments.c.id).where(payments.c.id.in_(numbers)).subquery("page")
    rows = connection.execute(
        with_people(page).order_by(payments.c.created_at.desc(), payments.c.id.desc()).limit(limit)
    )
    return listed(rows, words)
