"""The provider's own fields with samples, remembered for a short while.

Reading them asks the provider, and a picker asks again at every letter that is typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from flask import current_app

from ...errors import HostError
from ...host import Host
from ...types import MappableField
from ..shell.commands import told

_LASTS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Read:
    at: datetime
    settings: object
    fields: Sequence[MappableField]


class ProviderFields:
    """Those of each connection, in this process."""

    def __init__(self) -> None:
        self._read: dict[str, _Read] = {}
        self._lock = Lock()

    def of(self, host: Host, slug: str) -> Sequence[MappableField]:
        """By label.

        :raises HostError: the provider cannot be asked; nothing is remembered of that.
        """
        now = host.clock()
        settings = host.connections.get(slug).settings
        with self._lock:
            known = self._read.get(slug)
        if known and known.settings == settings and now - known.at < _LASTS:
            return known.fields
        fields = sorted(host.connections.mappable_fields(slug), key=lambda it: it.label.casefold())
        with self._lock:
            self._read[slug] = _Read(now, settings, fields)
        return fields


def provider_fields(host: Host, slug: str) -> Sequence[MappableField]:
    """As `ProviderFields.of`."""
    memory: ProviderFields = current_app.extensions.setdefault(
        "halo_host_provider_fields", ProviderFields()
    )
    return memory.of(host, slug)


def fields_or_failure(host: Host, slug: str) -> tuple[Sequence[MappableField], str]:
    """What the provider has, or no field and a sentence that says why."""
    try:
        return provider_fields(host, slug), ""
    except HostError as error:
        return (), told(error)
