"""The database that each measured import begins with: a directory and a connection, no users."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from measured_database import AGENT, CONNECTION, PRAGMAS, TOKEN, storage_of
from recording import MAPPED_KEYS, directory_names

from halo_host.connections.matching import Policy
from halo_host.host import Host
from halo_host.imports.apply import BATCH
from halo_host.settings import settings_from

DIRECTORY_CUSTOMERS = 1_500


def prepare(folder: Path, api_url: str) -> None:
    """Make a data folder with customers, two mapped fields and a connection to `api_url`."""
    shutil.rmtree(folder, ignore_errors=True)
    with Host(settings_from({}, data=folder)) as host:
        default = host.directory.add_customer("Payers without a customer", agent=AGENT)
        for name in directory_names(DIRECTORY_CUSTOMERS):
            host.directory.add_customer(name, agent=AGENT)
        site = host.directory.sites(default.id)[0]
        host.connections.enable(
            CONNECTION,
            {"access_token": TOKEN, "environment": "sandbox", "api_url": api_url},
            agent=AGENT,
            slug=CONNECTION,
            matching={"default_site": site.id},
        )
        for key in MAPPED_KEYS:
            field = host.directory.add_custom_field(key.title(), agent=AGENT)
            host.connections.map_field(CONNECTION, key, field.name, Policy.FOLLOW, agent=AGENT)
        with host.database.write() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS
            }
    storage = {"pragmas": pragmas, "rows_a_commit": BATCH}
    storage_of(folder).write_text(json.dumps(storage))
