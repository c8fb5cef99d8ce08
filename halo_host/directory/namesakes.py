"""Who in a customer has which names: how a row without an e-mail finds its user.

No index of the database serves these look-ups, so the names of a customer are read once a batch.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..database.tables import sites, users
from .users import DirectoryUser

Names = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Namesake:
    id: int
    site_id: int
    has_email: bool
    has_reference: bool


class Namesakes:
    """Valid inside one transaction that tells it of every user it writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by_customer: dict[int, dict[Names, dict[int, Namesake]]] = {}

    def of(self, customer_id: int, names: Names) -> list[Namesake]:
        """The customer's users of exactly these names, by number."""
        found = self._read(customer_id).get(names, {})
        return sorted(found.values(), key=lambda namesake: namesake.id)

    def written(self, before: DirectoryUser | None, after: DirectoryUser) -> None:
        """Take note of a user that was added or changed."""
        if before is not None and before.customer_id in self._by_customer:
            self._by_customer[before.customer_id][_names(before)].pop(before.id, None)
        if after.customer_id in self._by_customer:
            namesake = Namesake(
                after.id, after.site_id, bool(after.email), after.reference is not None
            )
            self._by_customer[after.customer_id][_names(after)][after.id] = namesake

    def _read(self, customer_id: int) -> dict[Names, dict[int, Namesake]]:
        if customer_id not in self._by_customer:
            query = (
                select(
                    users.c.id,
                    users.c.site_id,
                    users.c.email,
                    users.c.reference,
                    users.c.given_name,
                    users.c.family_name,
                    users.c.company,
                )
                .join(sites, sites.c.id == users.c.site_id)
                .where(sites.c.customer_id == customer_id)
            )
            read: dict[Names, dict[int, Namesake]] = defaultdict(dict)
            for number, site, email, reference, *names in self._connection.execute(query):
                given, family, company = names
                read[given, family, company][number] = Namesake(
                    number, site, bool(email), reference is not None
                )
            self._by_customer[customer_id] = read
        return self._by_customer[customer_id]


def _names(user: DirectoryUser) -> Names:
    return (user.given_name, user.family_name, user.company)
