"""Whose network address a sign-in is counted for, and which proxies are believed about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.agents import add_agent
from support.clock import Clock
from support.pages import Visitor

from halo_host.errors import InvalidInput
from halo_host.host import Host
from halo_host.settings import settings_from
from halo_host.web.answer_times import AnswerTimes
from halo_host.web.app import create_app

NAME = "HALO_HOST_TRUSTED_PROXIES"


def address_of(host: Host, clock: Clock, proxies: str, peer: str, told: str | None) -> str:
    """The address that the session gets, of a sign-in from `peer` with this X-Forwarded-For."""
    add_agent(host)
    trusted = settings_from({NAME: proxies, "HALO_HOST_DATA": "data"}).trusted_proxies
    with Host(replace(host.settings, trusted_proxies=trusted), clock=clock) as behind:
        visitor = Visitor(create_app(behind, AnswerTimes()))
        visitor.client.environ_base["REMOTE_ADDR"] = peer
        if told is not None:
            visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = told
        assert visitor.sign_in("olive@example.com").status_code == 303
        return behind.agents.sessions()[0].address


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.5", "203.0.113.9", "10.0.0.5"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "8.8.8.8, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_of_itself_the_host_believes_its_own_machine_alone(
    host: Host, clock: Clock, peer: str, told: str | None, address: str
) -> None:
    assert address_of(host, clock, "", peer, told) == address


@pytest.mark.parametrize(
    ("proxies", "peer", "told", "address"),
    [
        ("10.0.0.5", "10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "10.0.0.6", "203.0.113.9", "10.0.0.6"),
        ("192.0.2.1, 172.16.0.0/12,", "172.18.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1::/48", "2001:db8:1::5", "2001:db8:2::5", "2001:db8:2::5"),
        # One proxy behind another: each is believed about the one before it, and no further.
        ("10.0.0.0/8", "10.0.0.5", "8.8.8.8, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.0.0.5", "10.0.0.5", "203.0.113.9, 10.1.2.3", "10.1.2.3"),
        ("10.0.0.0/8", "10.0.0.5", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        # Where the list is set, this machine stands in it or is not believed.
        ("10.0.0.5", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("10.0.0.5, 127.0.0.1", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_proxies_of_the_setting_are_believed(
    host: Host, clock: Clock, proxies: str, peer: str, told: str, address: str
) -> None:
    assert address_of(host, clock, proxies, peer, told) == address


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("203.0.113.9:40112", "203.0.113.9"),
        ("[2001:db8::7]:40112", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("unknown", "127.0.0.1"),
        ("203.0.113.9, unknown", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
        ("203.0.113.9,", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("1" * 5_000, "127.0.0.1"),
    ],
)
def test_what_a_proxy_writes_is_an_address_or_nothing(
    host: Host, clock: Clock, told: str, address: str
) -> None:
    assert address_of(host, clock, "", "127.0.0.1", told) == address


@pytest.mark.parametrize("value", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.*", "all"])
def test_what_is_no_network_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(InvalidInput, match=f"{NAME} holds something") as refusal:
        settings_from({NAME: f"192.0.2.1,{value}", "HALO_HOST_DATA": "data"})
    assert "10.1.0.0/16" in str(refusal.value.advice)
