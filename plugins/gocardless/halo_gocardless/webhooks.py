"""GoCardless's webhooks: whether a delivery is GoCardless's own, and which events it brings.

The signature is the lower-case hex of HMAC-SHA256 over the body's raw bytes, in the header
`Webhook-Signature`. Each webhook endpoint in GoCardless has a secret of its own; during a rotation
deliveries signed with the old and the new one arrive side by side.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from halo_host import (
    Batch,
    EventRecord,
    Secret,
    StreamKind,
    UnreadableRecord,
    WebhookRequest,
    WebhookVerdict,
)

from .addresses import is_safe_id
from .bodies import decode
from .events import to_event

SIGNATURE = "webhook-signature"
_TEST_EVENT = "EVTEST"  # how the ids of events begin that GoCardless's "send test webhook" makes up


def verify(settings: Mapping[str, Any], request: WebhookRequest) -> WebhookVerdict:
    """Compare the delivery's signature with that of each secret, in constant time.

    Only a delivery whose signature is right is looked into. Raises nothing, whatever was sent.
    """
    secrets = _secrets(settings)
    if not secrets:
        return _refused(
            "The connection has no webhook secret, so no delivery can be told to be GoCardless's."
        )
    signature = request.headers.get(SIGNATURE)
    if not signature:
        return _refused("It has no Webhook-Signature, so it does not come from GoCardless.")
    if not signature.isascii():
        return _refused("Its Webhook-Signature holds characters that no signature has.")
    given = signature.encode()
    matches = [
        hmac.compare_digest(hmac.new(secret, request.body, "sha256").hexdigest().encode(), given)
        for secret in secrets
    ]
    if not any(matches):
        return _refused(
            "Its Webhook-Signature fits none of the connection's webhook secrets: it is forged, "
            "or signed with another endpoint's secret."
        )
    body = _decoded(request.body)
    meta = body.get("meta")
    named = meta if isinstance(meta, dict) else {}
    identity = named.get("webhook_id")
    return WebhookVerdict(
        accepted=True,
        delivery_id=identity if isinstance(identity, str) and is_safe_id(identity) else None,
        is_test=named.get("is_test") is True or _holds_tests_alone(body),
    )


def webhook_events(body: bytes) -> Batch:
    """The events of a delivery, without those of a test."""
    raw = _decoded(body).get("events")
    if not isinstance(raw, list):
        unreadable = UnreadableRecord(reason="The delivery's body holds no list of events.")
        return Batch(StreamKind.EVENTS, [unreadable], [body.decode("utf-8", "replace")])
    kept = [event for event in raw if not _is_test(event)]
    records: list[EventRecord | UnreadableRecord] = list(map(to_event, kept))
    return Batch(StreamKind.EVENTS, records, kept)


def _secrets(settings: Mapping[str, Any]) -> list[bytes]:
    setting = settings.get("webhook_secrets")
    if setting is None:
        return []
    value = setting.reveal() if isinstance(setting, Secret) else str(setting)
    return [secret.encode() for secret in value.split()]


def _refused(reason: str) -> WebhookVerdict:
    return WebhookVerdict(accepted=False, reason=reason)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = decode(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _holds_tests_alone(body: Mapping[str, Any]) -> bool:
    events = body.get("events")
    return isinstance(events, list) and bool(events) and all(map(_is_test, events))


def _is_test(event: object) -> bool:
    identity = event.get("id") if isinstance(event, dict) else None
    return isinstance(identity, str) and identity.startswith(_TEST_EVENT)
