"""Wrong passwords are slowed down: by e-mail address and by network address, in the database, so
that all web processes count together and a restart forgets nothing.

An attempt is counted before its password is looked at and taken back when it was right. So many
attempts at once never get more tries than one after the other, and those that are refused cost no
hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..database.agent_tables import sign_in_failures
from ..database.columns import email_key
from ..database.database import Database
from .agent import SignInRefused

WINDOW = timedelta(minutes=15)
MOST_FOR_EMAIL = 5
MOST_FOR_ADDRESS = 20  # an office may share one
# Everybody may share one behind a proxy, and must not be shut out by one who guesses.
MOST_FOR_PRIVATE_ADDRESS = 200
_PRIVATE = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
            *("100.64.0.0/10", "::/64", "fc00::/7", "fe80::/10"),
        ),
    )
)


class Throttle:
    """After so many failures the next attempt waits until the window of the first is over."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def count(self, email: str, address: str) -> None:
        """Count an attempt as a failure, before anything slow is done.

        :raises SignInRefused: there were too many already. Being refused does not prolong the wait.
        """
        most = _most(email, address)
        now = self._clock()
        with self._database.read() as connection:
            _refuse_too_many(_waiting(connection, most, now), now)
        with self._database.write() as connection:
            # In one order everywhere, so that no two wait for each other.
            over = [
                since + WINDOW
                for key in sorted(most)
                for failures, since in [_counted(connection, key, now)]
                if failures > most[key]
            ]
            _clear_away(connection, now)
        _refuse_too_many(over, now)

    def reached(self, email: str) -> bool:
        """Whether the attempt that was counted last is the last one for now."""
        query = select(sign_in_failures.c.failures).where(sign_in_failures.c.key == _email(email))
        with self._database.read() as connection:
            return (connection.scalar(query) or 0) >= MOST_FOR_EMAIL

    def take_back(self, connection: Connection, email: str, address: str) -> None:
        """The attempt was right: forget the failures for the e-mail address, and this one for the
        network address, where others may try."""
        table = sign_in_failures
        for key in sorted(_most(email, address)):
            if key == _email(email):
                connection.execute(delete(table).where(table.c.key == key))
            else:
                connection.execute(
                    update(table)
                    .where(table.c.key == key, table.c.failures > 0)
                    .values(failures=table.c.failures - 1)
                )

    def forgive(self, connection: Connection, email: str) -> None:
        """An administrator vouches for the agent: no wait any more."""
        connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == _email(email)))


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one subscriber has of IPv6."""
    try:
        found = ip_address(address.strip())
    except ValueError:
        return address.strip()[:100]
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))


def _most(email: str, address: str) -> dict[str, int]:
    """How many failures each of the two may have."""
    most = {_email(email): MOST_FOR_EMAIL}
    if address:
        network = network_of(address)
        limit = MOST_FOR_PRIVATE_ADDRESS if _is_private(network) else MOST_FOR_ADDRESS
        most[_key("address", network)] = limit
    return most


def _is_private(network: str) -> bool:
    """Whether it is no place in the internet, but one behind which there may be others."""
    try:
        found = ip_network(network)
    except ValueError:  # such as a socket's
        return True
    return any(found.version == it.version and found.subnet_of(it) for it in _PRIVATE)  # type: ignore[arg-type]


def _email(email: str) -> str:
    return _key("email", email_key(email)[:1_000])


def _key(kind: str, value: str) -> str:
    return sha256(f"{kind}:{value}".encode("utf-8", "replace")).hexdigest()


def _waiting(connection: Connection, most: dict[str, int], now: datetime) -> list[datetime]:
    """When those that have had too many failures may try again."""
    table = sign_in_failures
    query = select(table.c.key, table.c.failures, table.c.since).where(
        table.c.key.in_(sorted(most)), table.c.since > now - WINDOW
    )
    return [
        row.since + WINDOW for row in connection.execute(query) if row.failures >= most[row.key]
    ]


def _counted(connection: Connection, key: str, now: datetime) -> tuple[int, datetime]:
    """One more failure; how many there are since when. A window that is over begins anew."""
    table = sign_in_failures
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    is_over = table.c.since <= now - WINDOW
    statement = dialect.insert(table).values(key=key, since=now, failures=1)
    counted = statement.on_conflict_do_update(
        index_elements=[table.c.key],
        set_={
            table.c.failures: case((is_over, 1), else_=table.c.failures + 1),
            table.c.since: case((is_over, statement.excluded.since), else_=table.c.since),
        },
    ).returning(table.c.failures, table.c.since)
    row = connection.execute(counted).one()
    return row.failures, row.since


def _clear_away(connection: Connection, now: datetime) -> None:
    """Forget windows that are over, a few at a time, and none that somebody begins anew."""
    table = sign_in_failures
    over = select(table.c.key).where(table.c.since <= now - WINDOW).limit(100)
    over = over.with_for_update(skip_locked=True)
    connection.execute(delete(table).where(table.c.key.in_(over)))


def _refuse_too_many(until: Sequence[datetime], now: datetime) -> None:
    if not until:
        return
    seconds = max(ceil((max(until) - now).total_seconds()), 1)
    minutes = ceil(seconds / 60)
    span = "a minute" if minutes == 1 else f"{minutes} minutes"
    raise SignInRefused(
        "There were too many attempts to sign in.",
        advice=f"Wait {span}, or ask an administrator to set a new password.",
        retry_after=seconds,
    )
