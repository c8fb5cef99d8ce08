"""Reading the body of a create or update request, one checked parameter at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from .errors import Problem, validation_failed
from .times import parse_date

T = TypeVar("T")

MAX_METADATA_KEYS = 3
MAX_METADATA_KEY = 50
MAX_METADATA_VALUE = 500
MAX_NUMBER = 999_999_999_999


class Parameters:
    """The parameters of one request; problems are collected, and `check` raises them together.

    ``allowed`` are the parameter names of the operation; any other is a problem.
    """

    def __init__(self, resource: str, values: dict[str, Any], allowed: Iterable[str]) -> None:
        self._resource = resource
        self._values = values
        self._problems: list[Problem] = []
        names = set(allowed)
        for name in values:
            if name not in names:
                self.reject(name, "is not a parameter of this request")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def is_value(self, name: str, value: object) -> bool:
        """Whether the parameter has exactly this value."""
        return name in self._values and self._values[name] == value

    def reject(self, field: str, message: str) -> None:
        """Note a problem. A field of `links` or `metadata` is written ``links.customer``."""
        outer, _, inner = field.partition(".")
        pointer = f"/{self._resource}/{field.replace('.', '/', 1)}"
        self._problems.append(Problem(inner or outer, message, pointer))

    def check(self) -> None:
        """Raise the 422 `ApiError` when there was any problem."""
        if self._problems:
            raise validation_failed(self._problems)

    def checked(self, value: T | None) -> T:
        """`check`, then ``value``: whoever passes None must have rejected something."""
        self.check()
        if value is None:
            raise ValueError(f"a parameter of {self._resource} is missing without a problem")
        return value

    def text(
        self,
        name: str,
        *,
        required: bool = False,
        longest: int = 255,
        choices: Iterable[str] | None = None,
        pattern: str | None = None,
    ) -> str | None:
        """A string, or None when it is absent, null or not acceptable."""
        value = self._values.get(name)
        if value is None or value == "":
            if required:
                self.reject(name, "is required")
            return None
        if not isinstance(value, str):
            self.reject(name, "must be a string")
        elif len(value) > longest:
            self.reject(name, f"is too long (the maximum is {longest} characters)")
        elif choices is not None and value not in (allowed := sorted(choices)):
            self.reject(name, "must be one of " + ", ".join(allowed))
        elif pattern is not None and not re.fullmatch(pattern, value, re.ASCII):
            self.reject(name, "is invalid")
        else:
            return value
        return None

    def whole_number(self, name: str, *, required: bool = False, least: int = 0) -> int | None:
        """An integer, given as a number or as digits in a string."""
        value = self._values.get(name)
        if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value, re.ASCII):
            value = int(value)
        if value is None:
            if required:
                self.reject(name, "is required")
        elif isinstance(value, bool) or not isinstance(value, int):
            self.reject(name, "must be a number")
        elif not least <= value <= MAX_NUMBER:
            self.reject(name, f"must be between {least} and {MAX_NUMBER}")
        else:
            return value
        return None

    def boolean(self, name: str) -> bool | None:
        """True, false, or None when it is absent or null."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.reject(name, "must be true or false")
        return None

    def date(self, name: str) -> str | None:
        """A date as ``YYYY-MM-DD``."""
        value = self.text(name)
        if value is not None and parse_date(value) is None:
            self.reject(name, "must be a date, such as 2026-01-31")
            return None
        return value

    def metadata(self) -> dict[str, str]:
        """Up to three keys, strings only."""
        values = self._values.get("metadata")
        if values is None:
            return {}
        if not isinstance(values, dict):
            self.reject("metadata", "must be an object")
            return {}
        if len(values) > MAX_METADATA_KEYS:
            self.reject("metadata", f"cannot have more than {MAX_METADATA_KEYS} keys")
        for key, value in values.items():
            if not 0 < len(key) <= MAX_METADATA_KEY:
                self.reject("metadata", f"keys must have 1 to {MAX_METADATA_KEY} characters")
            elif not isinstance(value, str):
                self.reject(f"metadata.{key}", "must be a string")
            elif len(value) > MAX_METADATA_VALUE:
                self.reject(f"metadata.{key}", f"cannot be over {MAX_METADATA_VALUE} characters")
        return dict(values)

    def links(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, str]:
        """Ids of other resources; gives an empty string for a required one that is missing."""
        values = self._values.get("links")
        if values is not None and not isinstance(values, dict):
            self.reject("links", "must be an object")
            values = None
        links: dict[str, str] = dict.fromkeys(required, "")
        for name, value in (values or {}).items():
            if name not in links and name not in set(optional):
                self.reject(f"links.{name}", "is not a parameter of this request")
            elif not isinstance(value, str):
                self.reject(f"links.{name}", "must be a string")
            else:
                links[name] = value
        for name, value in links.items():
            if not value:
                self.reject(f"links.{name}", "is required")
        return links
