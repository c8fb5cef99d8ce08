"""Fields of a form: what the macro `field` shows, what the browser sent, what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flask import request

Kind = Literal["text", "password", "email", "tel", "url", "number", "search", "textarea", "select",
               "checkbox", "date"]  # fmt: skip


@dataclass(kw_only=True, slots=True)
class Field:
    """One field. `choices` are (value, text) of a select; a checkbox is "1" or empty."""

    name: str
    label: str
    value: str = ""
    kind: Kind = "text"
    help: str = ""
    error: str = ""
    required: bool = False
    choices: Sequence[tuple[str, str]] = ()
    autocomplete: str = "off"
    placeholder: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"field-{self.name}"

    @property
    def described_by(self) -> str:
        """Ids of the help and the error, for assistive technology."""
        parts = [(self.help, "help"), (self.error, "error")]
        return " ".join(f"{self.id}-{part}" for text, part in parts if text)


class Form:
    """Fields in their order.

    `form.read()` takes what the browser sent; `form["name"].error = "…"` refuses a value; a form
    that is shown again with errors keeps everything but passwords.
    """

    def __init__(self, *fields: Field) -> None:
        self.fields = {each.name: each for each in fields}
        self.error = ""

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]

    def read(self) -> bool:
        """Whether everything that is required is there."""
        for each in self.fields.values():
            raw = request.form.get(each.name, "")
            each.value = raw if each.kind in {"password", "textarea"} else raw.strip()
            if each.required and not each.value:
                each.error = f"{each.label} is needed."
            elif each.kind == "select" and each.value not in {it for it, _ in each.choices}:
                each.error = f"{each.label} is none of the choices."
        return self.good

    @property
    def good(self) -> bool:
        return not self.error and not self.wrong

    @property
    def wrong(self) -> Sequence[Field]:
        return [each for each in self.fields.values() if each.error]

    def values(self) -> dict[str, str]:
        return {name: each.value for name, each in self.fields.items()}
