"""Keeps the twin's own pages for the machine it runs on.

They ask for no token, so they must not be reachable from elsewhere, nor by another web page in the
operator's browser: the peer, the `Host` header and the `Origin` of a change are all checked.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import abort, request


def require_loopback() -> None:
    """Refuse with 403 what is not from this machine or, where it changes things, not from here."""
    if not is_loopback(request.remote_addr or "") or not is_loopback(_host_name()):
        abort(403, "only reachable from the machine that the twin runs on")
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and origin != request.host_url.rstrip("/"):
        abort(403, "the request comes from another page")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_name() -> str:
    try:
        return urlsplit(request.host_url).hostname or ""
    except ValueError:
        return ""
