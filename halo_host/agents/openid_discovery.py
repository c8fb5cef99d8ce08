"""What an OpenID Connect provider tells of itself: its addresses, its abilities, its keys.

After OpenID Connect Discovery 1.0 and RFC 7517. Both are asked for at the first sign-in and kept
for an hour, for each process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from ..settings import is_secure_address
from .openid_refusals import unproved

TIMEOUT = (5, 10)  # seconds to connect, and to wait for an answer
KEPT_FOR = 3_600  # seconds for which the answers are believed
PAUSE = 5  # seconds without another attempt after one that failed

_KEY_TYPES: dict[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}

_log = logging.getLogger(__name__)


class Discovery:
    """The provider with this issuer. Shared by the threads of a process.

    Two that ask at the same time may both send a request; nobody waits for somebody else's.
    """

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._told: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._failed: float | None = None

    def metadata(self) -> Mapping[str, Any]:
        """Its answer at `/.well-known/openid-configuration`.

        :raises SignInRefused: it is the answer of another issuer.
        :raises requests.RequestException: it does not answer.
        :raises ValueError: it answers something else.
        """
        kept = self._told
        if kept is not None and time.monotonic() - kept[0] < KEPT_FOR:
            return kept[1]
        self._pause()
        try:
            found = _get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        except requests.RequestException:
            self._failed = time.monotonic()
            raise
        if found.get("issuer") != self._issuer:
            _log.warning(
                "HALO_HOST_OIDC_ISSUER is %r; the provider calls itself %.200r.",
                self._issuer,
                found.get("issuer"),
            )
            raise unproved("it does not call itself what HALO_HOST_OIDC_ISSUER says")
        self._failed, self._told = None, (time.monotonic(), found)
        return found

    def offers(self, name: str, otherwise: tuple[str, ...]) -> list[str]:
        """What it has of something, such as `scopes_supported`; `otherwise` where it says not."""
        found = self.metadata().get(name)
        return [str(it) for it in found] if isinstance(found, list) else list(otherwise)

    def endpoint(self, name: str) -> str:
        """One of its addresses, which nobody listens to on the way.

        :raises SignInRefused: it has none, or one that is not safe.
        """
        address = str(self.metadata().get(name) or "")
        # A provider on this machine may do without https; one elsewhere cannot send us here.
        plain = urlsplit(self._issuer).scheme == "http"
        if not is_secure_address(address) or not (plain or urlsplit(address).scheme == "https"):
            raise unproved(f"its {name} is no safe address")
        return address

    def keys(self, *, anew: bool = False) -> KeySet:
        """Its public keys for signatures; `anew` asks whether there are others by now."""
        kept = self._keys
        if anew or kept is None or time.monotonic() - kept[0] >= KEPT_FOR:
            kept = self._keys = (time.monotonic(), _key_set(_get(self.endpoint("jwks_uri"))))
        return kept[1]

    def _pause(self) -> None:
        """While the provider is down, whoever comes must not keep a thread busy for seconds."""
        if self._failed is not None and time.monotonic() - self._failed < PAUSE:
            raise requests.ConnectionError("it did not answer a moment ago")


def _get(address: str) -> dict[str, Any]:
    answer = requests.get(
        address, headers={"Accept": "application/json"}, timeout=TIMEOUT, allow_redirects=False
    )
    answer.raise_for_status()
    if answer.status_code != 200:
        raise requests.HTTPError(f"status {answer.status_code} at {address}", response=answer)
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError(f"no JSON object at {address}")
    return found


def _key_set(found: Mapping[str, Any]) -> KeySet:
    """Those that can verify a signature: others are left out, as RFC 7517, section 5, asks for."""
    usable: list[Any] = []
    for each in found["keys"]:
        kind = _KEY_TYPES.get(str(each.get("kty"))) if isinstance(each, dict) else None
        if kind is None or each.get("use", "sig") != "sig":
            continue
        try:
            usable.append(kind.import_key(each))
        except (JoseError, ValueError, LookupError, TypeError) as error:
            _log.warning("A key of the provider of sign-ins is not valid: %s", type(error).__name__)
    return KeySet(usable)
