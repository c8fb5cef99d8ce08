"""Where webhooks go, and the secret that signs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from ..loopback import is_loopback


@dataclass(frozen=True)
class WebhookEndpoint:
    """An address that gets every event, as added in the dashboard; ValueError if it is none.

    Two endpoints may share an address and differ in their secret: that is how a secret is
    changed without losing a delivery.
    """

    url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.url, str) or not isinstance(self.secret, str):
            raise ValueError("a webhook endpoint needs a url and a secret, both texts")
        if not self.secret:
            raise ValueError("a webhook endpoint needs a secret that is not empty")
        if not _is_text(self.secret):
            raise ValueError("a webhook endpoint needs a secret that can be written in UTF-8")
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise ValueError("a webhook's url must not contain spaces or special characters")
        parts = self.address
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a webhook's url must look like http://127.0.0.1:8000/webhooks")
        if parts.username is not None or parts.fragment:
            raise ValueError("a webhook's url must have neither a user name nor a fragment")

    @property
    def address(self) -> SplitResult:
        """The parts of the URL; ValueError where its port or host makes no sense."""
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise ValueError("a webhook's url must have a valid host and port") from None
        return parts


def require_near(endpoint: WebhookEndpoint, *, allow_remote: bool) -> None:
    """ValueError for an address other than loopback, unless ``allow_remote``.

    A twin's events are made up; another machine that got them could take them for real ones.
    """
    host = endpoint.address.hostname or ""
    if not allow_remote and not is_loopback(host):
        raise ValueError(
            f"the twin sends no webhooks to {host}: it is meant for this machine; "
            "allow_remote (--allow-remote) permits it"
        )


def _is_text(secret: str) -> bool:
    try:
        secret.encode()
    except UnicodeEncodeError:
        return False
    return True
