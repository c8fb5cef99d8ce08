"""The mirror's floor: the same pages fetched, the same rows written, with no host.

What a good programmer would write for this one job: `requests.Session`, orjson, zstandard, and raw
`sqlite3` or psycopg's COPY; a page a transaction, every row written once. Tables, indexes, database
settings and the contents of the rows are the host's. Nothing is looked up in the database: which
payer a mandate has is remembered. Run by the benchmarks as `mirror_floor.py DATA_FOLDER DATABASE
URL NOW SINCE`, where DATABASE is `sqlite` or an address for psycopg, NOW is the host's clock as it
stores it, and SINCE is from when on payouts have items.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import requests
from measured_database import TOKEN
from mirror_floor_rows import COLUMNS, Rows, encoded, write_new_meanings
from mirror_floor_stores import PostgreSQL, SQLite, Store, items_were_read, keep_pass
from zstandard import ZstdCompressor

KNOWN = "known.json"
_PAGE = 500
_TABLES = {
    "customers": "payers",
    "mandates": "mandates",
    "subscriptions": "subscriptions",
    "payments": "payments",
    "refunds": "refunds",
    "payouts": "payouts",
}
_compressor = ZstdCompressor(level=1)


class Account:
    """The API, read page by page."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers.update(
            {"Authorization": f"Bearer {TOKEN}", "GoCardless-Version": "2015-07-06"}
        )

    def pages(
        self, resource: str, **filters: str
    ) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
        """Every page of a list: its records, and where the next one is."""
        params = {**filters, "limit": str(_PAGE)}
        while True:
            response = self._session.get(f"{self._url}/{resource}", params=params, timeout=30)
            response.raise_for_status()
            page = orjson.loads(response.content)
            after = page["meta"]["cursors"]["after"]
            yield page[resource], after
            if after is None:
                return
            params["after"] = after


def fill(
    account: Account, store: Store, rows: Rows, order: list[str], at: str, items_since: str
) -> int:
    """Write every record and event, the kinds in that order; how many there were."""
    payouts: list[tuple[str, int]] = []
    written = 0
    for kind in order:
        table = _TABLES[kind]
        filters = [{"refund_type": "payment"}, {"refund_type": "mandate"}]
        for more in filters if kind == "refunds" else [{}]:
            for records, after in account.pages(kind, **{"created_at[lte]": at}, **more):
                _write_page(store, rows, kind, table, records, after, at)
                written += len(records)
                if kind == "payouts":
                    payouts += [
                        (it["id"], rows.digests[it["id"]])
                        for it in records
                        if it["created_at"] >= items_since
                    ]
    for records, after in account.pages("events", **{"created_at[lte]": at}):
        _write_events(store, rows, records, after, at)
        written += len(records)
    for payout_id, digest in payouts:
        _write_items(account, store, rows, payout_id, digest, at)
    return written


def _write_page(
    store: Store,
    rows: Rows,
    kind: str,
    table: str,
    records: list[dict[str, Any]],
    after: str | None,
    at: str,
) -> None:
    store.begin()
    if records:
        parts = encoded(records)
        page_id = store.raw_page(at, _compressor.compress(b"[" + b",".join(parts) + b"]"))
        store.insert(table, COLUMNS[table], rows.of_records(table, records, parts, page_id))
    keep_pass(store, kind, after, at, len(records))
    store.commit()


def _write_events(
    store: Store, rows: Rows, records: list[dict[str, Any]], after: str | None, at: str
) -> None:
    store.begin()
    if records:
        page_id = store.raw_page(at, _compressor.compress(orjson.dumps(records)))
        found = rows.of_events(records, page_id)
        write_new_meanings(store, rows)
        store.insert("timeline", COLUMNS["timeline"], found)
    keep_pass(store, "events", after, at, len(records))
    store.commit()


def _write_items(
    account: Account, store: Store, rows: Rows, payout_id: str, digest: int, at: str
) -> None:
    """All items of a payout in one transaction, as they belong together."""
    pages = [records for records, _ in account.pages("payout_items", payout=payout_id)]
    store.begin()
    position = 0
    for records in pages:
        if records:
            page_id = store.raw_page(
                at, _compressor.compress(orjson.dumps(records, option=orjson.OPT_SORT_KEYS))
            )
            found = rows.of_items(payout_id, position, records, page_id)
            store.insert("payout_items", COLUMNS["payout_items"], found)
            position += len(found)
    items_were_read(store, payout_id, digest)
    store.commit()


def main(folder: Path, database: str, url: str, now: str, items_since: str) -> None:
    """Fill the database, and print how many records there were."""
    gc.disable()  # nothing here makes cycles
    store: Store = SQLite(folder) if database == "sqlite" else PostgreSQL(database)
    known = orjson.loads((folder / KNOWN).read_bytes())
    rows = Rows(store.connection_id, known["states"])
    print(fill(Account(url), store, rows, known["order"], now, items_since))
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
