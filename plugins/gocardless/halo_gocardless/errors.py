"""What goes wrong between the plugin and GoCardless, in an operator's words.

No text here repeats what the other side sent without tidying it: an answer may quote a token, an
account number or a whole web page.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import requests
import urllib3

from halo_host import ProviderError

_BANK_NUMBER = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{2,4}){3,}\b|[0-9][0-9 -]{4,}[0-9]")
_TOKEN = re.compile(r"\b(?:live|sandbox)_[\w-]+|\bBearer\s+\S+", re.IGNORECASE)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class GoCardlessError(ProviderError):
    """A failure that is shown to the operator.

    `status` is the HTTP status, `reasons` GoCardless's own words for it; both may be unknown.
    """

    def __init__(
        self,
        message: str,
        *,
        advice: str | None = None,
        status: int | None = None,
        reasons: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, advice=advice)
        self.status = status
        self.reasons = reasons


class TransientError(GoCardlessError):
    """A failure that another try may mend. `wait`: for how many seconds GoCardless asks to wait."""

    wait = 0.0


def from_answer(
    status: int, body: Any, headers: Mapping[str, str], doing: str, token_page: str
) -> GoCardlessError:
    """The error for an answer that is no success.

    :param body: the decoded body, or None where it was no JSON (a gateway's web page).
    :param doing: what was tried, such as "list customers".
    """
    envelope = body.get("error") if isinstance(body, dict) else None
    error = envelope if isinstance(envelope, dict) else {"message": envelope}
    reasons = tuple(item["reason"] for item in _items(error) if isinstance(item.get("reason"), str))
    what = f"HTTP {status}{_request_id(error, headers)}"
    kind: type[GoCardlessError] = GoCardlessError
    advice: str | None = None
    if status == 401:
        text = f"GoCardless did not accept the access token ({what})."
        advice = (
            "It is mistyped, revoked, or was made in the other environment. "
            f"Make a new one at {token_page} and store it in the connection."
        )
    elif status == 403:
        text = f"The access token may not {doing} ({what})."
        advice = f"Make a token with more access at {token_page} and store it in the connection."
    elif status == 404:
        text = f"GoCardless could not {doing}: it has no such record ({what})."
    elif status == 410:
        text = f"GoCardless could not {doing}: it no longer keeps this record ({what})."
    elif status == 429:
        kind = TransientError
        text = f"GoCardless's rate limit was exceeded ({what})."
        advice = (
            "Everything that uses this token shares 1,000 requests a minute. "
            "Wait a few minutes, or find out what else uses it, and try again."
        )
    elif status >= 500:
        kind = TransientError
        page = "" if body is not None else " with an error page instead of an answer"
        text = f"GoCardless failed{page} ({what}).{_details(error)}"
        advice = "This is on GoCardless's side. Try again later."
    elif 300 <= status < 400:
        text = f"The API address answered with a redirect, which is not followed ({what})."
        advice = "Look for a proxy, a firewall's sign-in page or a wrong api_url in between."
    else:
        text = f"GoCardless refused to {doing} ({what}).{_details(error)}"
    return kind(text, advice=advice, status=status, reasons=reasons)


def from_network(error: Exception, api: str) -> GoCardlessError:
    """The error for a request that brought no whole answer."""
    causes = list(_causes(error))

    def is_caused_by(*types: type[BaseException]) -> bool:
        return any(isinstance(cause, types) for cause in causes)

    if is_caused_by(ssl.SSLCertVerificationError):
        return GoCardlessError(
            f"The TLS certificate of {api} could not be verified, so nothing was sent.",
            advice="Check the machine's clock and certificates, and any proxy that opens TLS.",
        )
    if is_caused_by(ssl.SSLError, requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        text = f"No TLS connection to {api} could be made."
    elif is_caused_by(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        text = f"The proxy on the way to {api} could not be used."
    elif is_caused_by(urllib3.exceptions.NameResolutionError):
        text = f"The name of {api} could not be resolved (DNS)."
    elif is_caused_by(ConnectionRefusedError):
        text = f"{api} refused the connection."
    elif is_caused_by(TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError):
        text = f"{api} did not answer in time."
    else:
        text = f"The connection to {api} broke before the whole answer arrived."
    return TransientError(text, advice="Check the network and the proxy settings, then try again.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies beneath it: requests and urllib3 wrap causes in several ways."""
    waiting: list[object] = [error]
    seen: list[object] = []
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            yield cause
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
            waiting += cause.args


def _items(error: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = error.get("errors")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _details(error: Mapping[str, Any]) -> str:
    """What GoCardless says about it: its message, and field by field where it names fields."""
    parts = [_tidy(error.get("message"))]
    for item in _items(error):
        if isinstance(item.get("field"), str):
            parts.append(f"{_tidy(item['field'])} {_tidy(item.get('message'))}".strip())
    said = "; ".join(part for part in parts[:10] if part)
    return f" It says: {said}" if said else ""


def _request_id(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    for candidate in (error.get("request_id"), headers.get("X-Request-Id")):
        if isinstance(candidate, str) and _REQUEST_ID.fullmatch(candidate):
            return f", request {candidate}"
    return ""


def _tidy(text: object) -> str:
    """The other side's words on one short line, without tokens and long numbers."""
    if not isinstance(text, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())
    line = _BANK_NUMBER.sub("…", _TOKEN.sub("…", line))
    return line if len(line) <= 200 else f"{line[:200]}…"
