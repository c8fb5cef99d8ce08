"""The knobs: latency, rate limit and faults, as set in code, on the command line or by JSON."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

_WEBHOOK_PERCENTS = (
    "webhook_duplicate_events",
    "webhook_duplicate_deliveries",
    "webhook_drop",
    "webhook_wrong_signature",
)


_MOST_SKEW = 366 * 24 * 3600


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
    REVOKED = "revoked"
    """401, as when the access token is revoked; with ``after``, half-way."""
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
    event_delay_seconds: int = 0
    """How long after it happened an event can first be read, in the twin's time."""
    event_delay_spread_seconds: int = 0
    """Up to how much longer some events take than others, so that they appear out of order."""
    clock_skew_seconds: int = 0
    """By how much the twin's clock is ahead (or behind, when negative)."""
    webhook_batch_size: int = 250
    """The most events in one delivery."""
    webhook_at_once: bool = True
    """False: events wait until they fill a batch, or for a flush."""
    webhook_timeout_seconds: int = 10
    """How long a receiver may take to answer."""
    webhook_retry_scale: float = 1.0
    """Multiplies the waits before retries: 0 for at once, 0.001 for a minute in 60 ms."""
    webhook_shuffle: bool = False
    """Mixes the order of events within and across deliveries."""
    webhook_duplicate_events: int = 0
    """Percent of the events that come once more, in another delivery."""
    webhook_duplicate_deliveries: int = 0
    """Percent of the deliveries that are posted twice."""
    webhook_delay_seconds: int = 0
    """Holds back each delivery this long in the twin's time; with shuffle, up to this long."""
    webhook_drop: int = 0
    """Percent of the deliveries that are never sent, nor listed, nor tried again."""
    webhook_wrong_signature: int = 0
    """Percent of the attempts that are signed with a secret which is not the endpoint's."""

    def __post_init__(self) -> None:
        _expect_whole("latency_ms", self.latency_ms, 0)
        _expect_whole("page_delay_ms", self.page_delay_ms, 0)
        _expect_whole("rate_limit", self.rate_limit, 1)
        _expect_whole("rate_window_seconds", self.rate_window_seconds, 1)
        _expect_whole("event_delay_seconds", self.event_delay_seconds, 0)
        _expect_whole("event_delay_spread_seconds", self.event_delay_spread_seconds, 0)
        _expect_whole("clock_skew_seconds", self.clock_skew_seconds, -_MOST_SKEW, _MOST_SKEW)
        _expect_whole("webhook_batch_size", self.webhook_batch_size, 1, 250)
        _expect_whole("webhook_timeout_seconds", self.webhook_timeout_seconds, 1)
        _expect_whole("webhook_delay_seconds", self.webhook_delay_seconds, 0)
        for name in _WEBHOOK_PERCENTS:
            _expect_whole(name, getattr(self, name), 0, 100)
        for name in ("webhook_at_once", "webhook_shuffle"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be true or false")
        scale = self.webhook_retry_scale
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 <= scale < 1e6:
            raise ValueError("webhook_retry_scale must be a number from 0 to a million")

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
