"""The databases that each measured fill begins with: one connection, nothing mirrored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from halo_gocardless import meanings
from measured_database import AGENT, CONNECTION, PRAGMAS, TOKEN, storage_of
from mirror_floor import KNOWN

from halo_host.host import Host
from halo_host.settings import settings_from
from halo_host.sync.run import ORDER
from halo_host.sync.shapes import SHAPES


def prepare(folder: Path, database: str, api_url: str) -> None:
    """Make a data folder and a database whose connection leads to `api_url`.

    Beside them is written what the floor has to know: the settings of the host's own SQLite
    connections, which neutral state each status of the provider has, and in which order the host
    fills its tables.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with Host(settings_from({}, data=folder, database=database)) as host:
        host.connections.enable(
            CONNECTION,
            {"access_token": TOKEN, "environment": "sandbox", "api_url": api_url},
            agent=AGENT,
            slug=CONNECTION,
        )
        if host.database.is_sqlite:
            with host.database.write() as connection:
                pragmas = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS
                }
            storage_of(folder).write_text(json.dumps({"pragmas": pragmas}))
    states = {
        name: {status: meaning.state.value for status, meaning in known.items()}
        for name, known in (
            ("mandates", meanings.MANDATES),
            ("subscriptions", meanings.SUBSCRIPTIONS),
            ("payments", meanings.PAYMENTS),
            ("refunds", meanings.REFUNDS),
            ("payouts", meanings.PAYOUTS),
        )
    }
    known = {"states": states, "order": [kind.value for kind in ORDER if kind in SHAPES]}
    (folder / KNOWN).write_text(json.dumps(known))
