"""What a page weighs until it is first painted, as a real Chromium fetches it.

Counted are the bytes on the wire, heads of answers with them, of the document and of what it names:
styles, scripts, pictures. What scripts ask for afterwards (charts, the content of a tab) is told
apart. *Cold* is a browser that was never here; *warm* is the same one, back after another page.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from servers import Address

_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
          "--disable-component-update", "--no-first-run")  # fmt: skip
_LATER = {"XHR", "Fetch"}


@dataclass(slots=True)
class Weight:
    """Of one load: `bytes` and `requests` until the first paint, and what came `later`."""

    bytes: int = 0
    requests: int = 0
    later: int = 0
    names: list[str] = field(default_factory=list)


def weighed(
    address: Address, cookies: dict[str, str], paths: Sequence[str]
) -> dict[str, tuple[Weight, Weight]]:
    """Cold and warm weight of each path; the start page is what a warm browser has seen before."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        sys.exit("Weighing needs Chromium (Debian: apt-get install chromium), or --no-weights.")
    base = f"http://{address[0]}:{address[1]}"
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        for path in paths:
            context = browser.new_context()
            context.add_cookies([{"name": n, "value": v, "url": base} for n, v in cookies.items()])
            page = context.new_page()
            cold = _load(page, base + path)
            _load(page, f"{base}/")
            found[path] = (cold, _load(page, base + path))
            context.close()
        browser.close()
    return found


def _load(page: Any, url: str) -> Weight:
    weight, kinds, sizes = Weight(), {}, {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def asked(said: dict[str, Any]) -> None:
        kinds[said["requestId"]] = (said.get("type", ""), said["request"]["url"])

    def held(said: dict[str, Any]) -> None:
        kinds.pop(said["requestId"], None)  # from the browser's cache: nothing crossed the wire

    def ended(said: dict[str, Any]) -> None:
        sizes[said["requestId"]] = said["encodedDataLength"]

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.requestServedFromCache", held)
    session.on("Network.loadingFinished", ended)
    page.goto(url, wait_until="networkidle")
    session.detach()
    for request, (kind, target) in kinds.items():
        size = int(sizes.get(request, 0))
        if not size or target.startswith("data:"):
            continue
        if kind in _LATER:
            weight.later += size
        else:
            weight.bytes += size
            weight.requests += 1
            weight.names.append(target.rpartition("/")[2].partition("?")[0] or "/")
    return weight
