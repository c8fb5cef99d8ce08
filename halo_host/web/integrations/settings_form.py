"""The form of a connection's settings, made from the JSON Schema of its integration."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ...config_schema import is_secret, validate
from ...errors import InvalidInput
from ..shell.forms import Field, Form, Kind

_PREFIX = "setting-"
_TAKE_OUT = "take-out-"
_LONG = 200  # characters; a text that may be longer gets room for lines
_FORMATS: Mapping[str, Kind] = {"email": "email", "uri": "url", "date": "date"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One property of the schema."""

    name: str
    rules: Mapping[str, Any]
    is_required: bool

    @property
    def label(self) -> str:
        title = str(self.rules.get("title", ""))
        return title or self.name.replace("_", " ").replace("-", " ").strip().capitalize()

    @property
    def is_secret(self) -> bool:
        return is_secret(self.rules)

    @property
    def type(self) -> str:
        """The JSON type that its form is for; a type that may also be null is the other one."""
        kinds = self.rules.get("type", "string" if self.choices else "object")
        if isinstance(kinds, str):
            return kinds
        return next((str(kind) for kind in kinds if kind != "null"), "object")

    @property
    def choices(self) -> Sequence[tuple[str, str, Any]]:
        """How a browser sends it, what people read, the value itself."""
        if "enum" in self.rules:
            values = [it for it in self.rules["enum"] if it is not None]
            return [(_text(it), _text(it), it) for it in values]
        named = self.rules.get("oneOf", ())
        if named and all("const" in it for it in named):
            return [
                (_text(it["const"]), str(it.get("title", _text(it["const"]))), it["const"])
                for it in named
            ]
        return []

    def shown(self, value: Any) -> str:
        """A stored value for people."""
        for _, title, meant in self.choices:
            if meant == value:
                return title
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, list) and all(isinstance(it, str) for it in value):
            return ", ".join(value)
        return "" if value is None else _text(value)

    def field(self, value: Any, *, is_held: bool) -> Field:
        """Its field. `is_held`: it is a secret that is stored, and stays where nothing is typed."""
        name = _PREFIX + self.name
        help_text = str(self.rules.get("description", ""))
        if self.is_secret:
            stays = "It is stored and never shown. Leave it empty to keep it."
            return Field(
                name=name,
                label=self.label,
                kind="password",
                required=self.is_required and not is_held,
                autocomplete="new-password",
                help=f"{help_text} {stays}".strip() if is_held else help_text,
                attributes={"spellcheck": "false"},
            )
        if self.choices:
            nothing = [] if self.is_required or "default" in self.rules else [("", "Not chosen")]
            return Field(
                name=name,
                label=self.label,
                kind="select",
                value="" if value is None else _text(value),
                choices=[*nothing, *((sent, title) for sent, title, _ in self.choices)],
                required=self.is_required,
                help=help_text,
            )
        kind, attributes = self._kind()
        return Field(
            name=name,
            label=self.label,
            kind=kind,
            value=self._written(value),
            required=self.is_required and kind != "checkbox",
            help=f"{help_text} {self._how()}".strip(),
            placeholder=_text(self.rules.get("examples", [""])[0]),
            attributes=attributes,
        )

    def given(self, text: str) -> Any:
        """What was typed, as the schema's type; what is no such value stays text, so that the
        schema refuses it. None for nothing."""
        if self.type == "boolean" and not self.choices:
            return bool(text)
        if not text.strip():
            return None
        for sent, _, meant in self.choices:
            if sent == text:
                return meant
        if self.type == "string":
            return text
        if self._is_list_of_texts:
            return [line.strip() for line in text.splitlines() if line.strip()]
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        whole = self.type == "integer" and isinstance(value, float) and value.is_integer()
        return int(value) if whole else value

    @property
    def _is_list_of_texts(self) -> bool:
        return self.type == "array" and self.rules.get("items", {}).get("type") == "string"

    def _kind(self) -> tuple[Kind, dict[str, str]]:
        match self.type:
            case "boolean":
                return "checkbox", {}
            case "integer" | "number":
                limits = {"min": "minimum", "max": "maximum"}
                attributes = {
                    name: _text(self.rules[rule])
                    for name, rule in limits.items()
                    if rule in self.rules
                }
                step = {"step": "1" if self.type == "integer" else "any"}
                return "number", step | attributes
            case "array" | "object":
                return "textarea", {"spellcheck": "false"}
        if self.rules.get("maxLength", 0) > _LONG:
            return "textarea", {}
        return _FORMATS.get(str(self.rules.get("format", "")), "text"), {}

    def _how(self) -> str:
        if self._is_list_of_texts:
            return "One on each line."
        return "As JSON." if self.type in {"array", "object"} else ""

    def _written(self, value: Any) -> str:
        if value is None:
            return ""
        if self.type == "boolean":
            return "1" if value else ""
        if self._is_list_of_texts and isinstance(value, list):
            return "\n".join(map(str, value))
        return _text(value)


