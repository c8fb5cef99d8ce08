"""Cookies, as safe as the host's address lets them be.

Where HALO_HOST_PUBLIC_URL begins with https they are `Secure` and named `__Host-…`, which ties
them to this very host and path: no neighbour domain can plant one.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Response, after_this_request, request

from ..parts import the_host

SESSION = "halo-session"
VISITOR = "halo-visitor"
TOAST = "halo-toast"
THEME = "halo-theme"
NAVIGATION = "halo-navigation"
A_YEAR = timedelta(days=365)


def is_secure() -> bool:
    return the_host().settings.public_url.startswith("https://")


def read(name: str) -> str:
    """The cookie's value, or an empty text."""
    return request.cookies.get(_full(name), "")


def put(name: str, value: str, *, lasts: timedelta | None = None) -> None:
    """Set it with the answer to this request; without `lasts`, until the browser is closed."""

    def add(response: Response) -> Response:
        write(response, name, value, lasts=lasts)
        return response

    after_this_request(add)


def write(response: Response, name: str, value: str, *, lasts: timedelta | None = None) -> None:
    """Set it with this answer."""
    response.set_cookie(
        _full(name),
        value,
        max_age=lasts,
        secure=is_secure(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop(name: str) -> None:
    """Have the browser forget it with the answer to this request."""

    def take(response: Response) -> Response:
        response.delete_cookie(
            _full(name), secure=is_secure(), httponly=True, samesite="Lax", path="/"
        )
        return response

    after_this_request(take)


def _full(name: str) -> str:
    return f"__Host-{name}" if is_secure() else name
