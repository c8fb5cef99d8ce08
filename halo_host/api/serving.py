"""Serve a route: who asks, what was sent, the view, the answer with its ETag."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from itertools import chain, islice
from typing import Any

import orjson
from flask import Response, request
from pydantic import ValidationError

from ..errors import HostError
from .callers import admit, the_caller, the_host
from .idempotency import Claim, Kept, alone, claim
from .problems import MEDIA_TYPE, Mistake, Refused, problem, status_of
from .routes import Answer, Route, Served

LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_FILE = 4 * 1024 * 1024
LONGEST_KEY = 200
MOST_MISTAKES = 50  # told of one request: who sent more has more to mend than one looks at
JSON = "application/json"
_log = logging.getLogger("halo_host.api")


def served(route: Route) -> Served:
    """The function that Flask calls."""

    def answer(**address: str) -> Response:
        try:
            with ExitStack() as stack:
                return _answer(route, address, stack)
        except Refused as refused:
            return refused.answer()
        except HostError as error:
            return _failed(error)

    answer.__name__ = route.name
    answer.halo_api_route = route  # type: ignore[attr-defined]
    return answer


def _answer(route: Route, address: Mapping[str, str], stack: ExitStack) -> Response:
    request.max_content_length = LARGEST_FILE if route.takes else LARGEST_BODY
    admit(route.role)
    _refuse_other_media(route.sends or JSON)
    arguments = _from_address(route, address)
    arguments |= _from_query(route)
    raw = request.get_data(cache=True)
    arguments |= _from_body(route, raw)
    if route.sends:
        return _file(route, route.view(**arguments))
    if route.guarded is not None and "If-Match" in request.headers:
        stack.enter_context(alone(the_host(), request.path))
        _refuse_changed(route, route.guarded, arguments)
    key = _idempotency_key(route)
    if key is None:
        return _response(_kept(route, arguments))
    asked = b"\0".join((request.method.encode(), request.full_path.encode(), raw))
    held = claim(the_host(), f"agent {the_caller().agent.id}", key, asked)
    if isinstance(held, Kept):
        return _response(held, repeated=True)
    return _response(_once(route, arguments, held))


def _once(route: Route, arguments: dict[str, Any], held: Claim) -> Kept:
    try:
        kept = _kept(route, arguments)
    except BaseException:
        held.release()
        raise
    held.keep(kept)
    return kept


def _kept(route: Route, arguments: dict[str, Any]) -> Kept:
    value = route.view(**arguments)
    location = ""
    if isinstance(value, Answer):
        value, location = value.value, value.location
    return Kept(route.status, location, body_of(route, value))


def body_of(route: Route, value: Any) -> bytes:
    if route.output is None:
        return b""
    output = route.output
    return output.dump_json(output.validate_python(value, from_attributes=True)) + b"\n"


def _response(kept: Kept, *, repeated: bool = False) -> Response:
    answer = Response(kept.body, status=kept.status, content_type=JSON)
    answer.headers["Cache-Control"] = "no-cache" if request.method == "GET" else "no-store"
    answer.vary.add("Authorization")
    if kept.location:
        answer.headers["Location"] = kept.location
    if repeated:
        answer.headers["Idempotency-Replayed"] = "true"
    if request.method in {"GET", "HEAD"}:
        answer.set_etag(_etag(kept.body))
        answer.make_conditional(request.environ)
    return answer


def _file(route: Route, texts: Iterator[str]) -> Response:
    """It begins at once; what cannot begin is still a problem with a status."""
    first = list(islice(texts, 1))
    answer = Response(chain(first, texts), content_type=f"{route.sends}; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    answer.vary.add("Authorization")
    return answer


def _failed(error: HostError) -> Response:
    status = status_of(error)
    level = logging.ERROR if status >= 500 else logging.INFO
    _log.log(level, "%s %s failed: %s", request.method, request.path, error.message)
    fields: Mapping[str, str] = getattr(error, "fields", None) or {}
    errors = [Mistake(where=name, message=said) for name, said in fields.items()]
    return problem(status, error.message, advice=error.advice, errors=errors)


# --- what was sent -----------------------------------------------------------------------------


def _refuse_other_media(media: str) -> None:
    accepted = request.accept_mimetypes
    if accepted and not (accepted[media] or (accepted[MEDIA_TYPE] and media == JSON)):
        raise Refused(406, f"Answers are {media}.", advice=f"Send `Accept: {media}`.")


def _from_address(route: Route, address: Mapping[str, str]) -> dict[str, Any]:
    """An address that cannot be is one where nothing is."""
    found = {}
    for name, adapter in route.address.items():
        text = address[name]
        try:
            if "\0" in text:
                raise ValueError
            found[name] = adapter.validate_strings(text)
        except ValueError:
            raise Refused(404, "There is nothing at this address.") from None
    return found


def _from_query(route: Route) -> dict[str, Any]:
    given = request.args
    if "\0" in request.query_string.decode("latin-1") or any("\0" in it for it in given.values()):
        raise Refused(422, "The address holds a character that no text can have (NUL).")
    if route.query is None:
        if given:
            name = next(iter(given))[:40]
            raise _unfit(
                "query", [Mistake(where=f"query.{name}", message="Nothing is known by it")]
            )
        return {}
    listed = {name for name, it in route.query.model_fields.items() if "list" in str(it.annotation)}
    mistakes = [
        Mistake(where=f"query.{name}", message="It may be given once only.")
        for name in given
        if name not in listed and len(given.getlist(name)) > 1
    ]
    if mistakes:
        raise _unfit("query", mistakes)
    values = {name: given.getlist(name) if name in listed else given[name] for name in given}
    try:
        return {"query": route.query.model_validate(values)}
    except ValidationError as error:
        raise _unfit("query", mistakes_of("query", error)) from None


def _from_body(route: Route, raw: bytes) -> dict[str, Any]:
    if route.takes:
        if request.mimetype != route.takes:
            raise Refused(
                415,
                f"The body must be {route.takes}.",
                advice=f"Send `Content-Type: {route.takes}`.",
            )
        return {"file": raw}
    if route.body is None:
        if raw:
            raise _unfit("body", [Mistake(where="body", message="This takes no body.")])
        return {}
    if not raw and route.takes_nothing:
        return {}
    if request.mimetype != JSON:
        raise Refused(415, f"The body must be {JSON}.", advice=f"Send `Content-Type: {JSON}`.")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(
            400, f"The body is no JSON (line {error.lineno}, column {error.colno})."
        ) from None
    if b"\\u0000" in raw and (place := _nul(value)) is not None:
        raise _unfit(
            "body", [Mistake(where=f"body{place}", message="A text cannot hold the character NUL.")]
        )
    try:
        return {"body": route.body.validate_json(raw, strict=True)}
    except ValidationError as error:
        raise _unfit("body", mistakes_of("body", error)) from None


def _nul(value: Any) -> str | None:
    """Where a text of it holds NUL, which databases refuse. However deep it is: a body may hold a
    thousand lists in each other, which is more than functions may call each other."""
    waiting = [("", value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, str) and "\0" in each:
            return place
        if isinstance(each, dict):
            if any("\0" in name for name in each):
                return place
            waiting += [(f"{place}.{name}", part) for name, part in each.items()]
        elif isinstance(each, list):
            waiting += [(f"{place}.{number}", part) for number, part in enumerate(each)]
    return None


def mistakes_of(part: str, error: ValidationError) -> list[Mistake]:
    """What pydantic found, without the values."""
    found = []
    listed = error.errors(include_url=False, include_input=False, include_context=False)
    for each in listed[:MOST_MISTAKES]:
        where = ".".join(map(str, (part, *each["loc"])))
        said = each["msg"].replace("Input should be", "It must be").rstrip(".")
        if each["type"] == "missing":
            said = "It is missing"
        if each["type"] == "extra_forbidden":
            said = "Nothing is known by this name"
        found.append(Mistake(where=where[:200], message=f"{said}."))
    return found


def _unfit(part: str, errors: list[Mistake]) -> Refused:
    what = {"query": "The query", "body": "The body"}[part]
    return Refused(
        422, f"{what} cannot be used: {errors[0].where}: {errors[0].message}", errors=errors
    )


# --- preconditions -----------------------------------------------------------------------------


def _refuse_changed(route: Route, read: Any, arguments: Mapping[str, Any]) -> None:
    """:raises Refused: 412, it is not as the caller saw it."""
    reading: Route = read.halo_route
    now = reading.view(**{name: arguments[name] for name in reading.address})
    etag = _etag(body_of(reading, now))
    wanted = request.if_match
    if not (wanted.star_tag or wanted.contains_weak(etag)):
        raise Refused(
            412,
            "Somebody has changed it since you read it; nothing was changed.",
            advice="Read it again, and repeat the change if it still fits.",
        )


def _idempotency_key(route: Route) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or not route.work:
        return None
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable() or not key.isascii():
        raise Refused(
            422,
            f"The Idempotency-Key must be 1 to {LONGEST_KEY} printable characters of ASCII.",
            advice="A UUID does.",
        )
    return key


def _etag(body: bytes) -> str:
    return sha256(body).hexdigest()[:32]
