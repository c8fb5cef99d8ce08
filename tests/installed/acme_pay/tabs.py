"""Tabs that behave badly, of connections in the south: one hangs, one brings what no page wants."""

from __future__ import annotations

import threading

from halo_host import Tab

LONGEST = 30  # seconds that the slow tab hangs, unless a test lets it go
let_go = threading.Event()
SCRIPT = "<script>document.title = 'taken'</script>"


def bad_tabs():
    yield Tab(slug="slow", title="Slow", template="acme_pay:payments.html", load=_hang, order=300)
    yield Tab(
        slug="hostile",
        title="Hostile",
        template="acme_pay:hostile.html",
        load=lambda context: {"words": SCRIPT, "link": "javascript:alert(1)"},
        order=400,
        badge="3",
    )


def _hang(context):
    let_go.wait(LONGEST)
    return {"page": context.payments(context.query)}
