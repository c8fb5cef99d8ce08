"""The errors that operators and plugin authors meet. This module imports the standard library only.

Every message says what happened, where, and what to do next, and holds no secret.
"""

from __future__ import annotations

from collections.abc import Mapping


class HostError(Exception):
    """Something an operator can mend. `advice` says how; faces show both lines and no traceback."""

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return self.message if self.advice is None else f"{self.message}\n{self.advice}"


class ProviderError(HostError):
    """Raised by a plugin when its provider refuses, fails or cannot be reached.

    The text is shown to the operator as it stands, so it must be readable and hold no secret.
    """


class InvalidInput(HostError):
    """A value, file or setting that the host cannot take.

    Where named settings are wrong, `fields` says what is wrong with each: "must be a whole number".
    """

    def __init__(
        self, message: str, *, advice: str | None = None, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.fields = dict(fields or {})


class NotFound(HostError):
    """A connection, user, site, change set or other thing that is not there."""


class PluginError(HostError):
    """A plugin failed or broke its contract; the message names plugin, distribution and hook."""


class ConnectionBusy(HostError):
    """Another import of this connection holds the lock; the message says who, since when."""


class ChangedMeanwhile(HostError):
    """What a decision was made about is no longer as it was shown; nothing was done."""


class DatabaseError(HostError):
    """The database cannot be opened, read or written."""
