"""Custom fields: their types, which of them can be mapped, and the values of users."""

from __future__ import annotations

import pytest

from halo_host import audit
from halo_host.database.database import Database
from halo_host.directory import custom_fields
from halo_host.directory.directory import Directory
from halo_host.errors import InvalidInput, NotFound

AGENT = "tester"


@pytest.fixture
def user(directory: Directory) -> int:
    directory.add_customer("Acme Ltd", agent=AGENT)
    return directory.add_user("Main", {"given_name": "Ann"}, agent=AGENT).id


def mappable(database: Database, name: str | int) -> custom_fields.CustomField:
    with database.read() as connection:
        return custom_fields.mappable(connection, name)


def test_a_text_field_of_users_can_be_mapped_by_name_or_number(
    directory: Directory, database: Database
) -> None:
    field = directory.add_custom_field("Account manager", agent=AGENT)

    for meant in ("Account manager", "ACCOUNT-MANAGER", field.id, str(field.id)):
        assert mappable(database, meant) == field


@pytest.mark.parametrize(
    ("entity", "type_", "what"),
    [
        ("user", "date", "a Date field of users"),
        ("user", "multiple-selection", "a Multiple selection field of users"),
        ("site", "text", "a Text field of sites"),
        ("customer", "checkbox", "a Checkbox field of customers"),
    ],
)
def test_any_other_field_is_refused_with_what_it_is(
    directory: Directory, database: Database, entity: str, type_: str, what: str
) -> None:
    directory.add_custom_field("Contract", entity=entity, type=type_, agent=AGENT)

    with pytest.raises(
        InvalidInput, match=f"Only Text fields of users can be mapped; “Contract” is {what}."
    ):
        mappable(database, "Contract")


def test_users_sites_and_customers_may_have_fields_of_one_name(
    directory: Directory, database: Database
) -> None:
    directory.add_custom_field("Contract", entity="site", agent=AGENT)
    field = directory.add_custom_field("contract", agent=AGENT)

    assert mappable(database, "Contract") == field
    with pytest.raises(InvalidInput, match="“contract” already: number 2, a Text field of users"):
        directory.add_custom_field("CONTRACT", type="date", agent=AGENT)


def test_unknown_fields_entities_and_types_are_refused(
    directory: Directory, database: Database
) -> None:
    with pytest.raises(
        NotFound, match=r"no custom field “Nothing”.\n.*custom-fields add 'Nothing'"
    ):
        mappable(database, "Nothing")
    with pytest.raises(InvalidInput, match="not to a “ticket”"):
        directory.add_custom_field("X", entity="ticket", agent=AGENT)
    with pytest.raises(InvalidInput, match=r"“table” is no type.*\n.*text, memo, selection"):
        directory.add_custom_field("X", type="table", agent=AGENT)
    assert directory.custom_fields() == []


def test_a_value_is_set_replaced_and_taken_away(
    directory: Directory, database: Database, user: int
) -> None:
    directory.add_custom_field("Manager", agent=AGENT)

    for value in ("Jo", "Jo", " Kim ", ""):
        directory.set_value(user, "manager", value, agent=AGENT)

    assert directory.values(user) == {}
    changes = [row for row in audit.entries(database) if row.action == "user.changed"]
    assert [(row.before, row.after) for row in reversed(changes)] == [
        ({"custom:Manager": ""}, {"custom:Manager": "Jo"}),
        ({"custom:Manager": "Jo"}, {"custom:Manager": "Kim"}),
        ({"custom:Manager": "Kim"}, {"custom:Manager": ""}),
    ]


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("text", "=1+1", "=1+1"),
        ("memo", "two\nlines", "two\nlines"),
        ("date", "2026-11-23", "2026-11-23"),
        ("time", "9:05".zfill(5), "09:05"),
        ("checkbox", "TRUE", "yes"),
        ("selection", "Gold", "Gold"),
    ],
)
def test_a_value_is_kept_as_its_type_writes_it(
    directory: Directory, user: int, type_: str, given: str, kept: str
) -> None:
    directory.add_custom_field("Extra", type=type_, agent=AGENT)

    directory.set_value(user, "Extra", given, agent=AGENT)

    assert directory.values(user) == {"Extra": kept}


