"""Who claims speak of, however a provider writes them, and where it puts them."""

from __future__ import annotations

from typing import Any

import pytest
from support.forged_provider import (
    ISSUER,
    Answers,
    sign_in,
)

from halo_host.agents.agent import SignInRefused


def test_what_the_token_holds_back_is_asked_for(forged: Answers) -> None:
    forged.claims = dict.fromkeys(("email", "email_verified", "groups", "name"))
    forged.userinfo = {
        "sub": "248289761001",
        "email": "olive@example.com",
        "email_verified": "true",
        "preferred_username": "olive",
        "roles": ["desk-admins"],
    }
    who = sign_in(forged)

    assert (who.email, who.verified, who.name) == ("olive@example.com", True, "olive")
    assert who.groups == ("desk-admins",)
    (asked,) = forged.asked("/userinfo")
    assert asked.headers["Authorization"] == "Bearer A"
    assert asked.timeout


@pytest.mark.parametrize("more", [{"sub": "another"}, {"email": "x@example.com"}, ["x"], "x"])
def test_userinfo_of_somebody_else_is_refused(forged: Answers, more: Any) -> None:
    forged.claims = {"email": None}
    forged.userinfo = more

    with pytest.raises(SignInRefused, match="name different persons"):
        sign_in(forged)


def test_what_is_signed_stands_before_what_was_asked_for(forged: Answers) -> None:
    forged.claims = {"groups": ["desk"], "email_verified": None}
    forged.userinfo = {
        "sub": "248289761001",
        "iss": "https://evil.example.com",
        "email": "ada@example.com",
        "name": "Ada",
        "groups": ["desk-admins"],
    }
    who = sign_in(forged)

    assert (who.issuer, who.email, who.name) == (ISSUER, "olive@example.com", "Olive Operator")
    assert who.groups == ("desk",)
    assert not who.verified


def test_an_address_is_as_verified_as_the_answer_it_came_with(forged: Answers) -> None:
    forged.claims = {"email": "ada@example.com", "email_verified": False}
    forged.userinfo = {
        "sub": "248289761001", "email": "olive@example.com", "email_verified": True,
    }  # fmt: skip
    who = sign_in(forged)
    assert (who.email, who.verified) == ("olive@example.com", True)

    forged.userinfo = {"sub": "248289761001", "email_verified": True}
    who = sign_in(forged)
    assert (who.email, who.verified) == ("ada@example.com", False)


@pytest.mark.parametrize(
    ("claims", "verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"email_verified": "True"}, True),
        ({"email_verified": False}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": "yes, surely"}, False),
        ({"email_verified": ["true"]}, False),
        ({"email_verified": None}, False),
        ({"email_verified": None, "xms_edov": True}, True),
        ({"email_verified": None, "xms_edov": "1"}, True),
        ({"email_verified": None, "xms_edov": 1}, True),
        ({"email_verified": None, "xms_edov": 0}, False),
        ({"email_verified": False, "xms_edov": True}, False),
        ({"email": ["olive@example.com"]}, False),
        ({"email": ""}, False),
    ],
)
def test_only_a_yes_verifies_an_address(
    forged: Answers, claims: dict[str, Any], verified: bool
) -> None:
    forged.metadata["userinfo_endpoint"] = None
    forged.claims = claims

    assert sign_in(forged).verified is verified


@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({"groups": "desk"}, ("desk",)),
        ({"groups": ["desk", 7, {"name": "x"}, None]}, ("desk",)),
        ({"groups": {"desk": True}}, ()),
        ({"groups": ["desk"], "roles": ["desk-admins"]}, ("desk", "desk-admins")),
        ({"groups": None}, ()),
    ],
)
def test_groups_are_texts(forged: Answers, claims: dict[str, Any], groups: tuple[str, ...]) -> None:
    forged.metadata["userinfo_endpoint"] = None
    forged.claims = claims

    assert sign_in(forged).groups == groups
