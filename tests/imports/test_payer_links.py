"""An operator links a payer to a user; imports keep to it."""

from __future__ import annotations

import pytest
from support.acme import CONNECTION, Desk
from support.clock import Clock
from support.mirror import Mirror

from halo_host.audit import entries
from halo_host.errors import InvalidInput, NotFound
from halo_host.imports.change_sets import RowState
from halo_host.imports.rules import Action


@pytest.fixture
def mirror(desk: Desk) -> Mirror:
    mirror = Mirror(desk.host, CONNECTION)
    mirror.payer("CU1", "Ann Archer", "ann@acme.example")
    mirror.payer("CU2", "Bob Baker", "bob@acme.example")
    mirror.payer("CU3", "Bea Baker", "bob@acme.example")
    return mirror


@pytest.fixture
def ann(desk: Desk) -> int:
    return desk.add_user("Acme Ltd/Warehouse", given_name="Ann", email="Ann@Acme.example")


def found(desk: Desk, text: str = "") -> list[str]:
    return [it.external_id for it in desk.host.payer_links.linkable(CONNECTION, text)]


def test_payers_without_a_user_are_found_by_name_address_and_id(
    desk: Desk, mirror: Mirror, ann: int
) -> None:
    assert found(desk) == ["CU1", "CU3", "CU2"]
    assert found(desk, "baker") == ["CU3", "CU2"]
    assert found(desk, "BEA baker") == ["CU3"]
    assert found(desk, "ann@") == ["CU1"]
    assert found(desk, "CU2") == ["CU2"]
    assert found(desk, "100%") == []

    mirror.link("CU1", ann)
    assert found(desk, "ann") == []


def test_the_payer_with_the_users_address_is_suggested(
    desk: Desk, mirror: Mirror, ann: int
) -> None:
    bob = desk.add_user("Acme Ltd/Warehouse", given_name="Bob", email="bob@acme.example")
    nobody = desk.add_user("Acme Ltd/Warehouse", given_name="Cay")

    suggested = desk.host.payer_links.suggested(CONNECTION, ann)
    assert suggested is not None
    assert suggested.external_id == "CU1"
    assert desk.host.payer_links.suggested(CONNECTION, bob) is None, "two payers have that address"
    assert desk.host.payer_links.suggested(CONNECTION, nobody) is None


def test_a_link_is_kept_by_imports_and_told_in_the_audit_log(
    desk: Desk, mirror: Mirror, ann: int
) -> None:
    desk.host.payer_links.link(CONNECTION, "CU2", ann, agent="olive")

    (entry,) = [it for it in entries(desk.host.database) if it.action == "user.linked"]
    assert (entry.agent, entry.entity_id) == ("olive", str(ann))
    assert entry.after == {"connection": CONNECTION, "payer": "CU2", "name": "Bob Baker"}
    assert desk.host.tabs.payers_of(ann, CONNECTION) == ("CU2",)

    change_set = desk.run({"id": "CU2", "given_name": "Robert", "family_name": "Baker"})
    assert desk.user_of("CU2") == ann
    assert {it.action for it in desk.rows(change_set)} <= {Action.UPDATE}


def test_what_cannot_be_linked_is_refused(desk: Desk, mirror: Mirror, ann: int) -> None:
    links = desk.host.payer_links
    links.link(CONNECTION, "CU1", ann, agent="olive")

    with pytest.raises(InvalidInput, match=f"linked to user {ann} already"):
        links.link(CONNECTION, "CU1", ann, agent="olive")
    with pytest.raises(NotFound, match="no payer CU9"):
        links.link(CONNECTION, "CU9", ann, agent="olive")
    with pytest.raises(NotFound, match="4711"):
        links.link(CONNECTION, "CU2", 4711, agent="olive")
    with pytest.raises(NotFound, match="nowhere"):
        links.link("nowhere", "CU2", ann, agent="olive")


def test_a_link_is_taken_away_and_told_in_the_audit_log(
    desk: Desk, mirror: Mirror, ann: int
) -> None:
    links = desk.host.payer_links
    links.link(CONNECTION, "CU2", ann, agent="olive")

    links.unlink(CONNECTION, "CU2", ann, agent="olive")

    assert desk.host.tabs.payers_of(ann, CONNECTION) == ()
    assert found(desk) == ["CU1", "CU3", "CU2"]
    (entry,) = [it for it in entries(desk.host.database) if it.action == "user.unlinked"]
    assert (entry.agent, entry.entity_id, entry.after) == ("olive", str(ann), None)
    assert entry.before == {"connection": CONNECTION, "payer": "CU2", "name": "Bob Baker"}
    links.link(CONNECTION, "CU2", ann, agent="olive")


def test_only_a_link_that_is_there_is_taken_away(desk: Desk, mirror: Mirror, ann: int) -> None:
    other = desk.add_user("Acme Ltd/Warehouse", given_name="Bob")
    desk.host.payer_links.link(CONNECTION, "CU1", ann, agent="olive")

    for payer, user in (("CU1", other), ("CU2", ann), ("CU9", ann)):
        with pytest.raises(NotFound, match=f"not linked to user {user}"):
            desk.host.payer_links.unlink(CONNECTION, payer, user, agent="olive")
    assert desk.user_of("CU1") == ann


def test_undoing_an_import_keeps_a_link_that_was_made_by_hand_since(
    desk: Desk, mirror: Mirror, clock: Clock, ann: int
) -> None:
    change_set = desk.run(
        {"id": "CU1", "email": "ann@acme.example", "company": "Acme Ltd"},
        {"id": "CU2", "given_name": "Bob"},
    )
    clock.advance(hours=1)
    desk.host.payer_links.unlink(CONNECTION, "CU1", ann, agent="olive")
    desk.host.payer_links.link(CONNECTION, "CU1", ann, agent="olive")

    desk.host.imports.undo(change_set.number, agent="olive")

    assert desk.host.tabs.payers_of(ann, CONNECTION) == ("CU1",)
    (kept,) = desk.host.imports.rows(change_set.number, state=RowState.KEPT)
    assert (kept.external_id, kept.note) == (
        "CU1",
        "The payer was linked to the user by hand since.",
    )
