"""Whatever a program sends, the API answers as its description says, and never falls over.

schemathesis makes requests from the description, sound ones and unsound ones, and checks every
answer: status, type, headers and shape are described, and nothing is a 5xx.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from support.acme import Desk
from support.api import PREFIX, program_with
from support.mirror import DAY, Mirror

from halo_host.agents.roles import Role
from halo_host.api.api import SUBJECTS
from halo_host.api.callers import Pace
from halo_host.connections.matching import Policy
from halo_host.host import Host

EXAMPLES = 6  # of each operation


@pytest.fixture
def schema(app: Flask, host: Host, desk: Desk) -> schemathesis.BaseSchema:
    """Of a desk in which there is something of every kind, with the number 1 where it has one."""
    app.extensions["halo_host_api_pace"] = Pace(1e9, burst=10**9)
    fill(desk, host)
    return schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app)


@pytest.fixture
def tokens(app: Flask, host: Host) -> Iterator[str]:
    """Each of an agent of its own, for what is tried may disable agents and revoke tokens."""
    return (
        program_with(app, host, Role.ADMINISTRATOR, f"{number}th Program").token
        for number in count(1)
    )


@schemathesis.serializer("text/csv")
def as_csv(context: schemathesis.SerializationContext, value: object) -> bytes:
    return str(value).encode("utf-8", "replace")


def fill(desk: Desk, host: Host) -> None:
    field = host.directory.add_custom_field("Office", agent="Test")
    policy = Policy.FOLLOW
    host.connections.map_field("acme-pay", "office", str(field.id), policy, agent="Test")
    desk.add_user("Acme Ltd/Warehouse", given_name="Ann", email="ann@example.com")
    desk.run(
        {"id": "CU1", "given_name": "Ann", "email": "ann@example.com"},
        {"id": "CU2", "given_name": "Bea", "company": "Acme Ltd"},
        {"unreadable": "no name", "id": "CU3"},
    )
    mirror = Mirror(host, "acme-pay")
    mirror.filled()
    mirror.payout("PO1")
    mirror.payment("PM1", payer="CU1", payout_id="PO1", raw={"id": "PM1"})
    mirror.payment("PM2", payer="CU9", status="failed")
    mirror.failure("PM2", "insufficient_funds", at=DAY + timedelta(days=3))
    mirror.refund("RF1", "PM1")
    mirror.mandate("MD1")
    mirror.subscription("SB1")


@pytest.mark.once
@pytest.mark.parametrize("subject", [it.subject for it in SUBJECTS])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_described(
    schema: schemathesis.BaseSchema, tokens: Iterator[str], subject: str, mode: GenerationMode
) -> None:
    operations = [it.ok() for it in schema.include(tag=subject).get_all_operations()]
    assert operations
    for operation in operations:
        check(operation, mode, next(tokens))


def check(operation: schemathesis.APIOperation, mode: GenerationMode, token: str) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: schemathesis.Case) -> None:
        # What fits the description may be refused for what is there, such as a name that is taken.
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
            excluded_checks=[positive_data_acceptance],
        )

    with suppress(Unsatisfiable):  # there is nothing unsound to send where nothing is sent
        answers()
