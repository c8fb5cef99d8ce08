"""Errors of the API: problem details (RFC 9457) in the operator's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from flask import Response, g
from pydantic import BaseModel, Field

from ..errors import (
    ChangedMeanwhile,
    ConnectionBusy,
    DatabaseError,
    HostError,
    InvalidInput,
    NotFound,
    PluginError,
    ProviderError,
)

MEDIA_TYPE = "application/problem+json"
_KINDS: Sequence[tuple[type[HostError], int]] = (
    (NotFound, 404),
    (InvalidInput, 422),
    (ConnectionBusy, 409),
    (ChangedMeanwhile, 412),
    (ProviderError, 502),
    (PluginError, 502),
    (DatabaseError, 503),
)


class Mistake(BaseModel):
    """One thing that is wrong with a request: where, and what."""

    where: str = Field(description="Such as body.settings.region or query.limit.")
    message: str


class Problem(BaseModel):
    """What went wrong, and what to do next (RFC 9457)."""

    type: str = Field(description="about:blank: the status says it all.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, in a sentence for people.")
    advice: str | None = Field(default=None, description="What to do next.")
    request_id: str = Field(description="The id by which the log of the host knows the request.")
    errors: list[Mistake] | None = Field(default=None, description="Each mistake by its place.")


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        advice: str | None = None,
        errors: Sequence[Mistake] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.advice = advice
        self.errors = errors
        self.headers = headers or {}

    def answer(self) -> Response:
        return problem(
            self.status,
            self.detail,
            advice=self.advice,
            errors=self.errors,
            headers=self.headers,
        )


def status_of(error: HostError) -> int:
    return next((status for kind, status in _KINDS if isinstance(error, kind)), 422)


def problem(
    status: int,
    detail: str,
    *,
    advice: str | None = None,
    errors: Sequence[Mistake] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id", ""),
    }
    if advice:
        body["advice"] = advice
    if errors:
        body["errors"] = [each.model_dump() for each in errors]
    answer = Response(orjson.dumps(body) + b"\n", status=status, content_type=MEDIA_TYPE)
    for name, value in (headers or {}).items():
        answer.headers[name] = value
    if status == 503:
        answer.headers["Retry-After"] = "10"
    return answer
