"""Accounts from an OpenID Connect provider: whom its claims let in, and as whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.agents import BY, PASSWORD, add_agent, signed_in
from support.clock import Clock

from halo_host.agents.agent import SignedIn, SignInRefused
from halo_host.agents.roles import Role
from halo_host.audit import entries
from halo_host.errors import InvalidInput
from halo_host.host import Host
from halo_host.settings import settings_from

ISSUER = "https://login.example.com"
OLIVE = "olive@example.com"


@pytest.fixture
def desk(host: Host, clock: Clock) -> Iterator[Host]:
    """A host that trusts the provider; two of its groups have a role."""
    settings = replace(
        host.settings,
        oidc_issuer=ISSUER,
        oidc_client_id="halo",
        oidc_administrators=("desk-admins",),
        oidc_operators=("desk", "desk-night"),
    )
    assert host.agents.all() == []  # makes the tables
    with Host(settings, clock=clock) as desk:
        yield desk


def by_provider(
    host: Host,
    subject: str = "0001",
    email: str = OLIVE,
    groups: tuple[str, ...] = (),
    *,
    verified: Any = True,
    issuer: str = ISSUER,
    name: str = "Olive Operator",
) -> SignedIn:
    return host.agents.signed_in_by_provider(
        issuer, subject, email, verified, groups, name=name, address="192.0.2.7"
    )


def test_a_verified_address_links_the_agent_and_then_the_subject_counts(desk: Host) -> None:
    olive = add_agent(desk)

    session = by_provider(desk, email="OLIVE@example.com")
    assert (session.agent.id, session.method) == (olive.id, "provider")
    assert session.agent.provider == ISSUER
    assert desk.agents.session(session.token)
    # The address at the provider may change, or be verified no more: the subject is who it is.
    later = by_provider(desk, email="new@example.com", verified=False)
    assert later.agent.id == olive.id
    assert later.agent.email == OLIVE
    linked = [it for it in entries(desk.database) if it.action == "agent.linked"]
    assert [it.after for it in linked] == [{"provider": ISSUER, "subject": "0001"}]
    assert signed_in(desk)  # the password still works


@pytest.mark.parametrize("verified", [False, None, "true", "false", 1])
def test_an_unverified_address_never_links(desk: Host, verified: Any) -> None:
    olive = add_agent(desk)

    with pytest.raises(SignInRefused, match="not verified"):
        by_provider(desk, verified=verified, groups=("desk-admins",))
    assert desk.agents.get(olive.id) == olive
    assert desk.agents.sessions() == []


def test_an_address_that_was_given_to_somebody_else_does_not_open_the_account(desk: Host) -> None:
    olive = add_agent(desk)
    by_provider(desk)

    with pytest.raises(SignInRefused, match="linked to another account"):
        by_provider(desk, subject="0002")
    desk.agents.unlink_provider(olive.id, agent=BY)
    assert desk.agents.sessions() == []
    assert by_provider(desk, subject="0002").agent.id == olive.id
    with pytest.raises(SignInRefused, match="linked to another account"):
        by_provider(desk)


def test_an_agent_that_is_not_linked_cannot_be_unlinked(desk: Host) -> None:
    with pytest.raises(InvalidInput, match="linked to no provider"):
        desk.agents.unlink_provider(add_agent(desk).id, agent=BY)


@pytest.mark.parametrize(
    "issuer", ["", "https://evil.example.com", ISSUER + "/", ISSUER.upper(), "https://login"]
)
def test_another_provider_lets_nobody_in(desk: Host, issuer: str) -> None:
    add_agent(desk)
    by_provider(desk)

    with pytest.raises(SignInRefused, match="does not know that provider"):
        by_provider(desk, issuer=issuer)


def test_without_a_provider_in_the_settings_nobody_comes_by_one(host: Host) -> None:
    add_agent(host)

    for issuer in ("", ISSUER):
        with pytest.raises(SignInRefused):
            by_provider(host, issuer=issuer)


@pytest.mark.parametrize("subject", ["", "  ", "x" * 256, "a\0b"])
def test_whoever_has_no_subject_is_refused(desk: Host, subject: str) -> None:
    add_agent(desk)
    with pytest.raises(SignInRefused, match="who signs in"):
        by_provider(desk, subject=subject)


def test_who_is_disabled_stays_out(desk: Host) -> None:
    olive, bob = add_agent(desk), add_agent(desk, "Bob")
    by_provider(desk)
    for agent in (olive, bob):
        desk.agents.disable(agent.id, agent=BY)

    for subject, email in (("0001", OLIVE), ("0002", "bob@example.com")):
        with pytest.raises(SignInRefused, match="disabled"):
            by_provider(desk, subject, email, ("desk-admins",))
    assert desk.agents.get(bob.id).provider == ""


def test_a_stranger_needs_a_group_with_a_role(desk: Host) -> None:
    for groups in ((), ("staff", "DESK")):
        with pytest.raises(SignInRefused, match="no account"):
            by_provider(desk, groups=groups)
    assert desk.agents.all() == []

    session = by_provider(desk, groups=("staff", "desk"))
    assert (session.name, session.agent.email, session.role) == (
        "Olive Operator",
        OLIVE,
        Role.OPERATOR,
    )
    assert not session.agent.has_password
    with pytest.raises(SignInRefused):
        desk.agents.sign_in(OLIVE, PASSWORD, "192.0.2.7")


def test_the_highest_role_of_the_groups_counts_anew_with_each_sign_in(desk: Host) -> None:
    first = by_provider(desk, groups=("desk", "desk-admins"))
    assert first.role is Role.ADMINISTRATOR

    assert by_provider(desk, groups=("desk-night",)).role is Role.OPERATOR
    renewed = desk.agents.session(first.token)
    assert renewed
    assert renewed.role is Role.OPERATOR
    assert renewed.token
    with pytest.raises(SignInRefused, match="None of the groups"):
        by_provider(desk, groups=("staff",))
    assert desk.agents.sessions() == []
    changes = [it for it in entries(desk.database) if it.action == "agent.changed"]
    assert [(it.before, it.after) for it in changes] == [
        ({"role": "administrator"}, {"role": "operator"})
    ]


def test_a_role_that_was_given_by_hand_stays(desk: Host) -> None:
    add_agent(desk, role=Role.VIEWER)
    assert by_provider(desk, groups=("desk-admins",)).role is Role.VIEWER
    bob = by_provider(desk, "0002", "bob@example.com", ("desk",), name="Bob").agent
    desk.agents.set_role(bob.id, Role.VIEWER, agent=BY)

    assert by_provider(desk, "0002", groups=("desk-admins",)).role is Role.VIEWER
    assert by_provider(desk, "0002", groups=()).role is Role.VIEWER


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Olive", "Olive"),
        ("", "new@example.com"),
        ("\u202e", "new@example.com"),
        ("Nobody", "new@example.com"),
        ("Taken Already", "Taken Already new@example.com"),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_new_agent_gets_a_name_that_nobody_has(desk: Host, name: str, shown: str) -> None:
    add_agent(desk, "Taken Already")

    session = by_provider(desk, "0002", "new@example.com", ("desk",), name=name)
    assert session.name == shown


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("desk", Role.OPERATOR),
        (["desk-admins"], Role.ADMINISTRATOR),
        ([{"id": 1}, "desk", 7], Role.OPERATOR),
    ],
)
def test_groups_are_read_however_the_provider_writes_them(
    desk: Host, groups: Any, role: Role
) -> None:
    assert by_provider(desk, groups=groups).role is role


@pytest.mark.parametrize("email", ["no address", "a\0b@c d", "x" * 300 + "@example.com"])
def test_an_address_that_is_none_makes_no_account(desk: Host, email: str) -> None:
    with pytest.raises(SignInRefused, match="no e-mail address"):
        by_provider(desk, email=email, groups=("desk",))
    assert desk.agents.all() == []


def test_the_settings_of_a_provider_are_read_from_the_environment() -> None:
    environment = {
        "HALO_HOST_DATA": "data",
        "HALO_HOST_OIDC_ISSUER": "https://login.example.com/realms/main",
        "HALO_HOST_OIDC_CLIENT_ID": "halo",
        "HALO_HOST_OIDC_CLIENT_SECRET": "hidden",
        "HALO_HOST_OIDC_OPERATORS": "desk, night shift,",
    }
    settings = settings_from(environment)

    assert settings.oidc_issuer == "https://login.example.com/realms/main"
    assert settings.oidc_name == "login.example.com"
    assert settings.oidc_operators == ("desk", "night shift")
    assert settings.oidc_administrators == ()
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("issuer", "client", "why"),
    [
        ("login.example.com", "halo", "no address"),
        ("http://login.example.com", "halo", "no address"),
        ("https://", "halo", "no address"),
        ("https://[x", "halo", "no address"),
        ("https://login.example.com", "", "CLIENT_ID"),
    ],
)
def test_a_provider_that_cannot_be_used_is_refused(issuer: str, client: str, why: str) -> None:
    environment = {
        "HALO_HOST_DATA": "data",
        "HALO_HOST_OIDC_ISSUER": issuer,
        "HALO_HOST_OIDC_CLIENT_ID": client,
    }
    with pytest.raises(InvalidInput, match=why):
        settings_from(environment)
