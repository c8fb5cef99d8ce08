"""Icons of Tabler Icons, drawn inside the page: they need no request and take the text's colour."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from markupsafe import Markup

from .assets import FOLDER

OUTLINE = FOLDER / "vendor" / "tabler-icons-3.51.0" / "outline"
_PATHS = re.compile(r'<(?:path|circle|line|rect|polyline) (?!stroke="none")[^>]*/>')


@lru_cache(500)
def icon(name: str, label: str = "") -> Markup:
    """An icon by its name at tabler.io/icons. With a `label` it is read out, else it is decoration.

    :raises FileNotFoundError: it is not among those in `static/vendor`; copy it there.
    """
    if label:
        return Markup(
            '<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>'
        ).format(label, _drawing(name))
    return Markup('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>').format(
        _drawing(name)
    )


@cache
def _drawing(name: str) -> Markup:
    source = (OUTLINE / f"{name}.svg").read_text(encoding="utf-8")
    return Markup("".join(_PATHS.findall(source)))  # noqa: S704 - a file of ours
