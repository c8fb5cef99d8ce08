"""A real Chromium before the real web application, which fails a test on whatever a user would
never hear of: errors in the console, refused scripts and styles, requests that leave the host."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from halo_host.host import Host
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

# Read when the run begins: tests have no settings of the person who runs them.
PICTURES = os.environ.get("HALO_HOST_TEST_PICTURES", "")
AXE = Path(__file__).parents[1] / "vendor" / "axe-core-4.14.1" / "axe.min.js"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Chromium and htmx write of each answer with a status of 4xx; tests of refusals expect them.
_REFUSED = (
    "Failed to load resource: the server responded with a status of 4",
    "Response Status Error Code 4",
)


def chromium_path() -> str:
    """The browser of the system, or the one that HALO_HOST_TEST_CHROMIUM names."""
    named = os.environ.get("HALO_HOST_TEST_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        raise AssertionError(
            "The browser tests need Chromium: install it (Debian: apt-get install chromium), or "
            "name its program in HALO_HOST_TEST_CHROMIUM."
        )
    return found


def launched(playwright: Playwright, program: str) -> Browser:
    return playwright.chromium.launch(executable_path=program, args=list(_FLAGS))


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The browser's own notes tell more."""


@contextmanager
def serving_pages(host: Host, *more: Blueprint) -> Iterator[str]:
    """Serve the pages of a host, and `more` of a test, on a free port of this machine; its
    address."""
    app = create_app(host, AnswerTimes())
    for each in more:
        app.register_blueprint(each)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = False  # type: ignore[attr-defined]  # closing waits for what it answers
    thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Watch:
    """Notes what goes wrong in a page. `url` is the host's address: nothing else may be asked."""

    def __init__(self, page: Page, url: str, *others: str) -> None:
        self.wrong: list[str] = []
        self.answers: list[Response] = []
        self._allowed = {urlsplit(each).netloc for each in (url, *others)}
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def allow(self, url: str) -> None:
        """Requests may go there, too: the twin's dashboard."""
        self._allowed.add(urlsplit(url).netloc)

    def _answered(self, answer: Response) -> None:
        self.answers.append(answer)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_REFUSED):
            self.wrong.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and address.netloc not in self._allowed:
            self.wrong.append(f"left the host: {request.url}")


def barriers(page: Page) -> list[str]:
    """What axe-core finds in the page as it stands now, one line for each place."""
    page.evaluate(  # what still fades in has another contrast
        "Promise.allSettled(document.getAnimations()"
        ".filter(it => it.effect.getTiming().iterations !== Infinity).map(it => it.finished))"
    )
    page.evaluate(AXE.read_text(encoding="utf-8"))  # as the page's policy allows no other way
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{page.url}: {violation['id']}: {node['target']}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    wider: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


def pressed_until(page: Page, key: str, done: Callable[[], bool], *, most: int = 60) -> None:
    """Press a key, as Tab, until something is so."""
    for _ in range(most):
        if done():
            return
        page.keyboard.press(key)
    raise AssertionError(f"{most} times {key}, and it never was so")


def picture(page: Page, name: str) -> None:
    """Keep how the page looks now, where HALO_HOST_TEST_PICTURES names a folder for it.

    Moving parts are stilled first, so that two runs take the same picture.
    """
    if PICTURES:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")
