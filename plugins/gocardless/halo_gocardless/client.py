"""A thin client of the GoCardless API: what the plugin needs, on one connection.

It knows HTTP, pages, retries and pacing, and nothing of what a customer or a payment is.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import requests
import urllib3

from . import __version__
from .addresses import Address
from .bodies import decode, read_body
from .errors import GoCardlessError, TransientError, from_answer, from_network
from .pacing import Pacer
from .retries import Patience, backoff, http_date, seconds_until_reset

_log = logging.getLogger(__name__)

API_VERSION = "2015-07-06"
PAGE_SIZE = 500  # the largest that GoCardless allows
TIMEOUT = (10, 30)  # seconds to connect, and between two arrivals of data


class Page(NamedTuple):
    """One page of a list. `after` leads to the next page and is None on the last.

    `linked` holds the records that the page's records name, by their plural, where a filter
    `include` asked for them.
    """

    records: list[Any]
    after: str | None
    linked: Mapping[str, list[Any]] = MappingProxyType({})


@dataclass(slots=True)
class Asked:
    """What a client has asked of GoCardless: tries count, and only waits for the rate limit do."""

    requests: int = 0
    waited: float = 0.0  # seconds
    rate_limited: int = 0


class _Bearer(requests.auth.AuthBase):
    """Puts the token on a request. Set as the session's auth, so that no .netrc replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """Speaks to one GoCardless account. Use it in a `with` block and from one thread.

    :param patience: how long one request may be tried.
    :param sleep, clock, jitter: the passing of time and the dice, which tests replace.
    """

    def __init__(
        self,
        address: Address,
        token: str,
        patience: Patience,
        *,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._address = address
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._pacer = Pacer(clock)
        self.asked = Asked()
        self.answered_at: datetime | None = None  # GoCardless's own time at its last answer
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        # Proxies and certificates come from the environment, but no proxy stands before loopback.
        self._session.trust_env = not address.is_loopback
        self._session.headers.update(
            {
                "Accept": "application/json",
                "GoCardless-Version": API_VERSION,
                "User-Agent": f"halo-gocardless/{__version__}",
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def records(self, resource: str, filters: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Every record of a list, newest first, holding one page at a time.

        It ends only after a page that says that it is the last.

        :param resource: the plural name, such as "customers".
        :raises GoCardlessError: at the page that could not be read; earlier records were yielded.
        """
        after: str | None = None
        seen: set[str] = set()
        for number in count(1):
            records, after, _ = self.page(resource, filters, after=after, number=number)
            yield from records
            del records
            if after is None:
                return
            if after in seen:
                raise _malformed(resource, number, "it leads back to an earlier page")
            seen.add(after)

    def page(
        self,
        resource: str,
        filters: Mapping[str, str] | None = None,
        *,
        after: str | None = None,
        limit: int = PAGE_SIZE,
        number: int = 1,
    ) -> Page:
        """One page of a list; `number` is for messages only."""
        params = dict(filters or {}, limit=str(limit))
        if after is not None:
            params["after"] = after
        body = self._request("GET", f"/{resource}", f"list {resource}", params=params)
        return _page(body, resource, number)

    def one(self, resource: str, identity: str) -> Any | None:
        """One record by its id, or None where GoCardless has none, or none any more.

        :param identity: must be fit for a URL (`addresses.is_safe_id`).
        """
        try:
            body = self._request("GET", f"/{resource}/{identity}", f"read one of the {resource}")
        except GoCardlessError as error:
            if error.status in (404, 410):
                return None
            raise
        record = body.get(resource) if isinstance(body, dict) else None
        if record is None:
            raise GoCardlessError(
                f"GoCardless's answer about one of the {resource} is malformed: it holds none.",
                advice="Try again; if it stays, tell GoCardless.",
            )
        return record

    def put(self, path: str, body: Mapping[str, Any], doing: str) -> Any:
        """Change a record; `doing` names the change in messages."""
        return self._request("PUT", path, doing, json=body)

    def _request(self, method: str, path: str, doing: str, **content: Any) -> Any:
        """Send until it succeeds, fails for good, or patience ends. For what may be repeated."""
        started = self._clock()
        attempt = 0
        while True:
            attempt += 1
            self._pause_for_rate_limit(min(self._pacer.delay(), self._patience.seconds))
            try:
                return self._send(method, path, doing, content)
            except TransientError as error:
                wait = max(error.wait, backoff(attempt, self._jitter()))
                waited = self._clock() - started
                if attempt == self._patience.tries or waited + wait > self._patience.seconds:
                    raise GoCardlessError(
                        f"{error.message} Tried {attempt} times." if attempt > 1 else error.message,
                        advice=error.advice,
                        status=error.status,
                        reasons=error.reasons,
                    ) from error
                _log.warning(
                    "%s Trying again in %.0f s (%d of %d).",
                    error.message,
                    wait,
                    attempt,
                    self._patience.tries - 1,
                )
                if error.status == 429:
                    self._pause_for_rate_limit(wait)
                else:
                    self._pause(wait)

    def _pause_for_rate_limit(self, seconds: float) -> None:
        self._pause(seconds)
        self.asked.waited += seconds

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _send(self, method: str, path: str, doing: str, content: Mapping[str, Any]) -> Any:
        self.asked.requests += 1
        try:
            with self._session.request(
                method,
                self._address.api + path,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                **content,
            ) as response:
                raw = read_body(response, self._clock)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise from_network(error, self._address.api) from error
        self._pacer.observe(response.headers)
        self.answered_at = http_date(response.headers.get("Date")) or self.answered_at
        try:
            body = decode(raw)
        except ValueError:
            body = None
        if response.status_code not in (200, 201):
            failure = from_answer(
                response.status_code, body, response.headers, doing, self._address.token_page
            )
            if isinstance(failure, TransientError) and response.status_code == 429:
                self.asked.rate_limited += 1
                failure.wait = seconds_until_reset(response.headers) or 0.0
            raise failure
        if body is None:
            raise TransientError(
                f"The answer of {self._address.api} is no JSON, or was cut off.",
                advice="Look for a proxy or a sign-in page in between, then try again.",
                status=response.status_code,
            )
        return body


def _page(body: Any, resource: str, number: int) -> Page:
    """Check the envelope, for a page of which a part is missing proves nothing about the list."""
    records = body.get(resource) if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise _malformed(resource, number, f"it holds no list of {resource}")
    meta = body.get("meta")
    cursors = meta.get("cursors") if isinstance(meta, dict) else None
    after = cursors.get("after", "") if isinstance(cursors, dict) else ""
    if after is not None and not (isinstance(after, str) and after.isprintable() and after):
        raise _malformed(resource, number, "it does not say whether another page follows")
    linked = body.get("linked")
    if not isinstance(linked, dict):
        return Page(records, after)
    return Page(records, after, {key: it for key, it in linked.items() if isinstance(it, list)})


def _malformed(resource: str, number: int, why: str) -> GoCardlessError:
    return GoCardlessError(
        f"Page {number} of GoCardless's list of {resource} is malformed: {why}.",
        advice="Try again; if it stays, tell GoCardless.",
    )
