"""GoCardless customers in the host's words. Pure translation: no input or output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from halo_host import ExternalUser, MappableField, UnreadableRecord

from .values import text

# What GoCardless calls the host's fields, in the order of ExternalUser.
_FIELDS = (
    "given_name",
    "family_name",
    "company_name",
    "email",
    "phone_number",
    "address_line1",
    "address_line2",
    "address_line3",
    "city",
    "region",
    "postal_code",
    "country_code",
    "language",
)


def to_external_user(record: object) -> ExternalUser | UnreadableRecord:
    """Translate one record of the customer list; whatever it holds, nothing is raised.

    Every payer of every import passes here, so it is kept short: most values are texts or absent.
    """
    if not isinstance(record, dict):
        return UnreadableRecord(reason="The record is no JSON object.")
    get = record.get
    identity = text(get("id"))
    if identity is None:
        return UnreadableRecord(reason="The customer has no id.")
    values = [
        (value.strip() or None) if type(value) is str else None if value is None else text(value)
        for value in map(get, _FIELDS)
    ]
    return ExternalUser._make([identity, *values, _metadata(get("metadata"))])


_TEXTS_ONLY = {str}


def _metadata(value: object) -> dict[str, str]:
    if not value or not isinstance(value, dict):
        return {}
    values = value.values()
    if {*map(type, values)} == _TEXTS_ONLY and "" not in values:  # nearly always
        return value
    return {key: known for key, item in value.items() if (known := text(item)) is not None}


def mappable_fields(users: Iterable[ExternalUser | UnreadableRecord]) -> Iterator[MappableField]:
    """The metadata keys that some payers have, the most used first, each with its first value."""
    payers = 0
    uses: Counter[str] = Counter()
    samples: dict[str, str] = {}
    for user in users:
        if isinstance(user, ExternalUser):
            payers += 1
            uses.update(user.metadata.keys())
            for key, value in user.metadata.items():
                samples.setdefault(key, value)
    for key, number in sorted(uses.items(), key=lambda item: (-item[1], item[0])):
        yield MappableField(
            key=key,
            label=f"{key} (metadata of {number:,} of {payers:,} payers)",
            sample=samples[key],
        )
