"""The check says whose account it is and what the token may do, and changes nothing."""

from __future__ import annotations

import pytest
from halo_gocardless.account import Account
from halo_gocardless.check import check
from halo_gocardless.errors import GoCardlessError
from halo_gocardless.retries import FOR_A_PERSON_WAITING
from halo_gocardless.twin import Fault, FaultKind, Knobs, TokenKind, TwinConfig, TwinServer

from halo_host import Secret

LIVE = "https://api.gocardless.com"
MISMATCH = "The token looks like one of the sandbox environment, but the connection is set to live."


@pytest.fixture(scope="module")
def twin():
    with TwinServer(TwinConfig(customers=20)) as server:
        yield server


def account_at(twin, token, environment="sandbox"):
    settings = {"access_token": Secret(token), "environment": environment, "api_url": twin.url}
    return Account.from_settings(settings, {"HALO_GOCARDLESS_ALLOW_API_URL": "loopback"})


def said(result, level):
    return [message.text for message in result.messages if message.level == level]


def test_a_token_that_may_do_everything(twin):
    result = check(account_at(twin, twin.access_token))

    assert result.ok
    assert result.account
    assert said(result, "warning") == said(result, "error") == []
    everything = "\n".join(said(result, "info"))
    assert f"{result.account}: GoCardless has verified the account." in everything
    assert "may read customers, mandates, payments and events" in everything
    assert "may also change things" in everything
    assert f"{twin.url}, which is not GoCardless" in everything


def test_a_read_only_token_is_enough(twin):
    result = check(account_at(twin, twin.twin.token(TokenKind.READ_ONLY)))
    assert result.ok
    assert "The token is read-only. That is enough for imports and the payments tab." in said(
        result, "info"
    )


def test_finding_out_what_a_token_may_do_changes_nothing(twin):
    def contents():
        with account_at(twin, twin.access_token).client(FOR_A_PERSON_WAITING) as client:
            return list(client.records("customers")), list(client.records("events"))

    before = contents()
    check(account_at(twin, twin.access_token))
    assert contents() == before


@pytest.mark.parametrize("kind", ["revoked", "unknown"])
def test_a_token_that_is_not_accepted(twin, kind):
    token = twin.twin.token(TokenKind.REVOKED) if kind == "revoked" else "sandbox_nobody"
    result = check(account_at(twin, token))

    assert not result.ok
    assert result.account is None
    (message,) = said(result, "error")
    assert "did not accept the access token (HTTP 401, request " in message
    assert f"{twin.url}/dashboard/developers/access-tokens/create" in message
    assert token not in message


def test_a_prefix_of_the_other_environment_is_a_warning_and_no_refusal(twin):
    result = check(account_at(twin, twin.access_token, environment="live"))
    assert result.ok
    assert MISMATCH in said(result, "warning")


def test_a_refused_token_of_the_other_environment_is_told_so(requests_mock, official):
    requests_mock.get(f"{LIVE}/creditors", status_code=401, json=official("unauthorized_error"))
    result = check(Account.from_settings({"access_token": Secret("sandbox_x")}))
    assert not result.ok
    assert MISMATCH in said(result, "warning")


def test_a_service_that_fails_is_an_error_and_not_a_verdict(twin):
    twin.twin.set_knobs(Knobs(faults=(Fault(FaultKind.MALFORMED_PAGE),)))
    with pytest.raises(GoCardlessError, match="malformed"):
        check(account_at(twin, twin.access_token))
    twin.reset()


@pytest.fixture
def live(requests_mock):
    """A live account in which everything is well, to be changed by the tests."""

    def page(resource, records=()):
        body = {resource: list(records), "meta": {"cursors": {"before": None, "after": None}}}
        requests_mock.get(f"{LIVE}/{resource}", json=body)

    for resource in ("customers", "mandates", "payments", "events"):
        page(resource)
    page("creditors", [{"name": "Acme Ltd", "verification_status": "successful"}])
    requests_mock.put(f"{LIVE}/customers/CU000000000000", status_code=404, json={"error": {}})
    requests_mock.page = page
    return requests_mock


def check_live():
    return check(Account.from_settings({"access_token": Secret("live_x"), "environment": "live"}))


def test_a_token_that_may_not_read_customers_is_of_no_use(live):
    live.get(f"{LIVE}/customers", status_code=403, json={"error": "forbidden"})
    result = check_live()
    assert not result.ok
    (message,) = said(result, "error")
    assert "may not read customers, so users cannot be imported" in message
    assert "The token may read mandates, payments and events." in said(result, "info")


@pytest.mark.parametrize(
    ("resource", "loss"),
    [
        ("payments", "the payments tab stays empty"),
        ("events", "changes cannot be followed"),
        ("creditors", "its name is not known"),
    ],
)
def test_what_else_a_token_may_not_read_is_a_warning(live, resource, loss):
    live.get(f"{LIVE}/{resource}", status_code=403, json={"error": "forbidden"})
    result = check_live()
    assert result.ok
    (message,) = said(result, "warning")
    assert loss in message


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"status_code": 404, "json": {}}, "may also change things"),
        ({"status_code": 422, "json": {}}, "may also change things"),
        (
            {
                "status_code": 403,
                "json": {"error": {"errors": [{"reason": "insufficient_permissions"}]}},
            },
            "The token is read-only",
        ),
        ({"status_code": 403, "json": {"error": "feature disabled"}}, "could not be found out"),
        ({"status_code": 200, "json": {"customers": {}}}, "could not be found out"),
        ({"status_code": 405, "json": {}}, "could not be found out"),
    ],
)
def test_what_cannot_be_found_out_is_not_guessed(live, answer, found):
    live.put(f"{LIVE}/customers/CU000000000000", **answer)
    result = check_live()
    assert result.ok
    assert found in said(result, "info")[-1]
    assert live.last_request.json() == {"customers": {}}


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        ("successful", "info", "has verified"),
        ("in_review", "info", "still reviewing"),
        ("action_required", "warning", "needs more information"),
        ("dancing", "info", "calls its verification: dancing"),
        (None, "info", "calls its verification: unknown"),
    ],
)
def test_the_verification_of_the_account_is_put_in_words(live, status, level, words):
    live.page("creditors", [{"name": "Acme Ltd", "verification_status": status}])
    result = check_live()
    assert result.account == "Acme Ltd"
    assert any(text.startswith("Acme Ltd: ") and words in text for text in said(result, level))


@pytest.mark.parametrize(
    ("creditors", "name"),
    [
        ([], None),
        ([None, {}, {"name": None}], None),
        ([{"name": "Acme"}, {"name": "Beta"}, {"name": "Gamma"}], "Acme and 2 more"),
    ],
)
def test_an_account_may_hold_several_businesses_or_none(live, creditors, name):
    live.page("creditors", creditors)
    assert check_live().account == name
