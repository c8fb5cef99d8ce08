"""The knobs: latency, rate limit and faults, as set in code, on the command line or by JSON."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


class FaultKind(enum.Enum):
    """What goes wrong with a request."""

    RATE_LIMITED = "rate_limited"
    """429; `ratelimit-reset` is ``seconds`` away."""
    SERVER_ERROR = "server_error"
    """500 with the JSON envelope."""
    STRING_ERROR = "string_error"
    """500 whose ``error`` is a plain string."""
    HTML_ERROR = "html_error"
    """502 with an HTML page, as a gateway gives."""
    MALFORMED_PAGE = "malformed_page"
    """200 with JSON of the wrong shape."""
    RESET = "reset"
    """The connection is reset before anything is done."""
    LOST_RESPONSE = "lost_response"
    """The request is carried out, then the connection is reset. Only writing requests."""
    TRUNCATED = "truncated"
    """Half of the body is sent, though `Content-Length` promises all of it."""
    SLOW_BODY = "slow_body"
    """The body dribbles in over ``seconds``."""


@dataclass(frozen=True)
class Fault:
    """A fault and the requests that it hits: those to ``path`` and below, after ``after`` of them.

    It hits ``count`` times (None: without end), each time with ``probability`` percent.
    """

    kind: FaultKind
    count: int | None = 1
    probability: int = 100
    path: str = "/"
    method: str | None = None
    after: int = 0
    seconds: int = 1

    def __post_init__(self) -> None:
        if self.count is not None:
            _expect_whole("count", self.count, 0)
        _expect_whole("probability", self.probability, 0, 100)
        _expect_whole("after", self.after, 0)
        _expect_whole("seconds", self.seconds, 0)
        if not isinstance(self.path, str) or not self.path.startswith("/"):
            raise ValueError("path must begin with a slash, for example /customers")
        if self.method is not None and (
            not isinstance(self.method, str) or self.method != self.method.upper()
        ):
            raise ValueError("method must be in capitals, for example POST")

    def to_json(self) -> dict[str, Any]:
        """The fault as `from_json` reads it."""
        return asdict(self) | {"kind": self.kind.value}

    @classmethod
    def from_json(cls, values: object) -> Fault:
        """Read ``{"kind": "reset", "count": 2}`` and the like; ValueError if it is wrong."""
        values = _object("a fault", values, {item.name for item in fields(cls)})
        return cls(**{**values, "kind": _kind(values.get("kind"))})

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``reset:count=2,path=/customers``; ``count=-`` is without end."""
        kind, _, rest = text.partition(":")
        values: dict[str, Any] = {"kind": kind}
        for part in filter(None, rest.split(",")):
            name, equals, value = part.partition("=")
            if not equals:
                raise ValueError(f"{part!r} is not of the form name=value")
            values[name] = None if value == "-" else int(value) if value.isdigit() else value
        return cls.from_json(values)


@dataclass(frozen=True)
class Knobs:
    """How the twin treats requests. ``page_delay_ms`` is added to lists, ``latency_ms`` to all."""

    latency_ms: int = 0
    page_delay_ms: int = 0
    rate_limit: int = 1000
    """Requests in a window, per access token."""
    rate_window_seconds: int = 60
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        _expect_whole("latency_ms", self.latency_ms, 0)
        _expect_whole("page_delay_ms", self.page_delay_ms, 0)
        _expect_whole("rate_limit", self.rate_limit, 1)
        _expect_whole("rate_window_seconds", self.rate_window_seconds, 1)

    def to_json(self) -> dict[str, Any]:
        """The knobs as `changed` reads them."""
        return asdict(self) | {"faults": [fault.to_json() for fault in self.faults]}

    def changed(self, values: object) -> Knobs:
        """These knobs with some turned; ValueError says what is wrong with ``values``."""
        changes = dict(_object("the knobs", values, {item.name for item in fields(self)}))
        if "faults" in changes:
            if not isinstance(changes["faults"], list):
                raise ValueError("faults must be a list")
            changes["faults"] = tuple(Fault.from_json(fault) for fault in changes["faults"])
        return replace(self, **changes)


def _kind(value: object) -> FaultKind:
    try:
        return FaultKind(value)
    except ValueError:
        known = ", ".join(kind.value for kind in FaultKind)
        raise ValueError(f"a fault's kind must be one of {known}") from None


def _object(what: str, values: object, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise ValueError(f"{what} must be an object")
    unknown = sorted(set(values) - names)
    if unknown:
        raise ValueError(f"{what} has no {unknown[0]!r}; there is {', '.join(sorted(names))}")
    return values


def _expect_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]
        limits = f"{least} or more" if most is None else f"between {least} and {most}"
        raise ValueError(f"{name} must be a whole number, {limits}")
