"""Airbyte's connector reads all payments: `peer_airbyte.py URL`, run by Python 3.10.

Its manifest names GoCardless's address, which is replaced by URL; nothing else is changed. Prints
the seconds of the reading alone, after everything was imported and the manifest was loaded.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import source_gocardless  # type: ignore[import-not-found,unused-ignore]
import yaml  # type: ignore[import-untyped,unused-ignore]
from airbyte_cdk.entrypoint import launch  # type: ignore[import-not-found,unused-ignore]
from airbyte_cdk.sources.declarative.manifest_declarative_source import (  # type: ignore[import-not-found,unused-ignore]
    ManifestDeclarativeSource,
)

CONFIG = {
    "access_token": "sandbox_recorded",
    "gocardless_environment": "sandbox",
    "gocardless_version": "2015-07-06",
    "start_date": "2015-01-01T00:00:00Z",
}
STREAM = {
    "name": "payments",
    "json_schema": {},
    "supported_sync_modes": ["full_refresh"],
}
CATALOG = {
    "streams": [
        {"stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    ]
}


def main(url: str) -> None:
    """Read, with the records going nowhere, and tell how long it took."""
    manifest = yaml.safe_load(
        Path(source_gocardless.__file__).with_name("manifest.yaml").read_text("utf-8")
    )
    manifest["definitions"]["base_requester"]["url_base"] = url
    source = ManifestDeclarativeSource(source_config=manifest)
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("w") as nowhere:
        config, catalog = Path(name, "config.json"), Path(name, "catalog.json")
        config.write_text(json.dumps(CONFIG))
        catalog.write_text(json.dumps(CATALOG))
        arguments = ["read", "--config", str(config), "--catalog", str(catalog)]
        started, used = time.perf_counter(), time.process_time()
        with redirect_stdout(nowhere):
            launch(source, arguments)
        wall, cpu = time.perf_counter() - started, time.process_time() - used
    print(json.dumps({"wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main(sys.argv[1])
