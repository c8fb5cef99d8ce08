"""From a request to an answer: verified by the connection's plugin, stored, committed, answered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import orjson

from ..database.columns import clean_text
from ..errors import HostError, NotFound
from ..plugins import Plugins
from ..streams import WebhookRequest, WebhookVerdict
from ..types import Connection
from .accounts import Account, Accounts, Unknown
from .bodies import packed
from .writer import Arrival, Counted, Writer

MAX_BODY = 1024 * 1024  # bytes
COMMIT_SECONDS = 8.0  # providers hang up after ten seconds or so
_LONGEST_KEY = 200
_LONGEST_REASON = 200
_HEADERS_KEPT = 20
_LONGEST_HEADER = 300
_log = logging.getLogger("halo_host.webhooks")

_KEPT = re.compile(
    r"user-agent|content-type|origin|date|.*(signature|webhook|delivery|event|request-id|timestamp)"
    r".*"
)
_SECRET = re.compile(r"auth|cookie|token|secret|password|key")


class Outcome(StrEnum):
    """How a delivery ended, as it is counted."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


class Answer(NamedTuple):
    """An HTTP status, and a sentence for whoever reads the answer."""

    status: int
    message: str = ""

    @property
    def is_good(self) -> bool:
        return self.status < 300


class _Refused(Exception):
    """Answered with an error. `reason` is what is counted."""

    def __init__(self, status: int, reason: str, *, slug: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.slug = slug


class Intake:
    """Called by the web server's threads, all at once."""

    def __init__(
        self,
        accounts: Accounts,
        plugins: Callable[[], Plugins],
        writer: Writer,
        clock: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._plugins = plugins
        self._writer = writer
        self._clock = clock

    def prepare(self) -> None:
        """:raises HostError: the plugins or the connections cannot be read."""
        self._plugins()
        with contextlib.suppress(Unknown):
            self._accounts.find("")

    def receive(
        self, slug: str, headers: Mapping[str, str], read_body: Callable[[int], bytes]
    ) -> Answer:
        """Answer a POST to the address of a connection.

        `headers` have names in lower case; `read_body` reads at most so many bytes of the body. Any
        request is answered, whatever it holds: 204 when the delivery is on disk, 4xx when it cannot
        be taken, 503 when it should be sent again.
        """
        try:
            account = self._open_account(slug)
            body = self._body(slug, headers, read_body)
            verdict = self._verdict(slug, account, WebhookRequest(headers=headers, body=body))
            _check_json(slug, body)
            return self._stored(slug, verdict, headers, body)
        except _Refused as refused:
            outcome = Outcome.REJECTED if refused.status < 500 else Outcome.UNAVAILABLE
            self._count(refused.slug, outcome, refused.reason)
            return Answer(refused.status, refused.reason)

    def refuse(self, slug: str, status: int, reason: str) -> Answer:
        """Count a request that the web server itself refused."""
        try:
            known = self._accounts.find(slug) is not None
        except Unknown:
            known = False
        self._count(slug if known else "", Outcome.REJECTED, reason)
        return Answer(status, reason)

    def _open_account(self, slug: str) -> Connection:
        try:
            account: Account | None = self._accounts.find(slug)
        except Unknown:
            raise _Refused(503, "The host cannot read its database.", slug="") from None
        if account is None:
            raise _Refused(404, "There is no such connection.", slug="")
        if account.connection is None:
            raise _Refused(404 if account.is_disabled else 503, account.reason, slug=slug)
        return account.connection

    def _body(
        self, slug: str, headers: Mapping[str, str], read_body: Callable[[int], bytes]
    ) -> bytes:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise _Refused(415, "The delivery is not JSON.", slug=slug)
        too_large = _Refused(413, f"The delivery is larger than {MAX_BODY} bytes.", slug=slug)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > MAX_BODY:
            raise too_large
        try:
            body = read_body(MAX_BODY + 1)
        except OSError:
            raise _Refused(408, "The delivery did not arrive whole.", slug=slug) from None
        if len(body) > MAX_BODY:
            raise too_large
        if length.isdecimal() and len(body) < int(length):
            raise _Refused(408, "The delivery did not arrive whole.", slug=slug)
        return body

    def _verdict(
        self, slug: str, connection: Connection, request: WebhookRequest
    ) -> WebhookVerdict:
        try:
            verdict = self._plugins().ask("halo_verify_webhook", connection, request=request)
        except NotFound:
            raise _Refused(404, "The connection's plugin is not installed.", slug=slug) from None
        except HostError as error:
            _log.warning("%s", error.message)
            raise _Refused(401, "The connection's plugin cannot verify it.", slug=slug) from None
        if verdict is None:
            raise _Refused(404, "The integration takes no deliveries.", slug=slug)
        if not isinstance(verdict, WebhookVerdict):
            _log.warning("The plugin of %s gave no WebhookVerdict.", slug)
            raise _Refused(401, "The connection's plugin cannot verify it.", slug=slug)
        if not verdict.accepted:
            reason = clean_text(verdict.reason)[:_LONGEST_REASON] or "Its signature is wrong."
            raise _Refused(401, reason, slug=slug)
        return verdict

    def _stored(
        self, slug: str, verdict: WebhookVerdict, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        arrival = Arrival(
            connection=slug,
            key=_key(verdict, body),
            body=packed(body),
            headers=kept_headers(headers),
            is_test=verdict.is_test,
            at=self._clock(),
        )
        done: Future[bool] = self._writer.store(arrival)
        try:
            is_new = done.result(timeout=COMMIT_SECONDS)
        except Exception as error:  # what it is does not matter: it is not on disk
            said = "it took too long" if isinstance(error, TimeoutError) else str(error)
            _log.error("A delivery of %s could not be stored: %s", slug, said)
            raise _Refused(503, "The delivery could not be stored.", slug=slug) from None
        self._count(slug, Outcome.ACCEPTED if is_new else Outcome.DUPLICATE)
        return Answer(204)

    def _count(self, slug: str, outcome: Outcome, reason: str = "") -> None:
        day = self._clock().date().isoformat()
        self._writer.count(Counted(slug, day, outcome.value, reason))


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that tell where a delivery came from; none that could hold a credential."""
    kept = {
        name: clean_text(value)[:_LONGEST_HEADER]
        for name, value in headers.items()
        if _KEPT.fullmatch(name) and not _SECRET.search(name)
    }
    return dict(list(kept.items())[:_HEADERS_KEPT])


def _key(verdict: WebhookVerdict, body: bytes) -> str:
    """What makes a delivery the same as an earlier one."""
    named = verdict.delivery_id
    if named and len(named) <= _LONGEST_KEY and clean_text(named) == named:
        return named
    return f"sha256:{hashlib.sha256((named or '').encode(errors='replace') + body).hexdigest()}"


def _check_json(slug: str, body: bytes) -> None:
    """A second opinion costs little, and half a character (a lone surrogate) is no reason to refuse
    what the provider has signed."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            raise _Refused(400, "The delivery is not valid JSON.", slug=slug) from None
