"""Who is at the other end of a request."""

from __future__ import annotations

from ipaddress import ip_address

from flask import request


def address() -> str:
    """The network address of the browser, as far as it can be trusted.

    A proxy on this machine is believed about whom it serves: what it added last. Others are not,
    since anybody can write that header.
    """
    peer = request.remote_addr or ""
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if told and _is_address(told) and _is_address(peer) and ip_address(peer).is_loopback:
        return told
    return peer


def browser() -> str:
    return request.headers.get("User-Agent", "")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
