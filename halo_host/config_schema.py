"""What a plugin's configuration schema must be like, and what its violations say to an operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from .errors import InvalidInput, PluginError
from .types import Integration

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
WRONG_FORM = "does not have the right form"
# What a plugin's schema may say about a `pattern`, for people: "one word, such as live_AbC1".
FORM = "x-form"
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "empty",
}


def check_integration(integration: object) -> None:
    """Refuse a declaration that the host could not work with.

    :raises PluginError: says what is wrong; the caller names the plugin.
    """
    if not isinstance(integration, Integration):
        raise PluginError("halo_integrations must yield halo_host.Integration objects")
    if not _SLUG.fullmatch(integration.slug):
        raise PluginError(
            f"the integration slug {integration.slug!r} is not lower-case letters, digits and -"
        )
    schema = integration.config_schema
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(map(str, error.path)) or "its top level"
        raise PluginError(
            f"the config schema of {integration.slug} is no valid JSON Schema (at {where})"
        ) from None
    if schema.get("type") != "object":
        raise PluginError(f"the config schema of {integration.slug} must be of type object")
    for name, rules in schema.get("properties", {}).items():
        if "writeOnly" in orjson.dumps(rules).decode() and not is_secret(rules):
            raise PluginError(
                f"the config schema of {integration.slug} has a secret inside {name}; "
                "writeOnly works on a top-level property of type string only"
            )


def is_secret(rules: Mapping[str, Any]) -> bool:
    return bool(rules.get("writeOnly")) and rules.get("type") == "string"


def secret_names(schema: Mapping[str, Any]) -> set[str]:
    return {name for name, rules in schema.get("properties", {}).items() if is_secret(rules)}


def with_defaults(schema: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        name: rules["default"]
        for name, rules in schema.get("properties", {}).items()
        if "default" in rules
    }
    return defaults | dict(settings)


def validate(schema: Mapping[str, Any], settings: Mapping[str, Any], what: str) -> None:
    """Check `settings`, with secrets in plain text, before they are stored.

    :raises InvalidInput: names every wrong field and never a value.
    """
    validator = _validator(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS))
    wrong = sorted({it for error in validator.iter_errors(dict(settings)) for it in _wrong(error)})
    if wrong:
        known = ", ".join(schema.get("properties", {}))
        by_field: dict[str, str] = {}
        for field, said in wrong:
            by_field.setdefault(field.partition(".")[0], said)
        raise InvalidInput(
            f"The settings of {what} cannot be used: "
            f"{'; '.join(f'{field} {said}' for field, said in wrong)}.",
            advice=f"Known settings: {known}.",
            fields=by_field,
        )


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(schema))


def _wrong(error: ValidationError) -> list[tuple[str, str]]:
    """Each wrong field with what is wrong with it.

    The text is made from the path and the rule, since jsonschema's own prints the value.
    """
    schema: Any = error.schema
    given: Any = error.instance
    rule: Any = error.validator_value
    match error.validator:
        case "required":
            return [(_field(error, name), "is missing") for name in rule if name not in given]
        case "additionalProperties":
            known = schema.get("properties", {})
            unknown = [str(name)[:40] for name in given if name not in known]
            return [(_field(error, name), "is no setting") for name in unknown]
        case _:
            said = _said(str(error.validator), rule)
            if said == WRONG_FORM and isinstance(schema.get(FORM), str):
                said += f": {schema[FORM]}"
            return [(_field(error) or "the whole", said)]


def _field(error: ValidationError, *inside: str) -> str:
    return ".".join(map(str, (*error.absolute_path, *inside)))


def _said(validator: str, rule: Any) -> str:
    match validator:
        case "type":
            kinds = [rule] if isinstance(rule, str) else rule
            return f"must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}"
        case "enum":
            return f"must be one of {', '.join(map(str, rule))}"
        case "minLength":
            return "is empty" if rule == 1 else f"is shorter than {rule} characters"
        case "maxLength":
            return f"is longer than {rule} characters"
        case "minimum" | "exclusiveMinimum":
            return f"is too small (limit {rule})"
        case "maximum" | "exclusiveMaximum":
            return f"is too large (limit {rule})"
        case "pattern" | "format":
            return WRONG_FORM
        case other:
            return f"breaks the rule {other}"
