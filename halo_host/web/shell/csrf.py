"""Requests that change something must come from a page of ours.

Each form holds a token that other sites cannot read: of the session, or before sign-in of a cookie
that names the visit. The token is masked anew for every page, so that compressing pages tells
nobody what it is. Browsers that say where a request comes from are believed, too.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from flask import g, request
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from . import cookies
from .access import is_elsewhere, signed_in

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BYTES = 32


class BadToken(Forbidden):
    description = (
        "This page was open for too long, or the request did not come from a page of this host. "
        "Nothing was changed: go back, load the page again and repeat what you did."
    )


def token() -> str:
    """For the forms and the header of the page that is being made."""
    if "csrf_token" not in g:
        pad = secrets.token_bytes(_BYTES)
        g.csrf_token = base64.urlsafe_b64encode(pad + _xor(pad, _proof())).decode()
    return str(g.csrf_token)


def field() -> Markup:
    """The hidden field that every form holds."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token())


def check() -> None:
    """Before each request.

    :raises BadToken: it would change something, and does not come from a page of ours.
    """
    if request.method in SAFE_METHODS or request.endpoint is None or is_elsewhere():
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise BadToken
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not _fits(given):
        raise BadToken


def sign(text: bytes) -> str:
    """What only this session, or this visit, can have written."""
    return hmac.new(_proof(), text, "sha256").hexdigest()


def _fits(given: str) -> bool:
    try:
        raw = base64.b64decode(given.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return False
    if len(raw) != 2 * _BYTES:
        return False
    return hmac.compare_digest(_xor(raw[:_BYTES], raw[_BYTES:]), _proof())


def _proof() -> bytes:
    return hmac.new(_secret().encode(), b"halo-host csrf", "sha256").digest()


def _secret() -> str:
    session = signed_in()
    if session is not None:
        return session.csrf_token
    visit = cookies.read(cookies.VISITOR) or g.get("visit", "")
    if not visit:
        g.visit = visit = secrets.token_urlsafe(_BYTES)
        cookies.put(cookies.VISITOR, visit)
    return str(visit)


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
