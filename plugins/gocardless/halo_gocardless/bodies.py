"""Reading an answer's body: no longer than it should take, no larger than it should be, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import requests

from .errors import GoCardlessError

CHUNK = 65_536
LARGEST_BODY = 32 * 1024 * 1024  # 500 customers with full metadata in escapes stay below 12 MiB
LONGEST_BODY = 60.0  # seconds


def read_body(response: requests.Response, clock: Callable[[], float]) -> bytes:
    """The whole body, unpacked.

    `read1` returns what has arrived, so that the deadline holds against a server that sends a byte
    now and then and never lets the read timeout pass.

    :raises TimeoutError: when it takes longer than `LONGEST_BODY`.
    :raises GoCardlessError: when it is larger than `LARGEST_BODY`.
    """
    deadline = clock() + LONGEST_BODY
    chunks: list[bytes] = []
    size = 0
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        size += len(chunk)
        if size > LARGEST_BODY:
            raise GoCardlessError(
                f"The answer is larger than {LARGEST_BODY >> 20} MiB and was not read on.",
                advice="This is no answer of GoCardless. Look at proxies and the api_url setting.",
            )
        if clock() > deadline:
            raise TimeoutError
        chunks.append(chunk)
    return b"".join(chunks)


def decode(body: bytes) -> Any:
    """The body as JSON.

    orjson is fast and strict: it refuses a lone surrogate and a byte that is no UTF-8. One such
    name among a million must not stop an import, so the standard library has a second look.

    :raises ValueError: when it is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body.decode("utf-8", "replace"))
        except RecursionError:
            raise ValueError("nested too deeply") from None
