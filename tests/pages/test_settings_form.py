"""Every kind of setting that a schema may have becomes a field, and comes back as its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask

from halo_host.config_schema import validate
from halo_host.errors import InvalidInput
from halo_host.web.integrations.settings_form import Setting, SettingsForm

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "writeOnly": True},
        "region": {
            "oneOf": [{"const": "eu", "title": "Europe"}, {"const": "us", "title": "America"}],
            "default": "us",
        },
        "level": {"enum": [1, 2, 3], "title": "Level"},
        "dry_run": {"type": "boolean", "default": True, "description": "Change nothing."},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "retries": {"type": ["integer", "null"]},
        "scopes": {"type": "array", "items": {"type": "string"}},
        "extra": {"type": "object"},
        "contact": {"type": "string", "format": "email"},
        "note": {"type": "string", "maxLength": 2000},
    },
    "required": ["token"],
    "additionalProperties": False,
}


def setting(name: str) -> Setting:
    rules = SCHEMA["properties"][name]
    return Setting(name, rules, name in SCHEMA["required"])


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("token", "password", "Token"),
        ("region", "select", "Region"),
        ("level", "select", "Level"),
        ("dry_run", "checkbox", "Dry run"),
        ("share", "number", "Share"),
        ("retries", "number", "Retries"),
        ("scopes", "textarea", "Scopes"),
        ("extra", "textarea", "Extra"),
        ("contact", "email", "Contact"),
        ("note", "textarea", "Note"),
    ],
)
def test_each_type_has_its_kind_of_field(name: str, kind: str, label: str) -> None:
    field = setting(name).field(None, is_held=False)

    assert (field.kind, field.label) == (kind, label)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("region", "eu", "eu"),
        ("level", "2", 2),
        ("dry_run", "1", True),
        ("dry_run", "", False),
        ("share", "0.25", 0.25),
        ("share", "", None),
        ("retries", "7", 7),
        ("retries", "7.0", 7),
        ("scopes", "read\n\n write \n", ["read", "write"]),
        ("extra", '{"a": [1, 2]}', {"a": [1, 2]}),
        ("note", "Line one\nline two", "Line one\nline two"),
    ],
)
def test_what_is_typed_comes_back_as_its_value(name: str, typed: str, value: object) -> None:
    found = setting(name).given(typed)

    assert found == value
    assert type(found) is type(value)
    if value is not None:
        assert setting(name).given(setting(name).field(value, is_held=False).value) == value


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("retries", "seven", "must be a whole number or empty"),
        ("retries", "7.5", "must be a whole number or empty"),
        ("share", "2", "is too large"),
        ("extra", "{not json", "must be an object"),
        ("level", "9", "must be one of 1, 2, 3"),
    ],
)
def test_what_is_no_such_value_is_refused_by_the_schema(name: str, typed: str, said: str) -> None:
    settings = {"token": "x", name: setting(name).given(typed)}

    with pytest.raises(InvalidInput) as refused:
        validate(SCHEMA, settings, "it")

    assert said in refused.value.fields[name]
    assert typed not in str(refused.value)


def test_a_new_connection_begins_with_the_defaults() -> None:
    form = SettingsForm(SCHEMA).form

    assert form["setting-region"].value == "us"
    assert form["setting-region"].choices == [("eu", "Europe"), ("us", "America")]
    assert form["setting-dry_run"].value == "1"
    assert form["setting-level"].choices[0] == ("", "Not chosen")


def test_stored_values_are_shown_in_words() -> None:
    assert setting("region").shown("eu") == "Europe"
    assert setting("dry_run").shown(False) == "No"
    assert setting("scopes").shown(["read", "write"]) == "read, write"
    assert setting("retries").shown(3) == "3"


def test_a_setting_that_belongs_to_no_field_is_told_on_top(app: Flask) -> None:
    form = SettingsForm(SCHEMA)

    form.refuse({"old_name": "is no setting", "share": "is too large (limit 1)"}, "Look again.")

    assert form.form.error == "Look again."
    assert form.form["setting-share"].error == "Share is too large (limit 1)."


def test_a_wrong_form_says_which_one_is_right() -> None:
    schema = {
        "type": "object",
        "properties": {
            "key": {"type": "string", "pattern": "^[a-z]+$", "x-form": "small letters alone"},
            "host": {"type": "string", "pattern": "^[a-z]+$"},
        },
    }

    with pytest.raises(InvalidInput) as refused:
        validate(schema, {"key": "A1", "host": "A1"}, "it")

    assert refused.value.fields == {
        "host": "does not have the right form",
        "key": "does not have the right form: small letters alone",
    }
