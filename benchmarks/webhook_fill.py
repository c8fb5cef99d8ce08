"""A first fill without end, beside which webhooks are delivered: `webhook_fill.py DATA_FOLDER`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measure import script
from sqlalchemy import func, select

from halo_host import (
    Batch,
    Integration,
    Meaning,
    PaymentRecord,
    PaymentState,
    Stream,
    StreamKind,
    StreamPage,
    Usage,
    hookimpl,
)
from halo_host.database.mirror_tables import payments
from halo_host.host import Host
from halo_host.plugins import Plugins
from halo_host.settings import settings_from

NAME = "fountain"
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}


class Fountain:
    """A provider whose list of payments never ends."""

    @hookimpl
    def halo_integrations(self) -> Iterator[Integration]:
        yield Integration(
            slug=NAME, title="Fountain", description="Never ends.", config_schema=_SCHEMA
        )

    @hookimpl
    def halo_streams(self) -> Iterator[Stream]:
        paid = Meaning(PaymentState.PAID_OUT, "It is paid.")
        yield Stream(kind=StreamKind.PAYMENTS, meanings={"paid_out": paid})

    @hookimpl
    def halo_open_reader(self) -> Any:
        @contextmanager
        def opened() -> Iterator[Fountain]:
            yield self

        return opened()

    def list_page(self, kind: StreamKind, *, cursor: str | None, until: Any, of: Any) -> StreamPage:
        start = int(cursor or 0)
        raw: list[dict[str, Any]] = []
        records = []
        newest = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(start, start + 500):
            at = newest - timedelta(seconds=number)
            raw.append(
                {
                    "id": f"PM{number:010}",
                    "created_at": at.isoformat(),
                    "status": "paid_out",
                    "amount": 1250 + number % 5000,
                    "currency": "GBP",
                    "description": f"Invoice {number}",
                    "links": {"mandate": f"MD{number % 9973:06}"},
                }
            )
            records.append(
                PaymentRecord(
                    id=raw[-1]["id"],
                    status="paid_out",
                    amount=raw[-1]["amount"],
                    currency="GBP",
                    external_user_id=f"CU{number % 9973:06}",
                    created_at=at,
                    description=raw[-1]["description"],
                )
            )
        return StreamPage(Batch(kind, records, raw), str(start + 500))

    def usage(self) -> Usage:
        return Usage()


def plugins_with_fountain(plugins: Plugins) -> Plugins:
    """These plugins and the fountain."""
    plugins.add(NAME, Fountain())
    return plugins


def filled(host: Host) -> int:
    """How many payments the mirror holds."""
    with host.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(payments)) or 0


@contextmanager
def filling(folder: Path) -> Iterator[None]:
    """A process that fills the mirror as long as the block runs."""
    process = subprocess.Popen(script("webhook_fill.py", folder))
    try:
        yield
        if process.poll() is not None:
            sys.exit("The fill ended before the deliveries did.")
    finally:
        process.kill()
        process.wait()


def _fill(folder: Path) -> None:
    plugins = plugins_with_fountain(Plugins(strict=True))
    with Host(settings_from(os.environ, data=folder), plugins=plugins) as host:
        host.sync.run(host.jobs.begin("sync", NAME, agent="benchmark"))


if __name__ == "__main__":
    _fill(Path(sys.argv[1]))
