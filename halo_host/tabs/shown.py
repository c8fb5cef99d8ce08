"""What faces get of tabs: headings of a ribbon, a tab within a page, a tab as a whole page."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import HostError


@dataclass(frozen=True, slots=True)
class Heading:
    """A tab in the ribbon of a user page; addressed by connection and slug.

    `error` is why a connection could not say which tabs it has: its one heading then has no slug.
    """

    connection: str
    slug: str
    title: str
    badge: str | None
    error: HostError | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A tab as a page of the host shows it: `html` is clean, and may stand in that page.

    `takes_query`: it asked for what the viewer wants to see, so filters and pages make sense.
    `is_linked`: payers of the connection are linked to the user. `is_mirrored`: the host has their
    payments itself. `error` is what went wrong; there is no `html` then.
    """

    slug: str
    title: str
    html: str = ""
    next_cursor: str | None = None
    takes_query: bool = False
    is_linked: bool = False
    is_mirrored: bool = False
    error: HostError | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML page.

    `next_cursor` leads to the next page of payments, where there is one; `error` is what went wrong
    where this is the page of a tab that failed.
    """

    html: str
    next_cursor: str | None = None
    error: HostError | None = None
