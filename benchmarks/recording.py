"""Recordings: a GoCardless customer list as complete HTTP answers in one file, made once.

The customers are those of the twin's generated business, with three metadata keys each and with
e-mail addresses made unique, so that every one becomes a user.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson
from halo_gocardless.twin import TwinConfig
from halo_gocardless.twin.business import Business
from halo_gocardless.twin.business.names import (
    ACCOUNT_MANAGERS,
    COMPANY_FIRST_WORDS,
    COMPANY_FORMS,
    COMPANY_TRADES,
    CONTRACTS,
)
from halo_gocardless.twin.lanes import Lane
from recorded import NOW, Recording, answer, cursor_of_page

from halo_host.database.columns import name_key

MAPPED_KEYS = ("office", "contract")  # the third, account_manager, is mapped to nothing
_FORMAT = 1


def directory_names(count: int) -> list[str]:
    """Names for the directory's customers, no two equal as the host compares names.

    With 1,500 of them, 22 of 100 payers name a company that is there.
    """
    names: dict[str, str] = {}
    for form in COMPANY_FORMS:
        for number, first in enumerate(COMPANY_FIRST_WORDS):
            for trade in COMPANY_TRADES[number % 2 :: 2]:
                name = f"{first} {trade} {form}"
                names.setdefault(name_key(name), name)
    return list(names.values())[:count]


def recording(folder: Path, customers: int, limit: int) -> Recording:
    """The recording of the newest `customers` of a business of that size, made when missing."""
    stem = folder / f"customers-{customers}-by-{limit}-v{_FORMAT}"
    answers, index = stem.with_suffix(".http"), stem.with_suffix(".json")
    if not index.exists():
        _record(answers, index, customers, limit)
    return Recording(answers, array("Q", json.loads(index.read_bytes())), limit)


def _record(answers: Path, index: Path, customers: int, limit: int) -> None:
    pages = -(-customers // limit)
    tasks = ((customers, limit, page, pages) for page in range(pages))
    offsets = [0]
    with answers.open("wb") as file, get_context("spawn").Pool(os.cpu_count()) as pool:
        for page in pool.imap(_customers, tasks, chunksize=16):
            offsets.append(offsets[-1] + file.write(page))
    index.write_bytes(orjson.dumps(offsets))


def _customers(task: tuple[int, int, int, int]) -> bytes:
    customers, limit, page, pages = task
    body = orjson.dumps(
        {
            "customers": list(_bodies(customers, limit, page)),
            "meta": {
                "cursors": {
                    "before": cursor_of_page(page - 1) if page else None,
                    "after": cursor_of_page(page + 1) if page + 1 < pages else None,
                },
                "limit": limit,
            },
        }
    )
    return answer(body, page)


def _bodies(customers: int, limit: int, page: int) -> Iterator[dict[str, Any]]:
    lane = _lane(customers)
    newest = customers - 1 - page * limit
    for slot in range(newest, max(newest - limit, -1), -1):
        body = lane.body(slot)
        assert body is not None
        if body["email"]:
            mailbox, domain = body["email"].split("@")
            body["email"] = f"{mailbox}.{slot}@{domain}"
        metadata = body["metadata"]
        metadata.setdefault("office", body["city"])
        metadata.setdefault("contract", CONTRACTS[slot % len(CONTRACTS)])
        metadata.setdefault("account_manager", ACCOUNT_MANAGERS[slot % len(ACCOUNT_MANAGERS)])
        yield body


@cache
def _lane(customers: int) -> Lane:
    return Business(TwinConfig(customers=customers, now=NOW)).lanes("customers")[0]
