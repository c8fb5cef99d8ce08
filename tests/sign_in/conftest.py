"""A host whose agents sign in at Canaille, a real OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from requests_mock import Mocker
from support.browser import serving_pages
from support.clock import Clock
from support.forged_provider import Answers
from support.sign_in_provider import (
    CLIENT,
    CLIENT_SECRET,
    Person,
    SignInProvider,
    running_provider,
)

from halo_host.host import Host

NewPerson = Callable[..., Person]
BACK = "/sign-in/provider/back"


@pytest.fixture(scope="session")
def provider() -> Iterator[SignInProvider]:
    """One for all tests of a worker; each says itself who is there."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def desk(host: Host, clock: Clock, provider: SignInProvider) -> Iterator[Host]:
    """A host that trusts the provider; two of its groups have a role."""
    settings = replace(
        host.settings,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Canaille",
        oidc_administrators=("desk-admins",),
        oidc_operators=("desk",),
    )
    assert host.agents.all() == []  # makes the tables
    with Host(settings, clock=clock) as desk:
        yield desk


@pytest.fixture
def new_person(provider: SignInProvider) -> Iterator[NewPerson]:
    """Somebody before the pages of a host, which is registered at the provider."""
    with ExitStack() as stack:
        served: dict[int, str] = {}

        def person(host: Host, **registered: Any) -> Person:
            if id(host) not in served:
                served[id(host)] = stack.enter_context(serving_pages(host))
                provider.has_client(served[id(host)] + BACK, **registered)
            person = Person(served[id(host)])
            stack.callback(person.close)
            return person

        yield person


@pytest.fixture
def person(desk: Host, new_person: NewPerson) -> Person:
    return new_person(desk)


@pytest.fixture
def forged(requests_mock: Mocker) -> Answers:
    """A provider whose answers the test makes."""
    return Answers(requests_mock)
