"""The secrets of connections in the database: written, read for a plugin, encrypted anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..database.database import Database
from ..database.tables import connection_secrets
from ..errors import HostError
from ..types import Secret
from .keyring import Keyring

# Read for each page, so these are made once.
_OF_ONE = select(connection_secrets.c.name, connection_secrets.c.ciphertext).where(
    connection_secrets.c.connection_id == bindparam("connection")
)
_NAMES = select(connection_secrets.c.connection_id, connection_secrets.c.name)


def store(
    connection: Connection, keyring: Keyring, connection_id: int, secrets: Mapping[str, str | None]
) -> None:
    """Replace the named secrets, or take them out where the value is None; others stay.

    :raises HostError: there are secrets but no key, so a new key would lock the others out.
    """
    if not secrets:
        return
    if not keyring.exists() and connection.scalar(select(connection_secrets.c.name).limit(1)):
        raise HostError(
            f"The key file {keyring.file} is missing, and other secrets were stored with it.",
            advice="Bring it back from a back-up, or run `halo-host secrets reset` and give every "
            "secret again.",
        )
    for name, value in secrets.items():
        row = {"connection_id": connection_id, "name": name}
        connection.execute(delete(connection_secrets).filter_by(**row))
        if value is not None:
            ciphertext = keyring.encrypt(value, _owner(connection_id, name))
            connection.execute(insert(connection_secrets).values(**row, ciphertext=ciphertext))


def load(
    connection: Connection, keyring: Keyring, connection_id: int, *, but: Collection[str] = ()
) -> dict[str, Secret]:
    """The secrets of a connection, but for those that are to be replaced unread."""
    rows = connection.execute(_OF_ONE, {"connection": connection_id})
    return {
        name: Secret(keyring.decrypt(ciphertext, _owner(connection_id, name)))
        for name, ciphertext in rows
        if name not in but
    }


def names(connection: Connection, connection_id: int) -> tuple[str, ...]:
    return tuple(sorted(connection.scalars(_OF_ONE, {"connection": connection_id})))


def all_names(connection: Connection) -> dict[int, tuple[str, ...]]:
    """Those of every connection that has secrets, by its number."""
    found: dict[int, list[str]] = {}
    for connection_id, name in connection.execute(_NAMES):
        found.setdefault(connection_id, []).append(name)
    return {connection_id: tuple(sorted(names)) for connection_id, names in found.items()}


def rotate(database: Database, keyring: Keyring) -> int:
    """Encrypt every secret with a new key; how many.

    Killed at any point, all secrets stay readable: the new key is added before the first row
    changes, and the old ones go only after the last has changed.
    """
    with database.read() as connection:
        if connection.scalar(select(connection_secrets.c.name).limit(1)) is None:
            return 0
    keyring.add_new_key()
    with database.write() as connection:
        rows = connection.execute(select(connection_secrets)).all()
        for row in rows:
            owner = _owner(row.connection_id, row.name)
            again = keyring.encrypt(keyring.decrypt(row.ciphertext, owner), owner)
            connection.execute(
                update(connection_secrets)
                .filter_by(connection_id=row.connection_id, name=row.name)
                .values(ciphertext=again)
            )
    keyring.drop_old_keys()
    return len(rows)


def reset(database: Database, keyring: Keyring) -> int:
    """Forget every secret and its key, for when the key is lost; how many were forgotten."""
    with database.write() as connection:
        count = connection.execute(delete(connection_secrets)).rowcount
    keyring.forget()
    return count


def _owner(connection_id: int, name: str) -> str:
    return f"connection {connection_id}, setting {name}"
