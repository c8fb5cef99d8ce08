"""Payments whose payer is linked to no user: they wait, and attach when the link comes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from .filters import Wanted
from .matching import unlinked_payers


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlinked:
    """How many payments wait, of how many payers; those not known yet count as one."""

    payments: int
    payers: int


def unlinked(connection: Connection, wanted: Wanted) -> Unlinked:
    """Of the connections that are wanted, whatever else is."""
    payer = unlinked_payers(wanted)
    query = select(func.coalesce(func.sum(payer.c.payments), 0), func.count()).select_from(payer)
    payments, payers = connection.execute(query).one()
    return Unlinked(payments=int(payments), payers=payers)
