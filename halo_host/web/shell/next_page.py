"""Where to go after signing in: a page of this host, never another site's."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, request

LONGEST = 1_500


def safe_page(address: str) -> str:
    """The address if it is a path of this host as we write them ourselves, else the start page.

    Browsers read `//host`, `/\\host` and addresses with control characters as other sites.
    """
    printable = address.isascii() and address.isprintable() and " " not in address
    if not printable or "\\" in address or len(address) > LONGEST:
        return "/"
    if not address.startswith("/") or address.startswith("//"):
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc else address


def wanted_page() -> str | None:
    """The page that was asked for, to come back to; None for what is no page."""
    if "HX-Request" in request.headers:
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        address = f"{shown.path}?{shown.query}" if shown.query else shown.path
    elif request.method == "GET":
        address = request.full_path.rstrip("?")
    else:
        return None
    found = safe_page(address)
    return None if found == "/" else found


def led_to(address: str) -> Response:
    """Go to a page of this host, with GET, whatever was asked for."""
    return Response(status=303, headers={"Location": address})