class SettingsForm:
    """The fields of a schema, for a new connection or with what a connection has stored.

    `stored` are its settings without secrets, `held` the names of those secrets it has.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        *more: Field,
        stored: Mapping[str, Any] | None = None,
        held: Collection[str] = (),
    ) -> None:
        self.settings = list(settings_of(schema))
        self._stored = stored
        self._shared = dict(schema.get("$defs", {}))
        self._removable = [
            it for it in self.settings if it.is_secret and it.name in held and not it.is_required
        ]
        fields: list[Field] = [*more]
        for each in self.settings:
            value = each.rules.get("default") if stored is None else stored.get(each.name)
            fields.append(each.field(value, is_held=each.name in held))
            if each in self._removable:
                fields.append(
                    Field(
                        name=_TAKE_OUT + each.name,
                        label=f"Take the stored {each.label} out",
                        kind="checkbox",
                    )
                )
        self.form = Form(*fields, edits=stored is not None)

    def read(self) -> bool:
        """Whether all is there and each value fits; what does not is said beside every field."""
        self.form.read()
        rules = {it.name: it.rules for it in self.settings}
        given = {name: value for name, value in self.values().items() if value is not None}
        try:
            validate({"$defs": self._shared, "properties": rules}, given, "it")
        except InvalidInput as error:
            self._beside(error.fields)
        return self.form.good

    def values(self) -> dict[str, Any]:
        """For `enable` what was given, for `configure` what is changed: None takes one out."""
        found: dict[str, Any] = {}
        for each in self.settings:
            value = each.given(self.form[_PREFIX + each.name].value)
            if each.is_secret and value is None:
                if each in self._removable and self.form[_TAKE_OUT + each.name].value:
                    found[each.name] = None
            elif value is not None or self._stored is not None:
                found[each.name] = value
        return found

    def refuse(self, wrong: Mapping[str, str], message: str) -> None:
        """Put what the schema says beside the fields; what belongs to none, on top."""
        known = {it.name for it in self.settings}
        if "name" in wrong and "name" not in known and "name" in self.form.fields:
            self.form["name"].error = f"{self.form['name'].label} {wrong['name']}."
        self._beside(wrong)
        if not self.form.wrong or not (known | {"name"}) >= wrong.keys():
            self.form.error = message

    def refuse_settings(self, error: InvalidInput) -> None:
        """Put what is wrong with the settings of a new connection beside their fields; what belongs
        to none, on top."""
        self._beside(error.fields)
        if not {it.name for it in self.settings} >= error.fields.keys():
            self.form.error = error.message

    def _beside(self, wrong: Mapping[str, str]) -> None:
        for each in self.settings:
            field = self.form[_PREFIX + each.name]
            if each.name in wrong and not field.error:
                said = wrong[each.name]
                text = "is needed" if said == "is missing" else said
                field.error = f"{each.label} {text}."


def settings_of(schema: Mapping[str, Any]) -> Iterator[Setting]:
    """In the order of the schema."""
    required = schema.get("required", ())
    for name, rules in schema.get("properties", {}).items():
        yield Setting(name, rules, name in required)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
