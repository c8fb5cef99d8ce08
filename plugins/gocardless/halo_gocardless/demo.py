"""The plugin's part in `halo-host demo`: a twin with a small business, and a connection to it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from halo_host import DemoConnection, DemoCustomer

from .addresses import ALLOW_VARIABLE
from .twin import KnownCompany, KnownPerson, TwinConfig, TwinServer

PAYERS = 300


@contextmanager
def start_demo(customers: Iterable[DemoCustomer], folder: Path) -> Iterator[DemoConnection]:
    """Run a twin in which the demo's customers, and some of their users, are payers.

    The twin keeps nothing, so `folder` stays empty.
    """
    config = TwinConfig(customers=PAYERS, known_companies=[_known(each) for each in customers])
    with TwinServer(config) as twin, _loopback_allowed():
        yield DemoConnection(
            name="GoCardless twin",
            settings={
                "access_token": twin.access_token,
                "environment": "sandbox",
                "api_url": twin.url,
            },
            mappings={
                "office": "Office",
                "contract": "Support contract",
                "account_manager": "Account manager",
            },
            hints=(
                f"export {ALLOW_VARIABLE}=loopback",
                f"The twin's own pages, where metadata can be edited: {twin.dashboard_url}",
            ),
        )


def _known(customer: DemoCustomer) -> KnownCompany:
    people = (
        KnownPerson(person.given_name, person.family_name, person.email)
        for person in customer.people
    )
    return KnownCompany(customer.name, tuple(people))


@contextmanager
def _loopback_allowed() -> Iterator[None]:
    """Allow the twin's address in this process, as long as the demo runs."""
    before = os.environ.get(ALLOW_VARIABLE)
    os.environ[ALLOW_VARIABLE] = "loopback" if before is None else f"{before},loopback"
    try:
        yield
    finally:
        if before is None:
            del os.environ[ALLOW_VARIABLE]
        else:
            os.environ[ALLOW_VARIABLE] = before
