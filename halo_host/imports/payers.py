"""What a plugin streams, read into payers that the host can store.

One bad record never stops an import: it becomes an `Unreadable` with its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from ..database.columns import MAX_TEXT, clean_text
from ..database.tables import CORE_FIELDS
from ..errors import PluginError
from ..plurals import counted
from ..types import EndOfList, ExternalUser, UnreadableRecord

BATCH = 1_000
_core_values = attrgetter(*CORE_FIELDS)
_GIVEN, _FAMILY, _COMPANY, _EMAIL = (
    CORE_FIELDS.index(name) for name in ("given_name", "family_name", "company", "email")
)


class Payer(NamedTuple):
    """An external user, cleaned: `core` holds a text for each of CORE_FIELDS, "" for none.

    `digest` stands for what the provider sent, "" where that cannot be said.
    """

    id: str
    core: tuple[str, ...]
    metadata: Mapping[str, str]
    digest: str = ""

    @property
    def company(self) -> str:
        return self.core[_COMPANY]

    @property
    def email(self) -> str:
        return self.core[_EMAIL]

    @property
    def name(self) -> str:
        person = f"{self.core[_GIVEN]} {self.core[_FAMILY]}".strip()
        return person or self.company or self.email or self.id


class Unreadable(NamedTuple):
    """A record that cannot be imported, and why."""

    id: str | None
    reason: str


class PayerList:
    """A plugin's stream as batches, and whether the list was proved to be whole.

    `whole` is true when the plugin said that it had read everything and the number it named is the
    number that arrived; `unknown` counts records without a readable id.
    """

    def __init__(self, stream: Iterator[Any]) -> None:
        self._stream = stream
        self.fetched = 0
        self.unknown = 0
        self.whole = False

    def batches(self) -> Iterator[list[ExternalUser | Unreadable]]:
        """:raises PluginError: the plugin yields something else, or goes on after its end."""
        while batch := list(islice(self._stream, BATCH)):
            if self.whole:
                raise PluginError("The plugin went on with the list of payers after its end.")
            users = [item for item in batch if type(item) is ExternalUser]
            self.fetched += len(users)
            others = [item for item in batch if type(item) is not ExternalUser]
            yield [*users, *(read for item in others if (read := self._other(item)))]

    def _other(self, item: Any) -> Unreadable | None:
        if isinstance(item, UnreadableRecord):
            self.fetched += 1
            is_storable = isinstance(item.id, str) and clean_text(item.id) == item.id
            identity = item.id if is_storable else None
            self.unknown += identity is None
            return Unreadable(identity, clean_text(item.reason)[:MAX_TEXT])
        if isinstance(item, EndOfList):
            if item.records != self.fetched:
                raise PluginError(
                    f"The plugin says that the list has {counted(item.records, 'payer')}, "
                    f"but {self.fetched} arrived; nothing was imported."
                )
            self.whole = True
            return None
        raise PluginError(
            f"The plugin's list of payers holds a {type(item).__name__}; "
            "it may hold ExternalUser, UnreadableRecord and EndOfList."
        )


class PayerReader:
    """Reads external users; of the metadata, only the keys that the connection uses.

    `settings` goes into every digest, so that another mapping or policy makes all payers new.
    """

    def __init__(self, metadata_keys: Collection[str], settings: str) -> None:
        self._keys = sorted(metadata_keys)
        self._person = blake2b(settings.encode(), digest_size=16).digest()

    def digest(self, user: ExternalUser) -> str:
        """A short name of all that the provider sent of the payer."""
        try:
            sent = orjson.dumps(tuple(user))
        except TypeError:
            return ""
        return blake2b(sent, digest_size=8, person=self._person).hexdigest()

    def read(self, user: ExternalUser, digest: str) -> Payer | Unreadable:
        """The payer, cleaned; one bad value makes it unreadable."""
        try:
            identity = clean_text(user.id)
            core = tuple(
                [
                    ""
                    if not value
                    else value.strip()
                    if value.isascii() and "\0" not in value  # nearly always
                    else clean_text(value)
                    for value in _core_values(user)
                ]
            )
            given = user.metadata
            metadata = {key: clean_text(given[key]) for key in self._keys if given.get(key)}
        except (AttributeError, TypeError):
            known = user.id if isinstance(user.id, str) and user.id else None
            return Unreadable(known, "A value is not text.")
        if not identity:
            return Unreadable(None, "The payer has no id.")
        if identity != user.id or len(identity) > MAX_TEXT:
            return Unreadable(None, "The payer's id cannot be stored.")
        if len("".join(core)) + len("".join(metadata.values())) > MAX_TEXT:
            for name, value in [*zip(CORE_FIELDS, core), *metadata.items()]:
                if len(value) > MAX_TEXT:
                    return Unreadable(
                        identity,
                        f"{name} has {len(value):,} characters; at most {MAX_TEXT:,} are stored.",
                    )
        return Payer(identity, core, metadata, digest)
