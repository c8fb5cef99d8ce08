"""What a plugin's template may bring into a page of the host: structure, text and links.

Values are escaped already where the template is rendered. This takes away what the template itself
should not have: scripts, styles, forms, pictures, names that the host's own pages use, and links
that lead elsewhere than to an `https:` page (or to a twin on this machine).
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

import nh3

_TEXT = "a abbr b bdi br code dd del div dl dt em h2 h3 h4 hr i ins li mark ol p pre s section small span strong sub sup time u ul details summary"  # fmt: skip  # noqa: E501
_TABLE = "caption col colgroup table tbody td tfoot th thead tr"
_DRAWING = "circle desc g line path polygon polyline rect svg text title tspan"
_SHAPE = {"class", "d", "points", "transform", "x", "x1", "x2", "y", "y1", "y2", "cx", "cy", "r",
          "rx", "ry", "width", "height", "viewBox", "text-anchor", "dominant-baseline",
          "preserveAspectRatio", "role", "aria-label", "aria-hidden"}  # fmt: skip
_EVERYWHERE = {"class", "title", "lang", "dir", "role", "aria-label", "aria-hidden", "data-state",
               "data-label"}  # fmt: skip
_OF_TAG = {
    "a": {"href"},
    "details": {"open"},
    "ol": {"start", "reversed"},
    "time": {"datetime"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "scope"},
    "tr": {"data-open", "tabindex"},
    **dict.fromkeys(_DRAWING.split(), _SHAPE),
}
_TAGS = {*_TEXT.split(), *_TABLE.split(), *_DRAWING.split()}
_ROLES = {"img", "list", "listitem", "note", "presentation", "none", "status"}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
OWN = "halo-"  # how classes of tabs begin; others belong to the pages of the host


def cleaned(html: str) -> str:
    """The fragment as a page of the host may show it; what is not allowed is left out."""
    return _CLEANER.clean(html)


def is_safe_link(url: str) -> bool:
    """Whether a page may lead there: to the web over TLS, or to a twin on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if any(character.isspace() or ord(character) < 32 for character in url):
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    )


@lru_cache(4_000)  # a table says the same in each row
def _filtered(tag: str, name: str, value: str) -> str | None:
    if name in {"href", "data-open"}:
        return value if is_safe_link(value) else None
    if name == "class":
        return " ".join(each for each in value.split() if each.startswith(OWN)) or None
    if name == "role":
        return value if value in _ROLES else None
    if name == "tabindex":
        return value if value == "0" else None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "iframe", "template", "noscript", "textarea"},
    attributes={"*": _EVERYWHERE, **_OF_TAG},
    attribute_filter=_filtered,
    url_schemes={"https", "http"},
    link_rel="noopener noreferrer",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)
