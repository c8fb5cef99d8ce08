"""Configuration reaches GoCardless alone; the operator of the machine may allow more."""

from __future__ import annotations

import pytest
from halo_gocardless.addresses import resolve
from halo_gocardless.errors import GoCardlessError

ALLOW = "HALO_GOCARDLESS_ALLOW_API_URL"


@pytest.mark.parametrize(
    ("environment", "api", "dashboard"),
    [
        ("live", "https://api.gocardless.com", "https://manage.gocardless.com"),
        ("sandbox", "https://api-sandbox.gocardless.com", "https://manage-sandbox.gocardless.com"),
    ],
)
def test_each_environment_has_its_api_and_dashboard(environment, api, dashboard):
    address = resolve(environment, None, {})

    assert (address.api, address.dashboard) == (api, dashboard)
    assert resolve(environment, api, {}) == address
    assert resolve(environment, f"{api.upper()}:443/", {}) == address
    assert address.payment_page("PM123") == f"{dashboard}/payments/PM123"
    assert address.token_page == f"{dashboard}/developers/access-tokens/create"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.gocardless.com",
        "https://api.gocardless.com.evil.example",
        "https://api.gocardless.com:444",
        "https://evil.example",
        "https://connect.gocardless.com",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:8080",
        "http://169.254.169.254",
    ],
)
def test_another_address_is_refused_and_the_switch_is_named(url):
    with pytest.raises(GoCardlessError, match="this machine does not allow it") as failure:
        resolve("live", url, {})
    assert f"{ALLOW}={url}" in failure.value.advice


@pytest.mark.parametrize(
    "url",
    [
        "https://api.gocardless.com@evil.example",
        "https://user:password@api.gocardless.com",
        "https://api.gocardless.com.",
        "https://api.gocardless.com/path",
        "https://api.gocardless.com?x=1",
        "https://api.gocardless.com#x",
        "https://api.gocardless.com\\@evil.example",
        "https://api.gocardless.com:0",
        "https://api.gocardless.com:65536",
        "https://api.gocardless.com:",
        "https://api.gocardless.com evil.example",
        "https://api.gocardless.com\n.evil.example",
        "https://api.gocardless.cοm",  # a Greek omicron
        "https://api。gocardless.com",  # an ideographic full stop
        "https:///api.gocardless.com",
        "https:api.gocardless.com",
        "//api.gocardless.com",
        "ftp://api.gocardless.com",
        "file:///etc/passwd",
        "https://[::1",
        "https://..",
        "api.gocardless.com",
    ],
)
def test_what_is_no_plain_origin_is_refused_even_when_everything_is_allowed(url):
    with pytest.raises(GoCardlessError, match="is not of the form") as failure:
        resolve("live", url, {ALLOW: f"loopback,{url},https://evil.example"})
    assert "password" not in str(failure.value)


def test_the_api_of_the_other_environment_is_refused():
    with pytest.raises(GoCardlessError, match="belongs to the other environment"):
        resolve("live", "https://api-sandbox.gocardless.com", {})


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (" https://a.example , http://Twin.Example:80/ ", "http://twin.example"),
        ("loopback", "http://127.0.0.1:1"),
        ("loopback", "http://localhost:65535"),
        ("https://a.example,loopback", "http://[::1]:5000/"),
    ],
)
def test_the_operator_may_allow_an_address(allowed, url):
    address = resolve("sandbox", url, {ALLOW: allowed})

    assert address.api == url.rstrip("/")
    assert address.payment_page("PM1") == f"{address.api}/dashboard/payments/PM1"
    assert not address.is_gocardless


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081"),
        ("https://twin.example", "http://twin.example"),
        ("https://twin.example", "https://sub.twin.example"),
        ("loopback", "https://127.0.0.1"),
        ("loopback", "http://127.0.0.2"),
        ("loopback", "http://127.1"),
        ("loopback", "http://localhost.evil.example"),
        ("true", "http://127.0.0.1"),
        ("*", "http://127.0.0.1"),
    ],
)
def test_only_what_was_named_is_allowed(allowed, url):
    with pytest.raises(GoCardlessError, match="does not allow it"):
        resolve("sandbox", url, {ALLOW: allowed})


@pytest.mark.parametrize(
    "identity", ["", "..", "../x", "PM1/..", "PM1?x", "PM 1", "PM1#", "é", "\ud800", "P" * 129]
)
def test_an_id_that_is_unfit_for_a_url_links_to_the_list(identity):
    page = resolve("live", None, {}).payment_page(identity)
    assert page == "https://manage.gocardless.com/payments"
