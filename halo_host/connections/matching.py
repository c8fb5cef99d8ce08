"""The settings that belong to the host, whatever the plugin: how payers find their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select

from ..config_schema import validate
from ..database.tables import sites
from ..errors import InvalidInput

SCHEMA_FILE = Path(__file__).parent / "connection.schema.json"


class Policy(StrEnum):
    """When an import writes a value of a user who is there already (a new user gets every value).

    The default, FOLLOW, fills what is empty and updates what an import itself wrote; it never
    overwrites what a person wrote.
    """

    FOLLOW = "follow"
    KEEP = "keep"
    NEW_USERS = "new-users"
    OVERWRITE = "overwrite"
    WRITE_EMPTY = "write-empty"


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """Company-name matching on or off, the Default Site, the metadata key of a user id."""

    company_name_matching: bool = True
    default_site: int | None = None
    user_id_key: str | None = None


@cache
def connection_schema() -> dict[str, Any]:
    """The published contract `schemas/connection.json`."""
    schema: dict[str, Any] = orjson.loads(SCHEMA_FILE.read_bytes())
    return schema


def checked(connection: Connection, values: Mapping[str, Any]) -> Matching:
    """Matching settings from outside.

    :raises InvalidInput: a setting is wrong, or the Default Site does not exist.
    """
    validate(connection_schema(), values, "the connection")
    matching = Matching(**values)
    if matching.default_site is not None:
        found = connection.scalar(select(sites.c.id).where(sites.c.id == matching.default_site))
        if found is None:
            raise InvalidInput(
                f"There is no site {matching.default_site} to be the Default Site.",
                advice="See `halo-host sites list` for the sites and their numbers.",
            )
    return matching
