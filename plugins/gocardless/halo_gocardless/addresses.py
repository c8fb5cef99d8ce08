"""Which addresses the plugin talks to, and the dashboard pages that belong to them.

Configuration alone reaches GoCardless's two API hosts and nothing else, so that nobody who can edit
a connection can send its token elsewhere. Another address needs the operator of the machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import GoCardlessError

ALLOW_VARIABLE = "HALO_GOCARDLESS_ALLOW_API_URL"

_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Address:
    """An API and the dashboard that shows the same account. Both are without a trailing slash."""

    api: str
    dashboard: str
    is_gocardless: bool = True
    is_loopback: bool = False

    def payment_page(self, payment_id: str) -> str:
        """The page of one payment; the list of all payments for an id unfit for a URL."""
        if is_safe_id(payment_id):
            return f"{self.dashboard}/payments/{payment_id}"
        return f"{self.dashboard}/payments"

    @property
    def token_page(self) -> str:
        """Where an operator makes a new access token."""
        return f"{self.dashboard}/developers/access-tokens/create"


OFFICIAL = {
    "live": Address("https://api.gocardless.com", "https://manage.gocardless.com"),
    "sandbox": Address(
        "https://api-sandbox.gocardless.com", "https://manage-sandbox.gocardless.com"
    ),
}


def is_safe_id(identity: str) -> bool:
    """Whether it can stand in the path of a URL, as every id of GoCardless can."""
    return _SAFE_ID.fullmatch(identity) is not None


def resolve(environment: str, api_url: str | None, environ: Mapping[str, str]) -> Address:
    """The address that a connection's settings mean.

    :param environ: the process environment, which may allow an address that is not GoCardless's.
    :raises GoCardlessError: before anything is sent, when the address is malformed or not allowed.
    """
    official = OFFICIAL[environment]
    if not api_url:
        return official
    origin = _origin(api_url)
    if origin is None:
        raise GoCardlessError(
            "The connection's API address is not of the form https://host or https://host:port.",
            advice="Correct the setting api_url, or leave it out to use GoCardless itself.",
        )
    if origin == official.api:
        return official
    if any(origin == other.api for other in OFFICIAL.values()):
        raise GoCardlessError(
            f"The connection's environment is {environment}, but its API address {origin} belongs "
            "to the other environment.",
            advice="Leave the setting api_url out, and set environment alone.",
        )
    is_loopback = _is_loopback(origin)
    if not _is_allowed(origin, is_loopback, environ.get(ALLOW_VARIABLE, "")):
        raise GoCardlessError(
            f"The connection's API address {origin} is not GoCardless's, and this machine does not "
            "allow it.",
            advice=f"Leave the setting api_url out; or, to use a twin, start the host with "
            f"{ALLOW_VARIABLE}={origin} in its environment.",
        )
    return Address(origin, f"{origin}/dashboard", is_gocardless=False, is_loopback=is_loopback)


def _origin(url: str) -> str | None:
    """The URL as scheme, host and port in one spelling, or None if it holds anything else."""
    match = _ORIGIN.fullmatch(url.strip().lower()) if url.isascii() else None
    if match is None:
        return None
    scheme, host, port = match["scheme"], match["host"], match["port"]
    if port is None or port == _DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}" if 0 < int(port) < 65536 else None


def _is_loopback(origin: str) -> bool:
    match = _ORIGIN.fullmatch(origin)
    return match is not None and match["host"] in _LOOPBACK_HOSTS


def _is_allowed(origin: str, is_loopback: bool, allowed: str) -> bool:
    entries = [entry.strip() for entry in allowed.split(",")]
    if "loopback" in entries and is_loopback and origin.startswith("http://"):
        return True
    return origin in map(_origin, entries)
