"""The pictures of tiles, out of the plugins' packages.

A picture is shown by `<img>`, where nothing in an SVG can run; opened by itself, it is under the
same policy as every page, which refuses scripts that stand inside it.
"""

from __future__ import annotations

import logging
from importlib.resources import files

from flask import Blueprint, Response, abort

from ...agents.roles import Role
from ..shell.pages import requires, the_host

views = Blueprint("icons", __name__)
_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
_LARGEST = 64 * 1024  # bytes
_log = logging.getLogger("halo_host.web")


@views.get("/configuration/integrations/<integration>/icon")
@requires(Role.VIEWER)
def icon(integration: str) -> Response:
    named = the_host().plugins.integration(integration).icon
    if named is None:
        abort(404)
    kind = next((mimetype for end, mimetype in _TYPES.items() if named.endswith(end)), None)
    try:
        package, _, path = named.partition(":")
        content = files(package).joinpath(path).read_bytes() if kind and path else b""
    except (ImportError, OSError, ValueError) as error:
        _log.warning("The icon of %s cannot be read: %s", integration, error)
        content = b""
    if not 0 < len(content) <= _LARGEST:
        abort(404)
    response = Response(content, mimetype=kind)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
