"""GoCardless customers in the host's words. Pure translation: no input or output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from halo_host import ExternalUser, MappableField, UnreadableRecord

from .values import text


def to_external_user(record: object) -> ExternalUser | UnreadableRecord:
    """Translate one record of the customer list; whatever it holds, nothing is raised.

    Every payer of every import passes here, so it is kept plain: 100,000 in about a second.
    """
    if not isinstance(record, dict):
        return UnreadableRecord(reason="The record is no JSON object.")
    get = record.get
    identity = text(get("id"))
    if identity is None:
        return UnreadableRecord(reason="The customer has no id.")
    return ExternalUser(
        id=identity,
        given_name=text(get("given_name")),
        family_name=text(get("family_name")),
        company=text(get("company_name")),
        email=text(get("email")),
        phone=text(get("phone_number")),
        address_line1=text(get("address_line1")),
        address_line2=text(get("address_line2")),
        address_line3=text(get("address_line3")),
        city=text(get("city")),
        region=text(get("region")),
        postal_code=text(get("postal_code")),
        country=text(get("country_code")),
        language=text(get("language")),
        metadata=_metadata(get("metadata")),
    )


def _metadata(value: object) -> dict[str, str]:
    if not value or not isinstance(value, dict):
        return {}
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
