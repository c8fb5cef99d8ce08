"""One delivery: what it says, the headers it carries, and when it is tried again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..business.draw import Draw
from ..knobs import Knobs
from ..lanes import Body
from ..times import SECOND
from .endpoints import WebhookEndpoint
from .signing import sign, sign_wrongly

RETRY_SECONDS = (60, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
"""The waits before the eight retries. GoCardless names the first three and says that they grow."""

_USER_AGENT = "gocardless-webhook-service/1.2"
_ORIGIN = "https://api-sandbox.gocardless.com"


@dataclass(eq=False)
class Delivery:
    """A webhook on its way to one endpoint. ``attempts`` counts those begun."""

    webhook_id: str
    endpoint: WebhookEndpoint
    text: str
    attempts: int = 0
    copy: bool = False
    """A repetition that the service knows nothing of: neither logged nor tried again."""

    def headers(self, body: bytes, seed: int, knobs: Knobs) -> dict[str, str]:
        """The headers of the attempt that has just begun, in the service's order."""
        subject = f"webhook {self.webhook_id}"
        draw = Draw(seed, subject, self.attempts)
        signer = sign_wrongly if draw.chance(knobs.webhook_wrong_signature) else sign
        request = f"{seed}:{subject}:{self.attempts}:{self.copy}".encode()
        return {
            "User-Agent": _USER_AGENT,
            "Content-Type": "application/json",
            "Webhook-Signature": signer(self.endpoint.secret, body),
            "Origin": _ORIGIN,
            "Accept": "*/*",
            "Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
            "X-Request-Id": hashlib.blake2b(request, digest_size=16).hexdigest(),
        }

    def retry_delay_ms(self, knobs: Knobs) -> int | None:
        """How long after a failed attempt the next one is due; None when it was the last."""
        if self.copy or self.attempts > len(RETRY_SECONDS):
            return None
        return int(RETRY_SECONDS[self.attempts - 1] * SECOND * knobs.webhook_retry_scale)


def delivery_text(webhook_id: str, events: Sequence[Body]) -> str:
    """The body of a delivery."""
    content = {"events": list(events), "meta": {"webhook_id": webhook_id}}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
