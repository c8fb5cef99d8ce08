"""Webhooks of Acme Pay: a JSON object with `id` and `events`, signed in the header acme-signature.

`{"id": "D1", "events": [{"id": …, "kind": "payments", "resource": …, "action": …, "at": …}]}`; an
event `{"id": …, "unreadable": reason}` cannot be read. `"test": true` marks a test delivery,
`"crash": text` a bug of the plugin, `"quiet": true` a delivery of which no events are read.
`webhook_secret` may hold several secrets, separated by spaces.
"""

from __future__ import annotations

import hmac
import json
from datetime import datetime

from halo_host import (
    Batch,
    EventRecord,
    StreamKind,
    UnreadableRecord,
    WebhookVerdict,
    hookimpl,
)

SIGNATURE = "acme-signature"


def sign(body, secret):
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


@hookimpl
def halo_verify_webhook(connection, request):
    secrets = connection.settings["webhook_secret"].reveal().split()
    given = request.headers.get(SIGNATURE)
    if given is None:
        return WebhookVerdict(accepted=False, reason="It has no signature.")
    if not any(
        hmac.compare_digest(sign(request.body, secret).encode(), given.encode())
        for secret in secrets
    ):
        return WebhookVerdict(accepted=False, reason="Its signature is wrong.")
    try:
        delivery = json.loads(request.body)
    except ValueError:
        delivery = {}
    return WebhookVerdict(
        accepted=True, delivery_id=delivery.get("id"), is_test=bool(delivery.get("test"))
    )


@hookimpl
def halo_webhook_events(connection, body):
    delivery = json.loads(body)
    if "crash" in delivery:
        raise RuntimeError(delivery["crash"])
    if delivery.get("quiet"):
        return None
    raw = [] if delivery.get("test") else delivery["events"]
    return Batch(StreamKind.EVENTS, [_event(each) for each in raw], raw)


def _event(raw):
    if "unreadable" in raw:
        return UnreadableRecord(reason=raw["unreadable"], id=raw.get("id"))
    return EventRecord(
        id=raw["id"],
        created_at=datetime.fromisoformat(raw["at"]),
        kind=raw["kind"],
        resource_id=raw["resource"],
        action=raw["action"],
        dirty=((StreamKind(raw["kind"]), raw["resource"]),),
    )
