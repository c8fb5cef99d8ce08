"""A provider whose every answer a test decides, also those that no real one gives."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from requests_mock import Mocker

from halo_host.agents.openid import OpenIdConnect
from halo_host.agents.openid_claims import Identity
from halo_host.settings import Settings

ISSUER = "https://login.example.com/realms/main"
CLIENT, SECRET = "halo-host", "s3cret-of-the-host"
BACK = "https://desk.example/sign-in/provider/back"
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
FOREIGN = RSAKey.generate_key(2048, {"kid": str(KEY.kid), "alg": "RS256"})
UNKNOWN = RSAKey.generate_key(2048, auto_kid=True)
SMALL = ECKey.generate_key("P-256", auto_kid=True)


class Answers:
    """What the provider answers; a test changes what it is about."""

    def __init__(self, web: Mocker) -> None:
        self.web = web
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.keys: list[Any] = [KEY.as_dict(private=False)]
        self.claims: dict[str, Any] = {}
        self.userinfo: Any = None
        self.token: dict[str, Any] = {}
        self.signing_key: Any = KEY
        self.header: dict[str, Any] = {}
        self.id_token: str | None = None
        self.nonce = ""
        self.web.get(
            f"{ISSUER}/.well-known/openid-configuration", json=lambda *_: whole(self.metadata)
        )
        self.web.get(f"{ISSUER}/keys", json=lambda *_: {"keys": self.keys})
        self.web.post(f"{ISSUER}/token", json=lambda *_: self._tokens())
        self.web.get(f"{ISSUER}/userinfo", json=lambda *_: self.userinfo)

    def _tokens(self) -> dict[str, Any]:
        made = self.signed() if self.id_token is None else self.id_token
        return {"access_token": "A", "token_type": "Bearer", "id_token": made, **self.token}

    def signed(self) -> str:
        header = {"alg": "RS256", "kid": self.signing_key.kid, **self.header}
        algorithms = [header["alg"]]
        return jwt.encode(whole(header), self.all_claims(), self.signing_key, algorithms)

    def all_claims(self) -> dict[str, Any]:
        now = int(time.time())
        told = {
            "iss": ISSUER,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "email": "olive@example.com",
            "email_verified": True,
            "name": "Olive Operator",
            "groups": ["desk"],
        }
        return whole({**told, **self.claims})

    def asked(self, path: str) -> list[Any]:
        return [it for it in self.web.request_history if it.url.partition("?")[0].endswith(path)]


def whole(values: dict[str, Any]) -> dict[str, Any]:
    """Without what a test has set to None."""
    return {name: value for name, value in values.items() if value is not None}


def client(**changed: Any) -> OpenIdConnect:
    settings = {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return OpenIdConnect(
        Settings(
            data=Path("data"), database_url="", **{**settings, "oidc_name": "Example", **changed}
        )
    )


def sign_in(answers: Answers, provider: OpenIdConnect | None = None, **brought: str) -> Identity:
    """From the button to who it is; `brought` is what the browser brings back beside the code."""
    provider = provider or client()
    begun = provider.begin(BACK)
    asked = parse_qs(urlsplit(begun.address).query)
    answers.nonce = asked["nonce"][0]
    return provider.identity(
        BACK, {"code": "C", **brought}, nonce=begun.nonce, verifier=begun.verifier
    )


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
