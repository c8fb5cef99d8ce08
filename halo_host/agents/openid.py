"""Asking an OpenID Connect provider who signs in: the code flow with PKCE.

The page for signing in begins here and comes back with a code; `Provider` then says which agent the
claims stand for. After OpenID Connect Core 1.0 (sections 3.1.2, 3.1.3 and 5.3) and RFC 9207, as
RFC 9700 tells clients to use them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError
from requests.auth import HTTPBasicAuth

from ..settings import Settings
from .openid_claims import Identity, identity_of, is_enough
from .openid_discovery import TIMEOUT, Discovery
from .openid_refusals import denied, in_plain_words, unproved

CLOCK_LEEWAY = 60  # seconds by which its clock may differ from ours

# Only what is signed with the provider's own key: no `none`, and no secret that two know.
_ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
_SCOPES = ("openid", "email", "profile", "groups")
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A sign-in under way. The browser goes to the address, and keeps the rest until it is back."""

    address: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class OpenIdConnect:
    """The provider of the settings. Shared by the threads of a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._discovery = Discovery(settings.oidc_issuer)

    def begin(self, redirect_uri: str) -> Begun:
        """Where to send the browser, and what it must bring back.

        :raises SignInRefused: the provider does not answer, or tells nonsense of itself.
        """
        begun = {
            "state": secrets.token_urlsafe(32),
            "nonce": secrets.token_urlsafe(32),
            "verifier": secrets.token_urlsafe(48),
        }
        with in_plain_words(self._settings.oidc_name), self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                self._discovery.endpoint("authorization_endpoint"),
                state=begun["state"],
                nonce=begun["nonce"],
                code_verifier=begun["verifier"],
            )
        return Begun(address=address, **begun)

    def identity(
        self, redirect_uri: str, answer: Mapping[str, str], *, nonce: str, verifier: str
    ) -> Identity:
        """Who it is. `answer` is what the browser was sent back with, once its `state` was found
        to be the one that began; `nonce` and `verifier` are from then, too.

        :raises SignInRefused: the provider said no, does not answer, takes the code for used or
            foreign, or its answer proves nothing.
        """
        with in_plain_words(self._settings.oidc_name):
            self._require_our_provider(answer)
            if "code" not in answer:
                raise denied(self._settings.oidc_name, answer.get("error", ""))
            with self._session(redirect_uri) as session:
                token = session.fetch_token(
                    self._discovery.endpoint("token_endpoint"),
                    auth=self._client_auth(),
                    code=answer["code"],
                    code_verifier=verifier,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
                if not isinstance(token.get("id_token"), str):
                    raise unproved("it sent no ID token")
                claims = self._claims(token["id_token"], nonce)
                return identity_of(claims, self._more(session, claims))

    def _require_our_provider(self, answer: Mapping[str, str]) -> None:
        """RFC 9207, section 2.4: whose answer it is, if it was one that says so."""
        issuer = answer.get("iss")
        if issuer is None:
            told = self._discovery.metadata()
            if told.get("authorization_response_iss_parameter_supported") is True:
                raise unproved("the answer does not say that it is the provider's")
        elif issuer != self._settings.oidc_issuer:
            raise unproved("the answer came from another provider")

    def _session(self, redirect_uri: str) -> OAuth2Session:
        known = self._discovery.offers("scopes_supported", ("openid", "email", "profile"))
        return OAuth2Session(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret or None,
            # Some refuse a scope that they do not know.
            scope=" ".join(it for it in _SCOPES if it in known or it == "openid"),
            redirect_uri=redirect_uri,
            token_endpoint_auth_method=_POST if self._settings.oidc_client_secret else "none",
            code_challenge_method="S256",
            leeway=0,  # the access token is used at once, however short its life
        )

    def _client_auth(self) -> HTTPBasicAuth | None:
        """How the host says who it is; None for the session's own way, in the body.

        RFC 6749, section 2.3.1, has id and secret encoded before they become a user and a password;
        many providers do not decode them. So where it matters they go in the body, if they may.
        """
        pair = self._settings.oidc_client_id, self._settings.oidc_client_secret
        if not pair[1]:
            return None
        # Discovery 1.0, section 3: where the provider does not say, it is client_secret_basic.
        methods = self._discovery.offers("token_endpoint_auth_methods_supported", (_BASIC,))
        encoded = quote_plus(pair[0]), quote_plus(pair[1])
        if _POST in methods and (_BASIC not in methods or encoded != pair):
            return None
        return HTTPBasicAuth(*encoded)

    def _more(self, session: OAuth2Session, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims that many providers hold back from the ID token."""
        if is_enough(claims) or not self._discovery.metadata().get("userinfo_endpoint"):
            return {}
        answer = session.get(
            self._discovery.endpoint("userinfo_endpoint"), timeout=TIMEOUT, allow_redirects=False
        )
        answer.raise_for_status()
        found = answer.json()
        # Core 1.0, 5.3.2: without this, one person's token could bring another's claims.
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise unproved("its two answers name different persons")
        return found

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Those of the ID token, after Core 1.0, section 3.1.3.7."""
        try:
            decoded = jwt.decode(token, self._discovery.keys(), algorithms=_ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):
            # Providers change their keys; the new ones are read once.
            decoded = jwt.decode(token, self._discovery.keys(anew=True), algorithms=_ALGORITHMS)
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
            raise unproved("its answer is for another application")
        return decoded.claims
