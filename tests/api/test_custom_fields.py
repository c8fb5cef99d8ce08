"""Custom fields over the API: added, renamed, deleted while nothing uses them."""

from __future__ import annotations

from support.acme import AGENT, Desk
from support.api import Program

from halo_host.audit import entries


def test_a_custom_field_is_renamed_and_deleted(
    operator: Program, viewer: Program, desk: Desk
) -> None:
    directory = desk.host.directory
    user = desk.add_user("Warehouse", given_name="Ada")
    field = operator.post("/custom-fields", {"name": "Ofice"}).get_json()["id"]
    directory.set_value(user, field, "Leeds", agent=AGENT)
    path = f"/custom-fields/{field}"
    shown = viewer.get(path)
    assert shown.get_json()["name"] == "Ofice"
    assert viewer.patch(path, {"name": "Office"}).status_code == 403

    renamed = operator.patch(path, {"name": "Office"}, If_Match=shown.headers["ETag"])

    assert renamed.get_json()["name"] == "Office"
    assert directory.values(user) == {"Office": "Leeds"}
    stale = operator.delete(path, If_Match=shown.headers["ETag"])
    assert stale.status_code == 412
    used = operator.delete(path)
    assert used.status_code == 422
    assert "1 user has a value of it" in used.get_json(force=True)["detail"]
    directory.set_value(user, field, "", agent=AGENT)
    assert operator.delete(path).get_json()["id"] == field
    assert viewer.get(path).status_code == 404
    assert entries(desk.host.database, limit=1)[0].action == "custom-field.deleted"


def test_the_name_of_one_field_is_not_the_number_of_another(operator: Program, desk: Desk) -> None:
    operator.post("/custom-fields", {"name": "77"})

    assert operator.get("/custom-fields/77").status_code == 404
    assert operator.delete("/custom-fields/77").status_code == 404
    assert len(desk.host.directory.custom_fields()) == 1
