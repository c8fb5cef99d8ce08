"""A local server that behaves as the GoCardless API does, for demos, training and tests.

It stands alone: it needs Flask and click, and nothing of the host or of this plugin's client.
"""

from .app import create_app
from .config import KnownCompany, KnownPerson, TokenKind, TwinConfig
from .knobs import Fault, FaultKind, Knobs
from .server import TwinServer
from .twin import Twin
from .webhooks import WebhookEndpoint

__all__ = [
    "Fault",
    "FaultKind",
    "Knobs",
    "KnownCompany",
    "KnownPerson",
    "TokenKind",
    "Twin",
    "TwinConfig",
    "TwinServer",
    "WebhookEndpoint",
    "create_app",
]
