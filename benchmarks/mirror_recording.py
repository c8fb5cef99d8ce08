"""A recording of everything that a first fill reads, and which of its answers a request gets."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from recorded import Recording, cursor_of_page

PAGE = 500
LISTS = ("customers", "mandates", "subscriptions", "payments", "refunds", "payouts", "events")
PAYMENTS_A_CUSTOMER = 7.5  # of the twin's business, nearly
_FORMAT = 1
_REFUNDS_OF_MANDATES = re.compile(rb"[?&]refund_type=mandate")
_RESOURCES = {"refunds_of_mandates": "refunds", "changes": "events", "changed_payments": "events"}
_PAYOUT = re.compile(rb"[?&]payout=([A-Z0-9]+)")


@dataclass
class MirrorRecording:
    """One file of answers, and by list where its pages are.

    The lists are `LISTS`, `payout_items:ID` for each payout that still has items, and one for each
    kind of question that is answered with an empty page. `counts` says how many records there are.
    """

    answers: Path
    lists: dict[str, Recording] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def customers_for(payments: int) -> int:
    """How many customers make about so many payments."""
    return max(1, round(payments / PAYMENTS_A_CUSTOMER))


def mirror_recording(folder: Path, customers: int) -> MirrorRecording:
    """The recording of a business of that many customers, made when missing."""
    stem = folder / f"mirror-{customers}-v{_FORMAT}"
    answers, index = stem.with_suffix(".http"), stem.with_suffix(".json")
    if not index.exists():
        from mirror_recorder import record  # loads the twin

        record(answers, index, customers)
    found = orjson.loads(index.read_bytes())
    lists = {
        name: Recording(answers, array("Q", offsets), PAGE)
        for name, offsets in found["lists"].items()
    }
    return MirrorRecording(answers, lists, found["counts"])


def list_of(line: bytes) -> str:
    """The list that the first line of a request asks for."""
    resource = line[5:].partition(b" ")[0].partition(b"?")[0].decode()
    if (resource == "events" and b"include=" in line) or b"action=" in line:
        return "changes"
    if resource == "refunds" and _REFUNDS_OF_MANDATES.search(line):
        return "refunds_of_mandates"
    if resource == "payout_items" and (payout := _PAYOUT.search(line)):
        return f"payout_items:{payout[1].decode()}"
    return resource


def resource_of(name: str) -> str:
    """What the API calls the records of a list."""
    return _RESOURCES.get(name) or name.partition(":")[0]


def page_body(
    resource: str, number: int, records: list[bytes], *, is_last: bool, linked: bytes = b""
) -> bytes:
    """A page as the API sends it, of encoded records."""
    cursors = {
        "before": cursor_of_page(number - 1) if number else None,
        "after": None if is_last else cursor_of_page(number + 1),
    }
    meta = orjson.dumps({"cursors": cursors, "limit": PAGE})
    head = b'{"' + resource.encode() + b'":['
    return head + b",".join(records) + b"]," + linked + b'"meta":' + meta + b"}"
