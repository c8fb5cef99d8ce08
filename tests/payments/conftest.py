"""A service desk with the plugin Mirrored Pay, whose mirror the tests fill by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.acme import AGENT
from support.clock import Clock
from support.mirror import Mirror

from halo_host.host import Host
from halo_host.settings import Settings

INSTALLED = Path(__file__).parent / "installed"


@pytest.fixture
def mirrored_pay(acme_pay: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin is installed, beside Acme Pay."""
    monkeypatch.syspath_prepend(INSTALLED)


@pytest.fixture
def host(database_url: str, tmp_path: Path, clock: Clock, mirrored_pay: None) -> Iterator[Host]:
    settings = Settings(data=tmp_path / "data", database_url=database_url, strict=True)
    with Host(settings, clock=clock) as host:
        yield host


@pytest.fixture
def mirror(host: Host) -> Mirror:
    """The mirror of the connection `bank`, which holds nothing yet."""
    host.connections.enable("mirrored-pay", {}, slug="bank", agent=AGENT)
    return Mirror(host, "bank")
