"""What a view uses: who asks, the host, and the page that answers.

@views.get("/customers")
@requires(Role.VIEWER)
def customers() -> Response:
    found = the_host().directory.customers(limit=50)
    return page("customers/list.html", title="Customers", area="customers", customers=found)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request

from ..parts import the_host
from .access import public, requires, signed_in, the_agent
from .next_page import led_to, safe_page
from .toasts import say, take

__all__ = [
    "back_to",
    "page",
    "public",
    "requires",
    "say",
    "signed_in",
    "the_agent",
    "the_host",
    "wants_fragment",
]
Crumb = tuple[str, str]


def page(
    template: str,
    *,
    title: str,
    area: str,
    crumbs: Sequence[Crumb] = (),
    fragment: str | None = None,
    status: int = 200,
    **values: Any,
) -> Response:
    """Render a template that extends `shell/layout.html`.

    `area` is the slug of a place in the navigation; `crumbs` are (text, address) of the pages
    above this one. For a request of htmx only the block named `fragment` is rendered, where one is
    named.
    """
    found = current_app.jinja_env.get_template(template)
    values |= {"title": title, "area": area, "crumbs": crumbs}
    if fragment is not None and wants_fragment():
        context = found.new_context(values)
        text = "".join(found.blocks[fragment](context))
    else:
        text = found.render(values | {"toasts": take(), "agent": signed_in()})
    response = Response(text, status=status, mimetype="text/html")
    response.vary.add("HX-Request")
    return response


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page, and not for a whole one in its own way."""
    headers = request.headers
    whole = "HX-Boosted" in headers or "HX-History-Restore-Request" in headers
    return "HX-Request" in headers and not whole


def back_to(address: str) -> Response:
    """The answer to a form that was carried out: go to a page of this host."""
    address = safe_page(address)
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": address})
    return led_to(address)
