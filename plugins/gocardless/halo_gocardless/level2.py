"""The hooks of level 2, which host 0.1 does not know: `plugin` takes them in where the host does.

Nothing that host 0.1 loads may import this module, nor those beside it that it builds on.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from halo_host import (
    Batch,
    Connection,
    Stream,
    StreamReader,
    WebhookRequest,
    WebhookVerdict,
    hookimpl,
)

from .account import Account
from .reader import opened_reader
from .streams import declared_streams
from .webhooks import verify, webhook_events


@hookimpl
def halo_streams(connection: Connection) -> Iterable[Stream]:
    return declared_streams(Account.from_settings(connection.settings))


@hookimpl
def halo_open_reader(connection: Connection) -> AbstractContextManager[StreamReader]:
    return opened_reader(Account.from_settings(connection.settings))


@hookimpl
def halo_verify_webhook(connection: Connection, request: WebhookRequest) -> WebhookVerdict:
    return verify(connection.settings, request)


@hookimpl
def halo_webhook_events(connection: Connection, body: bytes) -> Batch:
    return webhook_events(body)
