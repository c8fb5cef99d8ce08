"""Asking an OpenID Connect provider who signs in: the code flow with PKCE.

The page for signing in begins here and comes back with a code; `Provider` then says which agent the
claims stand for. After OpenID Connect Core 1.0 (sections 3.1.2, 3.1.3 and 5.3), Discovery 1.0 and
RFC 9207, as RFC 9700 tells clients to use them.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ..settings import Settings
from .agent import SignInRefused

TIMEOUT = (5, 10)  # seconds to connect, and to wait for an answer
KEPT_FOR = 3_600  # seconds for which what the provider tells of itself is believed
CLOCK_LEEWAY = 60  # seconds by which its clock may differ from ours

# Only what is signed with the provider's own key: no `none`, and no secret that two know.
_ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
_SCOPES = ("openid", "email", "profile", "groups")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A sign-in under way. The browser keeps all but the address, and brings it back."""

    address: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What the provider vouches for. `groups` are those of its claims `groups` and `roles`."""

    issuer: str
    subject: str
    email: str
    verified: bool
    name: str
    groups: tuple[str, ...]


class OpenIdConnect:
    """The provider of the settings. Shared by the threads of a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._told: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, redirect_uri: str) -> Begun:
        """Where to send the browser, and what it must bring back.

        :raises SignInRefused: the provider does not answer, or tells nonsense of itself.
        """
        begun = {
            "state": secrets.token_urlsafe(32),
            "nonce": secrets.token_urlsafe(32),
            "verifier": secrets.token_urlsafe(48),
        }
        with self._reached(), self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=begun["state"],
                nonce=begun["nonce"],
                code_verifier=begun["verifier"],
            )
        return Begun(address=address, **begun)

    def identity(
        self, redirect_uri: str, begun: Begun, code: str, *, issuer: str | None = None
    ) -> Identity:
        """Exchange the code for who it is. `issuer` is what came back beside the code, if it did.

        :raises SignInRefused: the provider does not answer, takes the code for used or foreign, or
            its answer proves nothing.
        """
        if issuer is not None and issuer != self._settings.oidc_issuer:
            raise _unproved("the answer came from another provider")
        with self._reached(), self._session(redirect_uri) as session:
            token = session.fetch_token(
                self._endpoint("token_endpoint"),
                code=code,
                code_verifier=begun.verifier,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            claims = self._claims(str(token.get("id_token") or ""), begun.nonce)
            return self._identity(claims, self._more(session, claims))

    def _session(self, redirect_uri: str) -> OAuth2Session:
        told = self._metadata()
        secret = self._settings.oidc_client_secret
        # Discovery 1.0, section 3: where the provider does not say, it is client_secret_basic.
        methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = "client_secret_basic" in methods
        return OAuth2Session(
            self._settings.oidc_client_id,
            secret or None,
            scope=" ".join(self._scopes(told)),
            redirect_uri=redirect_uri,
            token_endpoint_auth_method=(
                "none" if not secret else "client_secret_basic" if basic else "client_secret_post"
            ),
            code_challenge_method="S256",
        )

    @staticmethod
    def _scopes(told: Mapping[str, Any]) -> list[str]:
        """Those that the provider knows: some refuse a scope they do not."""
        known = told.get("scopes_supported") or ("openid", "email", "profile")
        return [it for it in _SCOPES if it in known or it == "openid"]

    def _more(self, session: OAuth2Session, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims that many providers hold back from the ID token."""
        address = self._metadata().get("userinfo_endpoint")
        if not address or ("email" in claims and ("groups" in claims or "roles" in claims)):
            return {}
        answer = session.get(
            self._endpoint("userinfo_endpoint"), timeout=TIMEOUT, allow_redirects=False
        )
        answer.raise_for_status()
        found = answer.json()
        # Core 1.0, 5.3.2: without this, one person's token could bring another's claims.
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise _unproved("its two answers name different persons")
        return found

    def _identity(self, claims: Mapping[str, Any], more: Mapping[str, Any]) -> Identity:
        # The signed claims stand before those that were asked for. An address and the word that
        # it was verified come from one and the same answer.
        told = {**more, **claims}
        mail = claims if "email" in claims else more
        # Some write it as a text (Amazon Cognito does). Entra ID has no `email_verified`;
        # `xms_edov` says there that the owner of the domain was verified.
        verified = mail.get("email_verified") in (True, "true", "True") or (
            mail.get("xms_edov") in (True, 1, "1", "true")
        )
        groups = [*_texts(told.get("groups")), *_texts(told.get("roles"))]
        return Identity(
            issuer=self._settings.oidc_issuer,
            subject=str(claims["sub"]),
            email=str(mail.get("email") or ""),
            verified=verified,
            name=str(told.get("name") or told.get("preferred_username") or ""),
            groups=tuple(groups),
        )

    # What the provider tells of itself.

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """Those of the ID token, after Core 1.0, section 3.1.3.7."""
        try:
            decoded = jwt.decode(token, self._key_set(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            # Providers change their keys; the new ones are read once.
            decoded = jwt.decode(token, self._key_set(anew=True), algorithms=_ALGORITHMS)
        client = self._settings.oidc_client_id
        jwt.JWTClaimsRegistry(
            leeway=CLOCK_LEEWAY,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(decoded.claims)
        others = decoded.claims["aud"] not in (client, [client])
        if decoded.claims.get("azp", None if others else client) != client:
            raise _unproved("its answer is for another application")
        return dict(decoded.claims)

    def _endpoint(self, name: str) -> str:
        address = str(self._metadata().get(name) or "")
        if not address.startswith(("https://", "http://localhost", "http://127.0.0.1", "http://[")):
            raise _unproved(f"its {name} is no safe address")
        return address

    def _metadata(self) -> dict[str, Any]:
        with self._lock:
            if self._told is None or time.monotonic() - self._told[0] > KEPT_FOR:
                issuer = self._settings.oidc_issuer
                found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != issuer:
                    raise _unproved(
                        f"it calls itself {str(found.get('issuer'))[:200]!r}, not {issuer!r} as "
                        "HALO_HOST_OIDC_ISSUER does"
                    )
                self._told = (time.monotonic(), found)
            return self._told[1]

    def _key_set(self, *, anew: bool = False) -> KeySet:
        address = self._endpoint("jwks_uri")
        with self._lock:
            if anew or self._keys is None or time.monotonic() - self._keys[0] > KEPT_FOR:
                self._keys = (time.monotonic(), KeySet.import_key_set(_get(address)))  # type: ignore[arg-type]
            return self._keys[1]

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Every failure in the words of who wants to sign in; the log has the rest."""
        try:
            yield
        except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            _log.warning("The provider of sign-ins: %s: %s", type(error).__name__, error)
            raise _unproved("its answer is not valid") from None
        except requests.RequestException as error:
            _log.warning("The provider of sign-ins: %s", type(error).__name__)
            raise SignInRefused(
                f"{self._settings.oidc_name} does not answer.",
                advice="Try again in a minute, or sign in with a password.",
            ) from None


def _get(address: str) -> dict[str, Any]:
    answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    if answer.is_redirect:
        raise requests.RequestException("redirected")
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _texts(value: object) -> list[str]:
    """A provider may write one group as a text, and what is no text is no group."""
    if isinstance(value, str):
        return [value]
    return [it for it in value if isinstance(it, str)] if isinstance(value, list) else []


def _unproved(why: str) -> SignInRefused:
    return SignInRefused(
        f"The provider of sign-ins did not prove who you are: {why}.",
        advice="Begin again; if it stays so, an administrator finds more in the host's log.",
    )
