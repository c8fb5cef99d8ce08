"""Reading an account's customers, for the import and for the field mappings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from halo_host import EndOfList, ExternalUser, MappableField, UnreadableRecord

from .account import Account
from .customers import mappable_fields, to_external_user
from .retries import FOR_A_PERSON_WAITING, FOR_IMPORT

PAYERS_LOOKED_AT = 5_000


def import_users(account: Account) -> Iterator[ExternalUser | UnreadableRecord | EndOfList]:
    """Every customer of the account, newest first, and at last the word that this was all."""
    count = 0
    with account.client(FOR_IMPORT) as client:
        for record in client.records("customers"):
            count += 1
            yield to_external_user(record)
    yield EndOfList(records=count)


def find_mappable_fields(account: Account) -> list[MappableField]:
    """The metadata keys of the newest customers."""
    with account.client(FOR_A_PERSON_WAITING) as client:
        records = islice(client.records("customers"), PAYERS_LOOKED_AT)
        return list(mappable_fields(map(to_external_user, records)))
