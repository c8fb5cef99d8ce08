"""The twin's webhooks: events go out to endpoints, signed, in batches, again when they fail.

An event that the store writes waits in the `Outbox` until the `Sender`'s threads post it. The
knobs named ``webhook_…`` add what goes wrong in the world: disorder, repetition, delay and loss.
"""

from .endpoints import WebhookEndpoint

__all__ = ["WebhookEndpoint"]