@pytest.mark.parametrize(("type_", "example"), [("date", "2026-11-23"), ("checkbox", "yes or no")])
def test_a_value_that_does_not_fit_is_refused_with_an_example(
    directory: Directory, user: int, type_: str, example: str
) -> None:
    directory.add_custom_field("Extra", type=type_, agent=AGENT)

    with pytest.raises(InvalidInput, match=f"“Extra” is a .* field of users; .* {example}"):
        directory.set_value(user, "Extra", "23/11/2026", agent=AGENT)
    assert directory.values(user) == {}


def test_only_fields_of_users_hold_values(directory: Directory, user: int) -> None:
    directory.add_custom_field("Alarm code", entity="site", agent=AGENT)

    with pytest.raises(InvalidInput, match="a Text field of sites; users have no value of it"):
        directory.set_value(user, "Alarm code", "1234", agent=AGENT)


def test_a_field_is_renamed_and_keeps_its_values(
    directory: Directory, database: Database, user: int
) -> None:
    field = directory.add_custom_field("Acount manager", agent=AGENT)
    directory.add_custom_field("Branch", agent=AGENT)
    directory.add_custom_field("Account manager", entity="site", agent=AGENT)
    directory.set_value(user, field.id, "Jo", agent=AGENT)

    renamed = directory.rename_custom_field("acount manager", " Account manager ", agent=AGENT)

    assert (renamed.id, renamed.name) == (field.id, "Account manager")
    assert directory.values(user) == {"Account manager": "Jo"}
    row = audit.entries(database, limit=1)[0]
    assert (row.agent, row.action, row.entity_id) == (AGENT, "custom-field.renamed", str(field.id))
    assert (row.before, row.after) == ({"name": "Acount manager"}, {"name": "Account manager"})
    for taken in ("BRANCH", " "):
        with pytest.raises(InvalidInput):
            directory.rename_custom_field(field.id, taken, agent=AGENT)
    with pytest.raises(
        InvalidInput, match=r"several custom fields: 1 \(a Text field of users\), 3"
    ):
        directory.rename_custom_field("account manager", "X", agent=AGENT)
    directory.rename_custom_field(field.id, "ACCOUNT MANAGER", agent=AGENT)
    assert directory.custom_field(field.id).name == "ACCOUNT MANAGER"


def test_a_field_is_deleted_once_nobody_has_a_value_of_it(
    directory: Directory, database: Database, user: int
) -> None:
    field = directory.add_custom_field("Manager", agent=AGENT)
    directory.set_value(user, field.id, "Jo", agent=AGENT)
    with pytest.raises(
        InvalidInput,
        match=rf"“Manager” cannot be deleted: 1 user has a value of it: Ann \(user {user}\)\.",
    ):
        directory.remove_custom_field("manager", agent=AGENT)
    assert directory.values(user) == {"Manager": "Jo"}
    directory.set_value(user, field.id, "", agent=AGENT)

    directory.remove_custom_field("manager", agent=AGENT)

    assert directory.custom_fields() == []
    row = audit.entries(database, limit=1)[0]
    assert (row.action, row.before["name"]) == ("custom-field.deleted", "Manager")  # type: ignore[index]
    assert directory.add_custom_field("Manager", agent=AGENT).id != field.id
    with pytest.raises(NotFound):
        directory.remove_custom_field(field.id, agent=AGENT)


def test_the_first_users_who_keep_a_field_are_named_and_the_others_counted(
    directory: Directory, user: int
) -> None:
    field = directory.add_custom_field("Manager", agent=AGENT)
    names = ("Ben", "Cat", "Dan", "Eve")
    users = [
        user,
        *(directory.add_user("Main", {"given_name": it}, agent=AGENT).id for it in names),
    ]
    for each in users:
        directory.set_value(each, field.id, "Jo", agent=AGENT)

    with pytest.raises(InvalidInput) as refused:
        directory.remove_custom_field("Manager", agent=AGENT)

    assert refused.value.message == (
        "“Manager” cannot be deleted: 5 users have a value of it: "
        f"Ann (user {users[0]}), Ben (user {users[1]}), Cat (user {users[2]}) and 2 more."
    )


def test_history_knows_the_last_name_of_a_deleted_field(directory: Directory) -> None:
    kept = directory.add_custom_field("Kept", agent=AGENT)
    gone = directory.add_custom_field("Brnch", agent=AGENT)
    directory.rename_custom_field(gone.id, "Branch", agent=AGENT)

    directory.remove_custom_field(gone.id, agent=AGENT)

    assert directory.custom_field_names() == {
        f"custom:{kept.id}": "Kept",
        f"custom:{gone.id}": "Branch (deleted field)",
    }
