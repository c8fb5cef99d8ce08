"""Short messages after an action: "Saved." They travel with the answer, in no session.

A page shows them at once; a redirect carries them in a cookie that is signed for this session and
ends with the next page; an htmx answer brings them in a header.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

from flask import Response, g, request

from . import cookies, csrf

Tone = Literal["success", "info", "warning", "danger"]
_LIFE = timedelta(minutes=2)
_LONGEST = 400
# What has htmx load a whole page, which then shows the messages.
_LOADS_ANEW = ("HX-Redirect", "HX-Refresh")
_ROOM = 2_400  # a cookie holds 4,096 bytes with all that is around it


@dataclass(frozen=True, slots=True)
class Toast:
    text: str
    tone: Tone


def say(text: str, tone: Tone = "success") -> None:
    """Show a message with this answer, or with the page that it leads to."""
    shortened = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    g.setdefault("toasts", []).append(Toast(shortened, tone))


def take() -> Sequence[Toast]:
    """For the page that is being made: what the last answer left, and what was said since."""
    found = [*_left_by_redirect(), *g.pop("toasts", ())]
    if cookies.read(cookies.TOAST):
        cookies.drop(cookies.TOAST)
    return found


def send(response: Response) -> Response:
    """After each request: what no page has shown goes with the answer."""
    if not g.get("toasts"):
        return response
    listed = _packed(g.toasts)
    loads_anew = any(name in response.headers for name in _LOADS_ANEW)
    leads_on = 300 <= response.status_code < 400 or loads_anew
    if leads_on:
        text = base64.urlsafe_b64encode(listed.encode()).decode()
        cookies.write(response, cookies.TOAST, f"{text}.{csrf.sign(text.encode())}", lasts=_LIFE)
    elif "HX-Request" in request.headers:
        response.headers["HX-Trigger"] = f'{{"halo:toasts": {listed}}}'
    return response


def _packed(toasts: Sequence[Toast]) -> str:
    """The last ones that a cookie or a header has room for, in ASCII."""
    chosen: list[dict[str, str]] = []
    for toast in reversed(toasts):
        if len(json.dumps([asdict(toast), *chosen])) > _ROOM and chosen:
            break
        chosen.insert(0, asdict(toast))
    return json.dumps(chosen)


def _left_by_redirect() -> Sequence[Toast]:
    packed, _, signature = cookies.read(cookies.TOAST).partition(".")
    if not packed or not packed.isascii():
        return []
    if not hmac.compare_digest(csrf.sign(packed.encode()).encode(), signature.encode()):
        return []
    try:
        listed = json.loads(base64.urlsafe_b64decode(packed))
    except (binascii.Error, ValueError):
        return []
    return [Toast(**each) for each in listed]
