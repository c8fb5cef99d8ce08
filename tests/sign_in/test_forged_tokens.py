"""ID tokens that prove nothing: claims of something else, signatures of somebody else."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from support.forged_provider import (
    BACK,
    CLIENT,
    FOREIGN,
    ISSUER,
    KEY,
    SECRET,
    SMALL,
    UNKNOWN,
    Answers,
    client,
    decoded,
    encoded,
    sign_in,
    whole,
)

from halo_host.agents.agent import SignInRefused
from halo_host.agents.openid_claims import Identity


def test_a_sound_answer_says_who_it_is(forged: Answers) -> None:
    assert sign_in(forged) == Identity(
        issuer=ISSUER,
        subject="248289761001",
        email="olive@example.com",
        verified=True,
        name="Olive Operator",
        groups=("desk",),
    )
    (exchange,) = forged.asked("/token")
    sent = parse_qs(exchange.text)
    assert sent["redirect_uri"] == [BACK]
    assert sent["grant_type"] == ["authorization_code"]
    assert len(sent["code_verifier"][0]) >= 43
    assert "client_secret" not in sent
    assert exchange.timeout
    assert forged.asked("/userinfo") == []


def test_the_request_has_a_challenge_a_nonce_and_a_state_of_its_own(forged: Answers) -> None:
    provider = client()
    begun = [parse_qs(urlsplit(provider.begin(BACK).address).query) for _ in range(2)]

    for asked in begun:
        assert asked["response_type"] == ["code"]
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"] == [BACK]
        assert asked["scope"] == ["openid email profile"]
        assert SECRET not in str(asked)
    for name in ("state", "nonce", "code_challenge"):
        assert len(begun[0][name][0]) >= 43
        assert begun[0][name] != begun[1][name]


FORGED_CLAIMS = {
    "another provider": {"iss": "https://evil.example.com"},
    "another realm": {"iss": ISSUER + "/"},
    "several providers": {"iss": [ISSUER]},
    "no provider": {"iss": None},
    "another application": {"aud": "other"},
    "other applications": {"aud": ["other", "third"]},
    "also another, and not who asked": {"aud": [CLIENT, "other"]},
    "also another, which asked": {"aud": [CLIENT, "other"], "azp": "other"},
    "another that asked": {"azp": "other"},
    "no application": {"aud": None},
    "another sign-in": {"nonce": "of another sign-in"},
    "any sign-in": {"nonce": None},
    "an empty nonce": {"nonce": ""},
    "expired": {"exp": int(time.time()) - 3_600},
    "without an end": {"exp": None},
    "an end that is no number": {"exp": "tomorrow"},
    "from tomorrow": {"iat": int(time.time()) + 86_400},
    "not yet": {"nbf": int(time.time()) + 86_400},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "a number as a subject": {"sub": 7},
}


@pytest.mark.parametrize("claims", FORGED_CLAIMS.values(), ids=list(FORGED_CLAIMS))
def test_a_token_with_wrong_claims_is_refused(forged: Answers, claims: dict[str, Any]) -> None:
    forged.claims = claims

    with pytest.raises(SignInRefused, match="did not prove who you are"):
        sign_in(forged)


def test_a_token_for_several_applications_is_good_for_the_one_that_asked(forged: Answers) -> None:
    forged.claims = {"aud": ["other", CLIENT], "azp": CLIENT}

    assert sign_in(forged).subject


def test_a_clock_may_differ_a_little(forged: Answers) -> None:
    forged.claims = {"exp": int(time.time()) - 20, "iat": int(time.time()) + 20}

    assert sign_in(forged).subject


@pytest.mark.parametrize("key", [FOREIGN, UNKNOWN], ids=["the same name", "another name"])
def test_a_signature_with_a_key_that_the_provider_does_not_have_is_refused(
    forged: Answers, key: RSAKey
) -> None:
    forged.signing_key = key
    provider = client()

    for _ in range(2):
        with pytest.raises(SignInRefused, match="not valid"):
            sign_in(forged, provider)
    assert len(forged.asked("/keys")) == 3  # at first, and once for each new name


def test_a_token_that_was_changed_is_refused(forged: Answers) -> None:
    provider = client()
    begun = provider.begin(BACK)
    forged.nonce = begun.nonce
    header, claims, signature = forged.signed().split(".")
    changed = json.loads(decoded(claims)) | {"sub": "1"}
    forged.id_token = f"{header}.{encoded(changed)}.{signature}"

    with pytest.raises(SignInRefused, match="not valid"):
        provider.identity(BACK, {"code": "C"}, nonce=begun.nonce, verifier=begun.verifier)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_that_is_not_signed_is_refused(forged: Answers, algorithm: str) -> None:
    provider = client()
    begun = provider.begin(BACK)
    forged.nonce = begun.nonce
    header = encoded({"alg": algorithm, "kid": KEY.kid})
    forged.id_token = f"{header}.{encoded(forged.all_claims())}."

    with pytest.raises(SignInRefused, match="not valid"):
        provider.identity(BACK, {"code": "C"}, nonce=begun.nonce, verifier=begun.verifier)


@pytest.mark.parametrize("secret", ["pem", "modulus", "client secret"])
def test_a_token_signed_with_what_is_no_private_key_is_refused(
    forged: Answers, secret: str
) -> None:
    """The public key taken for a shared secret, and the secret that the host has as well."""
    secrets = {
        "pem": KEY.as_pem(private=False),
        "modulus": str(KEY.as_dict(private=False)["n"]).encode(),
        "client secret": SECRET.encode(),
    }
    provider = client()
    begun = provider.begin(BACK)
    forged.nonce = begun.nonce
    signed = f"{encoded({'alg': 'HS256', 'kid': KEY.kid})}.{encoded(forged.all_claims())}"
    mark = hmac.new(secrets[secret], signed.encode(), "sha256").digest()
    forged.id_token = f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"

    with pytest.raises(SignInRefused, match="not valid"):
        provider.identity(BACK, {"code": "C"}, nonce=begun.nonce, verifier=begun.verifier)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256"])
def test_the_signatures_that_providers_use_are_known(forged: Answers, algorithm: str) -> None:
    key: Any = SMALL if algorithm == "ES256" else UNKNOWN
    forged.keys = [key.as_dict(private=False)]
    forged.signing_key, forged.header = key, {"alg": algorithm}

    assert sign_in(forged).subject


def test_a_new_key_of_the_provider_is_fetched_when_it_is_used(forged: Answers) -> None:
    provider = client()
    sign_in(forged, provider)
    sign_in(forged, provider)
    assert len(forged.asked("/keys")) == 1

    forged.keys, forged.signing_key = [UNKNOWN.as_dict(private=False)], UNKNOWN
    assert sign_in(forged, provider).subject
    forged.signing_key = KEY  # it is gone
    with pytest.raises(SignInRefused):
        sign_in(forged, provider)


def test_one_key_may_go_without_a_name(forged: Answers) -> None:
    forged.keys = [whole({**KEY.as_dict(private=False), "kid": None})]
    forged.header = {"kid": None}
    assert sign_in(forged).subject

    forged.keys.append(UNKNOWN.as_dict(private=False))
    with pytest.raises(SignInRefused):
        sign_in(forged)


def test_keys_that_are_for_something_else_or_not_understood_are_left_out(forged: Answers) -> None:
    public = KEY.as_dict(private=False)
    forged.keys = [
        {"kty": "AKP", "alg": "ML-DSA-65", "kid": "later", "pub": "AAAA"},
        {"kty": "oct", "kid": "shared", "k": "AAAA"},
        {"kty": "RSA", "kid": "broken", "n": "", "e": "AQAB"},
        {**UNKNOWN.as_dict(private=False), "use": "enc"},
        "no key",
        public,
    ]
    assert sign_in(forged).subject

    forged.signing_key = UNKNOWN
    with pytest.raises(SignInRefused, match="not valid"):
        sign_in(forged)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b.c.d.e", "..", 7, None, ["x"]])
def test_what_is_no_token_is_refused(forged: Answers, token: Any) -> None:
    forged.token = {"id_token": token}

    with pytest.raises(SignInRefused, match="did not prove who you are"):
        sign_in(forged)
