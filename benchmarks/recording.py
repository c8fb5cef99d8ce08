"""Recordings: a GoCardless customer list as complete HTTP answers in one file, made once.

The customers are those of the twin's generated business, with three metadata keys each and with
e-mail addresses made unique, so that every one becomes a user.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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

from halo_host.database.columns import name_key

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MAPPED_KEYS = ("office", "contract")  # the third, account_manager, is mapped to nothing
_FORMAT = 1
_CURSOR = "page"
_HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Date: Mon, 23 Nov 2026 00:00:00 GMT\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: {length}\r\n"
    "Connection: keep-alive\r\n"
    "ratelimit-limit: 1000\r\n"
    "ratelimit-remaining: 999\r\n"
    "ratelimit-reset: Mon, 23 Nov 2026 00:01:00 GMT\r\n"
    "X-Request-Id: recorded-{page:06d}\r\n"
    "\r\n"
)


@dataclass(frozen=True)
class Recording:
    """A file of answers and the offsets at which they begin; the last offset is the file's end."""

    answers: Path
    offsets: array[int]
    limit: int

    def span(self, page: int) -> tuple[int, int] | None:
        """Offset and length of the answer that holds a page, None where there is none."""
        if not 0 <= page < len(self.offsets) - 1:
            return None
        return self.offsets[page], self.offsets[page + 1] - self.offsets[page]


def page_of_cursor(cursor: str) -> int:
    """The page behind a cursor; -1 for one that no recording wrote."""
    digits = cursor.removeprefix(_CURSOR)
    return int(digits) if digits.isdecimal() and cursor.startswith(_CURSOR) else -1


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
        for answer in pool.imap(_answer, tasks, chunksize=16):
            file.write(answer)
            offsets.append(offsets[-1] + len(answer))
    index.write_bytes(orjson.dumps(offsets))


def _answer(task: tuple[int, int, int, int]) -> bytes:
    customers, limit, page, pages = task
    body = orjson.dumps(
        {
            "customers": list(_bodies(customers, limit, page)),
            "meta": {
                "cursors": {
                    "before": f"{_CURSOR}{page - 1:06d}" if page else None,
                    "after": f"{_CURSOR}{page + 1:06d}" if page + 1 < pages else None,
                },
                "limit": limit,
            },
        }
    )
    return _HEAD.format(length=len(body), page=page).encode() + body


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
