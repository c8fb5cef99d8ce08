"""Scripts, styles and pictures, held in memory and served under an address of their content.

`/static/<digest>/<name>`: an address never changes its content, so browsers keep it for a year. A
name is looked up in a table of what is there; nothing that a request says becomes a file's path.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request

from .access import public

FOLDER = Path(__file__).parent / "static"
# What each bundle is made of, so that our own files stay small and the browser asks once.
BUNDLES = {"app.css": ("styles", "*.css"), "app.js": ("scripts", "*.js")}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
views = Blueprint("static", __name__)


class Asset:
    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.digest = hashlib.sha256(content).hexdigest()[:16]
        self.url = f"/static/{self.digest}/{name}"
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.mimetype = _TYPES.get(Path(name).suffix, guessed)

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)


class Assets:
    def __init__(self) -> None:
        self._named = {name: Asset(name, content) for name, content in _contents()}

    def url(self, name: str) -> str:
        """The address of an asset for a page.

        :raises KeyError: there is none of that name.
        """
        return self._named[name].url

    def find(self, name: str, digest: str) -> Asset | None:
        asset = self._named.get(name)
        return asset if asset is not None and asset.digest == digest else None


def prepare(app: Flask) -> Assets:
    assets = Assets()
    app.extensions["halo_host_assets"] = assets
    app.register_blueprint(views)
    return assets


@views.get("/static/<digest>/<path:name>")
@public("styles and scripts, which hold no data")
def asset(digest: str, name: str) -> Response:
    found = current_app.extensions["halo_host_assets"].find(name, digest)
    if found is None:
        abort(404)
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(found.compressed if packed else found.content, mimetype=found.mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOREVER
    return response


def _contents() -> Iterator[tuple[str, bytes]]:
    for bundle, (folder, pattern) in BUNDLES.items():
        files = sorted((FOLDER / folder).glob(pattern))
        yield bundle, b"\n".join(file.read_bytes() for file in files)
    bundled = {FOLDER / folder for folder, _ in BUNDLES.values()}
    for file in sorted(FOLDER.rglob("*")):
        if file.suffix in {".css", ".js", ".svg", ".png"} and file.parent not in bundled:
            yield file.relative_to(FOLDER).as_posix(), file.read_bytes()
