"""A desk whose provider delivers webhooks, and `halo-host serve` beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.acme import AGENT, CONNECTION, Desk
from support.serving import SECRET, Serving, serving

Serve = Callable[..., Serving]


@pytest.fixture
def listening_desk(desk: Desk) -> Desk:
    """The connection knows the secret of the provider's webhooks."""
    desk.host.connections.configure(CONNECTION, settings={"webhook_secret": SECRET}, agent=AGENT)
    return desk


@pytest.fixture
def serve(listening_desk: Desk, tmp_path: Path) -> Iterator[Serve]:
    """Start `halo-host serve`, without an integrator unless arguments are given."""
    with ExitStack() as stack:

        def start(*arguments: str, **named: Any) -> Serving:
            running: AbstractContextManager[Serving] = serving(
                listening_desk.host.settings,
                tmp_path,
                *(arguments or ("--no-integrator",)),
                **named,
            )
            return stack.enter_context(running)

        yield start
