"""A provider that answers wrongly, or somebody in its place: what is refused, in which words."""

from __future__ import annotations

import base64
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from support.forged_provider import (
    BACK,
    ISSUER,
    SECRET,
    Answers,
    client,
    sign_in,
)

from halo_host.agents.agent import SignInRefused


def test_whose_answer_it_is_must_be_said_where_the_provider_always_says_it(
    forged: Answers,
) -> None:
    assert sign_in(forged, iss=ISSUER).subject
    with pytest.raises(SignInRefused, match="came from another provider"):
        sign_in(forged, iss="https://evil.example.com")

    forged.metadata["authorization_response_iss_parameter_supported"] = True
    assert sign_in(forged, iss=ISSUER).subject
    with pytest.raises(SignInRefused, match="does not say that it is the provider's"):
        sign_in(forged)
    assert len(forged.asked("/token")) == 2  # no code went to the wrong place


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("access_denied", "said no (access_denied)"),
        ("login_required", "did not sign you in (login_required)."),
        ("Call 0900 123 to unlock!", "did not sign you in."),
        ("<script>", "did not sign you in."),
        ("", "did not sign you in."),
    ],
)
def test_an_error_is_shown_by_its_code_alone(forged: Answers, error: str, shown: str) -> None:
    provider = client()
    begun = provider.begin(BACK)

    brought = {"error": error, "error_description": "Call 0900 123"}
    with pytest.raises(SignInRefused) as refusal:
        provider.identity(BACK, brought, nonce=begun.nonce, verifier=begun.verifier)
    assert shown in refusal.value.message
    assert "0900" not in f"{refusal.value.message} {refusal.value.advice}"


@pytest.mark.parametrize("issuer", [None, ISSUER + "/", "https://evil.example.com", 7])
def test_a_provider_of_another_name_is_refused(
    forged: Answers, issuer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    forged.metadata["issuer"] = issuer

    with pytest.raises(SignInRefused, match="HALO_HOST_OIDC_ISSUER"):
        client().begin(BACK)
    assert repr(issuer) in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "http://login.example.com/x",
        "http://127.0.0.1/x",
        "http://localhost.evil.example.com/x",
        "ftp://login.example.com/x",
        "//login.example.com/x",
        "https://",
        "https://[x",
        {"url": "https://login.example.com"},
    ],
)
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_address_on_which_somebody_could_listen_is_refused(
    forged: Answers, name: str, address: Any
) -> None:
    forged.metadata[name] = address

    with pytest.raises(SignInRefused, match=f"its {name} is no safe address"):
        sign_in(forged)


def test_only_scopes_that_the_provider_knows_are_asked_for(forged: Answers) -> None:
    forged.metadata["scopes_supported"] = ["openid", "groups", "email", "phone"]

    asked = parse_qs(urlsplit(client().begin(BACK).address).query)
    assert asked["scope"] == ["openid email groups"]


@pytest.mark.parametrize(
    ("methods", "secret", "header", "body"),
    [
        (None, "a-b_c.d~e", "halo-host:a-b_c.d~e", None),
        (None, "a b%+:", "halo-host:a+b%25%2B%3A", None),
        (["client_secret_basic", "client_secret_post"], "plain", "halo-host:plain", None),
        (["client_secret_basic", "client_secret_post"], "a b%+:ü", None, "a b%+:ü"),
        (["client_secret_post"], "plain", None, "plain"),
        (["private_key_jwt"], "plain", "halo-host:plain", None),
        (None, "", None, None),
    ],
)
def test_the_host_says_who_it_is_as_the_provider_wants_it(
    forged: Answers, methods: Any, secret: str, header: str | None, body: str | None
) -> None:
    forged.metadata["token_endpoint_auth_methods_supported"] = methods
    sign_in(forged, client(oidc_client_secret=secret))

    (asked,) = forged.asked("/token")
    sent = parse_qs(asked.text)
    given = asked.headers.get("Authorization")
    assert (given and base64.b64decode(given.removeprefix("Basic ")).decode()) == header
    assert sent.get("client_secret") == (body and [body])
    assert ("client_id" in sent) is (header is None)


