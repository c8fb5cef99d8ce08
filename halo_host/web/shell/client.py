"""Who is at the other end of a request."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from flask import request

from ...settings import Network
from ..parts import the_host


def address() -> str:
    """The network address of the browser, as far as it can be trusted.

    A proxy of HALO_HOST_TRUSTED_PROXIES is believed about whom it serves: what it added last to
    `X-Forwarded-For`. Where that is such a proxy too, it is believed in turn. Nobody else is, since
    anybody can write that header.
    """
    trusted = the_host().settings.trusted_proxies
    peer = request.remote_addr or ""
    told = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    found = _read(peer)
    while told and found is not None and _is_among(trusted, found):
        before = _read(told.pop())
        if before is None:
            break
        found = before
    return peer if found is None else str(found)


def browser() -> str:
    return request.headers.get("User-Agent", "")


def _is_among(networks: Iterable[Network], found: IPv4Address | IPv6Address) -> bool:
    return any(found in network for network in networks)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """An address as servers and proxies write it: some add the port, and a server that listens to
    both kinds may give one of IPv4 as one of IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
