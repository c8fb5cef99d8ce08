"""Structured logs: one line a record, as text or JSON, with run and request ids and no secrets.

Long-running processes (the web server, the integrator) call `set_up` once. Everything else logs
through the standard library's `logging`, with further fields as `extra=fields(jobs=3)`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

from .masking import Mask

_ids: ContextVar[Mapping[str, str]] = ContextVar("halo_host_log_ids", default={})  # noqa: B039


def set_up(format_: str, *, stream: TextIO | None = None) -> None:
    """Send the records of this process to `stream` (standard error), as "text" or "json".

    Warnings of libraries are shown, and all but details of the host itself. Calling it again
    replaces what the first call did.
    """
    handler = _MaskingHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format_ == "json" else TextFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("halo_host").setLevel(logging.INFO)
    logging.captureWarnings(True)


def conceal(*secrets: str) -> None:
    """Mask these values wherever they appear in the records of this process.

    Called by whoever brings a secret into the process, each time; it costs next to nothing.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _MaskingHandler):
            handler.mask.add(*secrets)


@contextmanager
def ids(**named: str) -> Iterator[None]:
    """Give every record of the block these ids: `run` of a job, `request` of a request."""
    token = _ids.set({**_ids.get(), **named})
    try:
        yield
    finally:
        _ids.reset(token)


def fields(**named: object) -> dict[str, Any]:
    """Further fields of a record: `log.info("Done.", extra=fields(pages=3))`."""
    return {"halo_fields": named}


class _MaskingHandler(logging.StreamHandler[TextIO]):
    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.mask = Mask()

    def handle(self, record: logging.LogRecord) -> bool:
        """Before the handler's lock is taken: threads should wait for each other's writing only."""
        formatter = self.formatter
        assert isinstance(formatter, _Formatter)  # noqa: S101 - set_up gave it one
        try:
            line = formatter.line(record, self.mask)
        except Exception:
            self.handleError(record)
            return False
        with self.lock or nullcontext():
            try:
                self.stream.write(f"{line}\n")
                self.flush()
            except Exception:
                self.handleError(record)
        return True


class _Formatter(logging.Formatter):
    def line(self, record: logging.LogRecord, mask: Mask) -> str:
        raise NotImplementedError

    def parts(self, record: logging.LogRecord, mask: Mask) -> dict[str, Any]:
        """What a record says, masked, in the order in which it is written."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask.text(record.getMessage()),
            **_ids.get(),
        }
        for name, value in getattr(record, "halo_fields", {}).items():
            said.setdefault(name, mask.value(value))
        if record.exc_info:
            said["error"] = mask.text(self.formatException(record.exc_info))
        return said


class JsonFormatter(_Formatter):
    """One JSON object a line, for programs that collect logs."""

    def line(self, record: logging.LogRecord, mask: Mask) -> str:
        return orjson.dumps(self.parts(record, mask), default=str).decode()


class TextFormatter(_Formatter):
    """For people: time, level, message, then ids and fields; an error's trace below."""

    def line(self, record: logging.LogRecord, mask: Mask) -> str:
        parts = self.parts(record, mask)
        error = parts.pop("error", None)
        time, level, _, message = (parts.pop(it) for it in ("time", "level", "logger", "message"))
        rest = "".join(f" {name}={_one_line(str(value))}" for name, value in parts.items())
        text = f"{time} {level:<7} {_one_line(message)}{rest}"
        return text if error is None else f"{text}\n{error}"


def _one_line(text: str) -> str:
    """So that nobody can write a record of their own into the log."""
    if text.isprintable():
        return text
    return "".join(it if it.isprintable() else repr(it)[1:-1] for it in text)
