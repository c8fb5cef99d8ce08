"""Idempotency keys: a write that is sent twice is carried out once and answered alike.

The first request of a key claims it in the database, so that it counts for all processes of a
server; equal ones that come meanwhile wait for its answer. A claim whose process died is free again
after a while. Keys are kept for a day.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..database.api_tables import api_requests
from .problems import Refused

if TYPE_CHECKING:
    from ..host import Host

KEPT = timedelta(days=1)
CLAIMED = timedelta(minutes=2)  # longer than any request takes
WAIT_SECONDS = 10.0  # for the answer to an equal request
_POLL = 0.05
_FORGOTTEN_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What a request was answered."""

    status: int
    location: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out a request, until `keep` or `release`."""

    host: Host
    scope: str
    key: str
    token: str

    def keep(self, kept: Kept) -> None:
        """Answer equal requests so from now on."""
        with self.host.database.write() as connection:
            connection.execute(
                update(api_requests)
                .filter_by(scope=self.scope, key=self.key, token=self.token)
                .values(status=kept.status, location=kept.location, body=kept.body)
            )

    def release(self) -> None:
        """It came to nothing: an equal request may try again."""
        with self.host.database.write() as connection:
            connection.execute(
                delete(api_requests).filter_by(scope=self.scope, key=self.key, token=self.token)
            )


def claim(
    host: Host, scope: str, key: str, request: bytes, *, wait: float = WAIT_SECONDS
) -> Claim | Kept:
    """Claim a key for a request, or get what an equal one was answered.

    :raises Refused: 422 where the key was used for another request, 409 where an equal one is
        being carried out still.
    """
    key, fingerprint = _hash(key.encode()), _hash(request)
    deadline = time.monotonic() + wait
    while True:
        token = token_hex(16)
        if _taken(host, scope, key, fingerprint, token, host.clock()):
            return Claim(host, scope, key, token)
        with host.database.read() as connection:
            query = select(
                api_requests.c.fingerprint,
                api_requests.c.status,
                api_requests.c.location,
                api_requests.c.body,
            ).filter_by(scope=scope, key=key)
            row = connection.execute(query).one_or_none()
        if row is not None and row.fingerprint != fingerprint:
            raise Refused(
                422,
                "This Idempotency-Key was used for another request.",
                advice="Give every piece of work a key of its own.",
            )
        if row is not None and row.status is not None:
            return Kept(row.status, row.location, bytes(row.body or b""))
        if time.monotonic() >= deadline:
            raise Refused(
                409,
                "The same request is being carried out.",
                advice="Ask again in a moment, with the same Idempotency-Key.",
                headers={"Retry-After": "2"},
            )
        if row is not None:
            time.sleep(_POLL)


@contextmanager
def alone(host: Host, address: str) -> Iterator[None]:
    """Let nobody else write to one thing meanwhile who also looks at its ETag before.

    :raises Refused: 409, somebody else does it.
    """
    held = claim(host, "write", address, b"", wait=5.0)
    try:
        yield
    finally:
        if isinstance(held, Claim):
            held.release()


def _taken(host: Host, scope: str, key: str, fingerprint: str, token: str, now: datetime) -> bool:
    """Whether the key is ours now: nobody had it, or whoever had it is gone."""
    dialect = sqlite if host.database.is_sqlite else postgresql
    values = {"fingerprint": fingerprint, "token": token, "begun_at": now}
    empty = {"status": None, "location": "", "body": None}
    over = api_requests.c.begun_at < now - KEPT
    died = api_requests.c.status.is_(None) & (api_requests.c.begun_at < now - CLAIMED)
    with host.database.write() as connection:
        old = (
            select(api_requests.c.scope, api_requests.c.key)
            .where(api_requests.c.begun_at < now - KEPT)
            .limit(_FORGOTTEN_AT_ONCE)
        )
        for row in connection.execute(old).all():
            connection.execute(
                delete(api_requests)
                .filter_by(scope=row.scope, key=row.key)
                .where(api_requests.c.begun_at < now - KEPT)
            )
        connection.execute(
            dialect.insert(api_requests)
            .values(scope=scope, key=key, **values, **empty)
            .on_conflict_do_update(
                index_elements=[api_requests.c.scope, api_requests.c.key],
                set_={**values, **empty},
                where=over | died,
            )
        )
        holder = select(api_requests.c.token).filter_by(scope=scope, key=key)
        return connection.scalar(holder) == token


def _hash(value: bytes) -> str:
    return sha256(value).hexdigest()
