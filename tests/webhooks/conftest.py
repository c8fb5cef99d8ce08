"""The inbox of a host in this process, with Acme Pay delivering to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.serving import SECRET, signed

from halo_host.webhooks.intake import Answer

Deliver = Callable[..., Answer]


@pytest.fixture
def listening_desk(desk: Desk) -> Desk:
    desk.host.connections.configure(CONNECTION, settings={"webhook_secret": SECRET}, agent=AGENT)
    return desk


@pytest.fixture
def deliver(listening_desk: Desk) -> Deliver:
    """As the web server does it, from any thread."""

    def post(body: bytes, *, slug: str = CONNECTION, **headers: str) -> Answer:
        given = signed(body) | {name.replace("_", "-"): value for name, value in headers.items()}
        return listening_desk.host.webhooks.receive(slug, given, lambda limit: body[:limit])

    return post
