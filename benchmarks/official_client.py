"""Listing every customer with the official client, as people would today.

`official_client.py URL LIMIT` prints how many there were and the seconds of the listing alone.
"""

from __future__ import annotations

import json
import sys
import time

import gocardless_pro  # type: ignore[import-untyped,unused-ignore]
from measured_database import TOKEN


def main(url: str, limit: str) -> None:
    """List them all, the way the client's documentation does."""
    client = gocardless_pro.Client(access_token=TOKEN, base_url=url)
    started, used = time.perf_counter(), time.process_time()
    count = sum(1 for _ in client.customers.all(params={"limit": int(limit)}))
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    print(json.dumps({"count": count, "wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
