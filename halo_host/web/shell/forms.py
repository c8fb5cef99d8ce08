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
    """One field. `choices` are (value, text) of a select; a checkbox is "1" or empty.

    `seen` is the value with which the form was made: what is stored now, where it edits a record.
    `longest` is how many characters may be typed; a longer value that is stored already may stay.
    """

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
    longest: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    seen: str = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self.value

    @property
    def id(self) -> str:
        return f"field-{self.name}"

    @property
    def described_by(self) -> str:
        """Ids of the help and the error, for assistive technology."""
        parts = [(self.help, "help"), (self.error, "error")]
        return " ".join(f"{self.id}-{part}" for text, part in parts if text)

    @property
    def is_too_long(self) -> bool:
        over = self.longest is not None and len(self.value) > self.longest
        return over and _plain(self.value) != _plain(self.seen)

    def merge(self, seen: str) -> None:
        """Since the browser was shown `seen`, somebody else may have stored another value. It stays
        where nothing else was typed; what was changed by both is refused, and asked for again."""
        stored, typed = _plain(self.seen), _plain(self.value)
        if stored in (_plain(seen), typed):
            return
        if typed == _plain(seen):
            self.value = self.seen
            return
        words = "on" if self.kind == "checkbox" else dict(self.choices).get(stored, stored)
        became = f"to “{words[:200]}”" if stored else "and is empty now"
        self.error = (
            f"{self.label} was changed by somebody else meanwhile, {became}. Save again to have "
            "what stands here instead."
        )


class Form:
    """Fields in their order.

    `form.read()` takes what the browser sent; `form["name"].error = "…"` refuses a value; a form
    that is shown again with errors keeps everything but passwords.

    A form that `edits` a record is made with what is stored, and shown with `ui.seen(form)`: then
    two people who edit it at once lose nothing.
    """

    def __init__(self, *fields: Field, edits: bool = False) -> None:
        self.fields = {each.name: each for each in fields}
        self.edits = edits
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
            elif each.is_too_long:
                each.error = (
                    f"{each.label} has {len(each.value):,} characters; at most {each.longest} fit."
                )
            seen = request.form.get(f"seen-{each.name}") if self.edits else None
            if seen is not None and each.error:
                each.seen = seen
            elif seen is not None:
                each.merge(seen)
        return self.good

    @property
    def good(self) -> bool:
        return not self.error and not self.wrong

    @property
    def wrong(self) -> Sequence[Field]:
        return [each for each in self.fields.values() if each.error]

    def values(self) -> dict[str, str]:
        return {name: each.value for name, each in self.fields.items()}


def _plain(text: str) -> str:
    """As it comes back from a browser, but for the ends of its lines."""
    return text.replace("\r\n", "\n").strip()