def test_what_the_provider_tells_of_itself_is_kept_for_an_hour(
    forged: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, now = client(), [1_000.0]
    monkeypatch.setattr("halo_host.agents.openid_discovery.time.monotonic", lambda: now[0])
    for later in (0, 3_599, 3_601):
        now[0] = 1_000.0 + later
        sign_in(forged, provider)

    assert len(forged.asked("/.well-known/openid-configuration")) == 2
    assert len(forged.asked("/keys")) == 2


def test_while_the_provider_is_down_nobody_waits_for_it_in_turn(
    forged: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, now = client(), [1_000.0]
    monkeypatch.setattr("halo_host.agents.openid_discovery.time.monotonic", lambda: now[0])
    forged.web.get(
        f"{ISSUER}/.well-known/openid-configuration", exc=requests.ConnectTimeout("slow")
    )
    for _ in range(5):
        with pytest.raises(SignInRefused, match=r"Example does not answer\."):
            provider.begin(BACK)
    assert len(forged.asked("/.well-known/openid-configuration")) == 1

    now[0] += 6
    forged.web.get(f"{ISSUER}/.well-known/openid-configuration", json=forged.metadata)
    assert provider.begin(BACK).address


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status_code": 503}, r"answers with an error \(503\)"),
        ({"status_code": 404, "text": "<html>"}, r"answers with an error \(404\)"),
        ({"status_code": 302, "headers": {"Location": "https://evil.example.com"}}, r"\(302\)"),
        ({"text": "<html>"}, "not valid"),
        ({"text": "[1]"}, "not valid"),
        ({"exc": requests.exceptions.SSLError("bad certificate")}, "does not answer"),
        ({"exc": requests.ReadTimeout("slow")}, "does not answer"),
    ],
)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys"])
def test_what_is_no_answer_is_told_in_plain_words(
    forged: Answers, path: str, answer: dict[str, Any], why: str
) -> None:
    forged.web.get(ISSUER + path, **answer)

    with pytest.raises(SignInRefused, match=why) as refusal:
        sign_in(forged)
    assert refusal.value.advice


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status_code": 401, "json": {"error": "invalid_client"}}, "client secret is wrong"),
        ({"status_code": 400, "json": {"error": "invalid_grant"}}, "used already, or took"),
        ({"status_code": 400, "json": {"error": "slow down"}}, "refused to say"),
        ({"status_code": 400, "json": {"error": {"a": 1}}}, "refused to say"),
        ({"status_code": 400, "text": "<html>"}, "not valid|error"),
        ({"status_code": 502, "text": "<html>"}, r"answers with an error \(502\)"),
        ({"status_code": 307, "headers": {"Location": "https://evil.example.com"}}, "not valid"),
        ({"json": ["x"]}, "not valid"),
        ({"json": {}}, "no ID token"),
        ({"exc": requests.ConnectionError("gone")}, "does not answer"),
    ],
)
def test_a_code_that_is_not_taken_is_told_in_plain_words(
    forged: Answers, answer: dict[str, Any], why: str
) -> None:
    forged.web.post(f"{ISSUER}/token", **answer)

    with pytest.raises(SignInRefused, match=why) as refusal:
        sign_in(forged)
    assert refusal.value.advice
    assert all("evil" not in it.url for it in forged.web.request_history)


def test_the_log_tells_more_and_no_secret(
    forged: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "halo_host")
    told = {"error": "invalid_client", "error_description": "unknown\nclient"}
    forged.web.post(f"{ISSUER}/token", status_code=401, json=told)
    provider = client()
    begun = provider.begin(BACK)

    with pytest.raises(SignInRefused):
        provider.identity(BACK, {"code": "the-code"}, nonce=begun.nonce, verifier=begun.verifier)
    assert "Example refused: invalid_client: unknown client" in caplog.text
    for secret in (SECRET, "the-code", begun.nonce, begun.verifier, begun.state):
        assert secret not in caplog.text
        assert secret not in repr(begun)
