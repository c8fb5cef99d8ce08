"""Custom fields that are deleted while imports still speak of them."""

from __future__ import annotations

import pytest
from support.acme import AGENT, CONNECTION, Desk

from halo_host.connections.matching import Policy
from halo_host.errors import InvalidInput

PAYER = {"id": "CU1", "given_name": "Ada", "email": "ada@acme.example"}


def in_branch(branch: str) -> dict[str, object]:
    return PAYER | {"metadata": {"office": branch}}


@pytest.fixture
def field(desk: Desk) -> int:
    """The provider's field office fills Branch."""
    number = desk.host.directory.add_custom_field("Branch", agent=AGENT).id
    desk.host.connections.map_field(CONNECTION, "office", "Branch", Policy.WRITE_EMPTY, agent=AGENT)
    return number


def delete(desk: Desk, field: int) -> None:
    desk.host.directory.remove_custom_field(field, agent=AGENT)


def unmap(desk: Desk) -> None:
    desk.host.connections.unmap_field(CONNECTION, "Branch", agent=AGENT)


def test_a_field_that_a_connection_fills_stays(desk: Desk, field: int) -> None:
    with pytest.raises(InvalidInput, match=r"office of Acme Pay fills it.\n.*remove acme-pay 1"):
        delete(desk, field)
    unmap(desk)
    delete(desk, field)
    assert desk.host.directory.custom_fields() == []


def test_a_field_that_an_import_may_still_fill_stays(desk: Desk, field: int) -> None:
    desk.ledger.write(in_branch("Leeds"))
    waiting = desk.host.imports.run(CONNECTION, agent=AGENT, kept=True).change_set
    unmap(desk)

    with pytest.raises(InvalidInput, match=f"import {waiting.number} is not finished"):
        delete(desk, field)

    desk.host.imports.discard(waiting.number, agent=AGENT)
    delete(desk, field)


def test_undo_leaves_out_the_values_of_a_field_that_is_gone(desk: Desk, field: int) -> None:
    desk.run(in_branch("Leeds"))
    emptied = desk.run(PAYER | {"given_name": "Adah"})
    user = desk.user_of("CU1")
    assert desk.host.directory.values(user) == {}
    unmap(desk)
    delete(desk, field)

    desk.host.imports.undo(emptied.number, agent=AGENT)

    assert desk.host.directory.user(user).given_name == "Ada"
    assert desk.host.directory.values(user) == {}
