"""Commands in the host's sentences, as pages show them: by the page that does the same.

The rooms of the host say what to do next as it is done at a keyboard: "See `halo-host users list`."
Whoever is in a browser is led to the page instead: "See Users." What is done on the command line
alone, such as a back-up, stays a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from flask import has_request_context
from markupsafe import Markup

from ...errors import HostError
from ..parts import the_host

_QUOTED = re.compile(r"`([^`]+)`")
_COMMAND = "halo-host "
T = TypeVar("T")


class Place(NamedTuple):
    """What a page is called in a sentence, and its address. Both may name what the command does:
    `{1}` is the first thing that the pattern takes out of it, `{connection}` the name of the
    connection that it names."""

    words: str
    address: str


_SLUG = "(?P<connection>[a-z0-9][a-z0-9-]*)"
_CUSTOM_FIELDS = Place("Configuration > Custom Fields", "/configuration/custom-fields")
# The first that fits a command counts. Commands are without `halo-host`.
PLACES: tuple[tuple[str, Place], ...] = (
    ("agents add.*", Place("Configuration > Agents > New", "/configuration/agents/new")),
    ("agents list", Place("Configuration > Agents", "/configuration/agents")),
    ("alerts list", Place("the start page", "/")),
    (
        f"connections configure {_SLUG} --default-site .*",
        Place("Integrations > {connection} > Sites", "/integrations/{1}/sites"),
    ),
    (
        f"connections enable .*--slug {_SLUG}",
        Place("Integrations > {connection}", "/integrations/{1}/details"),
    ),
    ("connections (?:configure|enable|list).*", Place("Integrations", "/integrations")),
    ("custom-fields list", _CUSTOM_FIELDS),
    (
        "custom-fields add.*",
        Place("Configuration > Custom Fields > New", "/configuration/custom-fields/new"),
    ),
    ("customers list", Place("Customers", "/customers")),
    (
        f"import run {_SLUG} --replace-review",
        Place("Import Users in Integrations > {connection} > Import", "/integrations/{1}/imports"),
    ),
    ("import list", Place("Activity", "/activity")),
    (
        r"import show (\d+) --action (\w+)",
        Place("the rows of import {1}", "/imports/{1}?action={2}"),
    ),
    (r"import show (\d+)", Place("import {1}", "/imports/{1}")),
    (r"import apply (\d+)", Place("apply it", "/imports/{1}")),
    (r"import discard (\d+)", Place("discard it", "/imports/{1}")),
    (
        f"mappings remove {_SLUG} .*",
        Place("Integrations > {connection} > Field mappings", "/integrations/{1}/mappings"),
    ),
    ("payments list", Place("Payments", "/payments")),
    ("plugins", Place("Integrations", "/integrations")),
    ("sites list", Place("Customers", "/customers")),
    (
        f"sync now {_SLUG}",
        Place("Integrations > {connection} > Integrator", "/integrations/{1}/integrator"),
    ),
    ("sync runs", Place("Activity", "/activity")),
    ("users list", Place("Users", "/users")),
    ("webhooks list", Place("the Health of its connection", "/integrations")),
)
_PLACES = [(re.compile(pattern), place) for pattern, place in PLACES]


def place_of(command: str) -> Place | None:
    """Where pages do what this command does; None for what is done at a keyboard alone."""
    for pattern, (words, address) in _PLACES:
        if found := pattern.fullmatch(command):
            named, slug = ("", *found.groups()), found.groupdict().get("connection")
            called = "" if slug is None else _name_of(slug)
            return Place(words.format(*named, connection=called), address.format(*named))
    return None


def _name_of(slug: str) -> str:
    """What pages call a connection; its slug where there is none, or no page is made."""
    if not has_request_context():
        return slug
    return {it.slug: it.name for it in the_host().connections.all()}.get(slug, slug)


def coded(text: str) -> Markup:
    """A sentence of the host for a template, in which `commands` stand between backticks."""
    return Markup("").join(_parts(text, Markup.escape, _linked, Markup("<code>{}</code>").format))


def in_words(text: str) -> str:
    """The same where no link can be: in messages and beside fields."""
    return "".join(_parts(text, str, lambda place: place.words, "`{}`".format))


def told(error: HostError) -> str:
    """What was wrong and what to do, in one line for a form or a message."""
    return in_words(" ".join(filter(None, (error.message, error.advice))))


def _parts(
    text: str, plain: Callable[[str], T], link: Callable[[Place], T], code: Callable[[str], T]
) -> Iterator[T]:
    for number, part in enumerate(_QUOTED.split(text)):
        place = place_of(part.removeprefix(_COMMAND)) if part.startswith(_COMMAND) else None
        if number % 2 == 0:
            yield plain(part)
        else:
            yield code(part) if place is None else link(place)


def _linked(place: Place) -> Markup:
    return Markup('<a class="leads" href="{}">{}</a>').format(place.address, place.words)
