"""The description of the API: OpenAPI 3.1, made from the same routes that are served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from .problems import MEDIA_TYPE, Problem
from .routes import Route, Routes

REF = "#/components/schemas/{model}"
VERSION = "1"
_ABOUT = """\
What agents do on the pages of Halo Host, programs do here. Every request needs an API token of an
agent (`Authorization: Bearer …`); its role is the lower of the token's and the agent's.

Lists come by page: `next` is the `cursor` of the page after it. Reads have an ETag, which
`If-None-Match` turns into a 304; writes that two people may do at once take it as `If-Match`.
Writes that begin something take an `Idempotency-Key`: sent twice they are carried out once.

Errors are problem details (RFC 9457). Times are ISO 8601 in UTC, amounts whole minor units."""
_ERRORS = {
    400: "The body cannot be read.",
    401: "There is no good token.",
    403: "The role of the token does not allow it.",
    404: "It is not there.",
    406: "The answer cannot have the wanted type.",
    408: "The request did not arrive whole.",
    409: "Somebody else is at it.",
    412: "It is not as it was when it was read.",
    413: "The body is too large.",
    415: "The body has another type.",
    422: "A value does not fit.",
    429: "The token asks too often.",
    502: "The provider or its plugin failed.",
    503: "The database is away for a moment.",
}
Schemas = Mapping[tuple[Any, Any], dict[str, Any]]


def document(subjects: Sequence[Routes]) -> dict[str, Any]:
    """The whole description. Shapes get their names from the classes they are made of."""
    routes = [route for subject in subjects for route in subject.all]
    inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (("problem", ""), "serialization", TypeAdapter(Problem))
    ]
    for route in routes:
        if route.output is not None:
            inputs.append(((route.name, "answer"), "serialization", route.output))
        if route.body is not None:
            inputs.append(((route.name, "body"), "validation", route.body))
    schemas, whole = TypeAdapter.json_schemas(inputs, ref_template=REF)
    paths: dict[str, Any] = {}
    for route in routes:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Halo Host", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": it.subject, "description": it.about} for it in subjects],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": whole["$defs"],
        },
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    summary, about = route.said
    said: dict[str, Any] = {
        "operationId": route.name,
        "summary": summary,
        "description": f"{about}\n\nNeeds the role {route.role}.".strip(),
        "tags": [route.subject],
        "parameters": list(_parameters(route)),
        "responses": _responses(route, schemas),
    }
    if route.takes:
        said["requestBody"] = {
            "required": True,
            "content": {route.takes: {"schema": {"type": "string"}}},
        }
    if route.body is not None:
        said["requestBody"] = {
            "required": not route.takes_nothing,
            "content": {
                "application/json": {"schema": schemas[(route.name, "body"), "validation"]}
            },
        }
    return said


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name, adapter in route.address.items():
        yield {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}
    if route.query is not None:
        schema = route.query.model_json_schema()
        for name, part in schema["properties"].items():
            yield {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "description": part.get("description", ""),
                "schema": _inlined(_without_null(part), schema.get("$defs", {})),
            }
    if route.work:
        yield _header(
            "Idempotency-Key",
            "Sent twice with the same key, it is done once.",
            minLength=1,
            maxLength=200,
        )
    if route.guarded is not None:
        yield _header("If-Match", "The ETag of what the change was made from.")
    if route.method == "GET" and not route.sends:
        yield _header("If-None-Match", "An ETag: 304 if it is still the same.")


def _header(name: str, about: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": about,
        "schema": {"type": "string", **schema},
    }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An address has no null: what may be left out is not required, and that is all."""
    options = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    if len(options) != 1:
        return schema
    rest = {name: it for name, it in schema.items() if name not in {"anyOf", "default"}}
    return {**rest, **options[0]}


def _inlined(schema: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(it, known) for it in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        rest = {name: it for name, it in schema.items() if name != "$ref"}
        return _inlined(known[schema["$ref"].rpartition("/")[2]], known) | rest
    return {name: _inlined(it, known) for name, it in schema.items()}


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "It is so."}
    if route.output is not None:
        good["content"] = {
            "application/json": {"schema": schemas[(route.name, "answer"), "serialization"]}
        }
    if route.sends:
        good["content"] = {route.sends: {"schema": {"type": "string"}}}
    responses: dict[str, Any] = {str(route.status): good}
    if route.method == "GET" and not route.sends:
        good["headers"] = {"ETag": {"schema": {"type": "string"}}}
        responses["304"] = {"description": "It is as the ETag says."}
    statuses = {401, 403, 404, 406, 413, 422, 429, 503}
    if route.body is not None or route.takes:
        statuses |= {400, 408, 415}
    if route.method != "GET":
        statuses |= {409}
    if route.guarded is not None:
        statuses |= {412}
    if route.provider:
        statuses |= {502}
    problem = {"schema": {"$ref": REF.format(model="Problem")}}
    for status in sorted(statuses):
        responses[str(status)] = {
            "description": _ERRORS[status],
            "content": {MEDIA_TYPE: problem},
        }
    return responses
