"""What ties a user to payers stays with the user."""

from __future__ import annotations

from support.acme import AGENT, CONNECTION, Desk


def test_a_moved_user_keeps_its_values_and_links(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann", "email": "ann@acme.example"})
    directory = desk.host.directory
    directory.add_custom_field("Manager", agent=AGENT)
    directory.set_value("ann@acme.example", "manager", "Jo", agent=AGENT)

    moved = directory.move_user("ann@acme.example", "Acme Ltd/Warehouse", agent=AGENT)

    assert (moved.customer, moved.site) == ("Acme Ltd", "Warehouse")
    assert directory.values(moved.id) == {"Manager": "Jo"}
    (link,) = directory.links(moved.id)
    assert (link.connection, link.external_id, link.removed_at) == (CONNECTION, "CU1", None)


def test_an_edited_user_is_compared_again_by_the_next_import(desk: Desk) -> None:
    desk.run({"id": "CU1", "given_name": "Ann", "phone": "1"})
    user = desk.user_of("CU1")
    desk.host.directory.edit_user(user, {"phone": ""}, agent=AGENT)

    desk.run({"id": "CU1", "given_name": "Ann", "phone": "1"})

    assert desk.host.directory.user(user).phone == "1"
