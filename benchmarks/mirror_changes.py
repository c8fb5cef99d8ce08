"""Pages of events about payments that have changed since they were recorded, with the payments."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import orjson
from mirror_recording import PAGE, MirrorRecording, page_body
from recorded import answer

_AT = "2026-11-23T00:00:30.000Z"
_STATUS = "confirmed"


def changed_payments(recorded: MirrorRecording, wanted: int, file: int) -> array[int]:
    """Write the answers into a file; their offsets.

    So many payments, the newest that were not confirmed yet, now are; each has an event.
    """
    offsets = array("Q", [0])
    changed = [payment | {"status": _STATUS} for payment in islice(_unconfirmed(recorded), wanted)]
    pages = [changed[start : start + PAGE] for start in range(0, len(changed), PAGE)]
    for number, page in enumerate(pages):
        events = [orjson.dumps(_event(number * PAGE + at, it)) for at, it in enumerate(page)]
        linked = b'"linked":' + orjson.dumps({"payments": page}) + b","
        is_last = number == len(pages) - 1
        body = page_body("events", number, events, is_last=is_last, linked=linked)
        offsets.append(offsets[-1] + os.write(file, answer(body, number)))
    return offsets


def _unconfirmed(recorded: MirrorRecording) -> Iterator[dict[str, Any]]:
    payments = recorded.lists["payments"]
    with recorded.answers.open("rb") as file:
        for number in count():
            span = payments.span(number)
            if span is None:
                return
            file.seek(span[0])
            body = file.read(span[1]).partition(b"\r\n\r\n")[2]
            yield from (it for it in orjson.loads(body)["payments"] if it["status"] != _STATUS)


def _event(number: int, payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"EVCHANGED{number:06d}",
        "created_at": _AT,
        "resource_type": "payments",
        "action": _STATUS,
        "metadata": {},
        "details": {
            "origin": "gocardless",
            "cause": "payment_confirmed",
            "description": "Enough time has passed since the payment was submitted.",
        },
        "links": {"payment": payment["id"]},
        "source": {"name": "GoCardless", "type": "gocardless"},
    }
