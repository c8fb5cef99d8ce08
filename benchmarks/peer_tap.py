"""Singer's tap reads all payments: `peer_tap.py URL`.

Its client chooses GoCardless's address by the token, which is replaced by URL. It gives up at the
first payment without a description, which GoCardless's may be, so that field may be null here;
nothing else is changed. Prints the seconds of the reading alone, after everything was imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from singer import metadata  # type: ignore[import-untyped,unused-ignore]
from tap_gocardless.client import GocardlessClient  # type: ignore[import-not-found,unused-ignore]
from tap_gocardless.discover import discover  # type: ignore[import-not-found,unused-ignore]
from tap_gocardless.sync import sync  # type: ignore[import-not-found,unused-ignore]


def main(url: str) -> None:
    """Read, with the records going nowhere, and tell how long it took."""
    client = GocardlessClient("sandbox_recorded", "benchmark")
    client._GocardlessClient__base_url = url
    catalog = discover()
    stream = catalog.get_stream("payments")
    stream.schema.properties["description"].type = ["string", "null"]
    stream.metadata = metadata.to_list(
        metadata.write(metadata.to_map(stream.metadata), (), "selected", True)
    )
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        started, used = time.perf_counter(), time.process_time()
        sync(client, catalog, {}, "2015-01-01T00:00:00.000000Z")
        wall, cpu = time.perf_counter() - started, time.process_time() - used
    print(json.dumps({"wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main(sys.argv[1])
