"""The floor: the same pages fetched, the same rows written, with no matching and no host.

What a good programmer would write for this one job: `requests.Session`, orjson, raw `sqlite3`, one
pass, every row written once. Database settings, tables, indexes, rows a commit and the contents of
the rows are the host's; every user goes to the Default Site. Run by the benchmarks as
`floor.py import DATA_FOLDER URL` or, to fetch and decode alone, `floor.py fetch URL`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import orjson
import requests
from measured_database import AGENT, CONNECTION, TOKEN, opened, rows_a_commit

_PAGE = 500
# Field names in the order of their keys, as the host writes JSON; custom fields by their numbers.
_PROVIDER_FIELDS = (
    ("address_line1", "address_line1"),
    ("address_line2", "address_line2"),
    ("address_line3", "address_line3"),
    ("city", "city"),
    ("company", "company_name"),
    ("country", "country_code"),
)
_PROVIDER_FIELDS_AFTER_CUSTOM = (
    ("email", "email"),
    ("family_name", "family_name"),
    ("given_name", "given_name"),
    ("language", "language"),
    ("phone", "phone_number"),
    ("postal_code", "postal_code"),
    ("region", "region"),
)
_USERS = (
    "INSERT INTO users (id, site_id, reference, given_name, family_name, company, email, phone,"
    " address_line1, address_line2, address_line3, city, region, postal_code, country, language,"
    " email_key, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_VALUES = "INSERT INTO custom_field_values (user_id, custom_field_id, value) VALUES (?,?,?)"
_LINKS = (
    "INSERT INTO links (id, connection_id, external_id, digest, user_id, written, created_at)"
    " VALUES (?,?,?,?,?,?,?)"
)
_CHANGES = (
    "INSERT INTO change_rows (change_set_id, position, external_id, name, action, rule, why,"
    " user_id, site_id, before, after, written, digest, candidates, state)"
    " VALUES (?,?,?,?,'new','default-site',?,?,?,'{}',?,'{}',?,'[]','applied')"
)
_AUDIT = (
    "INSERT INTO audit_log (at, agent, action, entity, entity_id, before, after, change_set_id)"
    " VALUES (?,?,'import.new','user',?,'{}',?,?)"
)


def customers(url: str) -> Iterator[list[dict[str, Any]]]:
    """Every page of the customer list."""
    with requests.Session() as session:
        session.headers.update(
            {"Authorization": f"Bearer {TOKEN}", "GoCardless-Version": "2015-07-06"}
        )
        params = {"limit": str(_PAGE)}
        while True:
            response = session.get(f"{url}/customers", params=params, timeout=30)
            response.raise_for_status()
            page = orjson.loads(response.content)
            yield page["customers"]
            after = page["meta"]["cursors"]["after"]
            if after is None:
                return
            params["after"] = after


def import_all(folder: Path, url: str) -> int:
    """Write every customer as a new user; how many there were."""
    database = opened(folder)
    writer = _Writer(database)
    everyone = chain.from_iterable(customers(url))
    size = rows_a_commit(folder)
    while batch := list(islice(everyone, size)):
        writer.write(batch)
    writer.finish()
    database.close()
    return writer.written


class _Writer:
    """Inserts customers into the host's tables."""

    def __init__(self, database: Connection) -> None:
        self._database = database
        self._at = _now()
        ((self._connection_id, self._site_id),) = database.execute(
            "SELECT id, default_site_id FROM connections WHERE slug = ?", (CONNECTION,)
        )
        self._mappings = database.execute(
            "SELECT metadata_key, custom_field_id FROM field_mappings ORDER BY custom_field_id"
        ).fetchall()
        self._first_user = self._take_ids("users", 0)
        self._first_link = self._take_ids("links", 0)
        self._change_set = self._take_ids("change_sets", 1)
        database.execute(
            "INSERT INTO change_sets (id, connection_id, state, agent, started_at, counts)"
            " VALUES (?,?,'applying',?,?,'{}')",
            (self._change_set, self._connection_id, AGENT, self._at),
        )
        self.written = 0

    def write(self, batch: list[dict[str, Any]]) -> None:
        """One transaction: users, values, links, change rows and audit rows."""
        at, site_id, change_set = self._at, self._site_id, self._change_set
        connection_id, mappings = self._connection_id, self._mappings
        users, values, links, changes, audit = [], [], [], [], []
        number = self.written
        for customer in batch:
            user_id = self._first_user + number
            number += 1
            identity, metadata = customer["id"], customer["metadata"]
            given = customer["given_name"] or ""
            family = customer["family_name"] or ""
            company = customer["company_name"] or ""
            email = customer["email"] or ""
            fields = {name: value for name, field in _PROVIDER_FIELDS if (value := customer[field])}
            for key, field_id in mappings:
                if value := metadata.get(key):
                    values.append((user_id, field_id, value))
                    fields[f"custom:{field_id}"] = value
            for name, field in _PROVIDER_FIELDS_AFTER_CUSTOM:
                if value := customer[field]:
                    fields[name] = value
            encoded = orjson.dumps(fields)
            after, digest = encoded.decode(), blake2b(encoded, digest_size=8).hexdigest()
            users.append(
                (
                    user_id,
                    site_id,
                    f"{CONNECTION}:{identity}",
                    given,
                    family,
                    company,
                    email,
                    customer["phone_number"] or "",
                    customer["address_line1"] or "",
                    customer["address_line2"] or "",
                    customer["address_line3"] or "",
                    customer["city"] or "",
                    customer["region"] or "",
                    customer["postal_code"] or "",
                    customer["country_code"] or "",
                    customer["language"] or "",
                    email.casefold(),
                    at,
                )
            )
            name = f"{given} {family}" if given and family else given or family or company or email
            why = (
                f"No customer or site is called “{company}”, so the user goes to the Default Site."
                if company
                else "The payer has no company name, so the user goes to the Default Site."
            )
            link_id = self._first_link + number - 1
            links.append((link_id, connection_id, identity, digest, user_id, after, at))
            changes.append(
                (change_set, number, identity, name, why, user_id, site_id, after, digest)
            )
            audit.append((at, AGENT, str(user_id), after, change_set))
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        database.executemany(_USERS, users)
        database.executemany(_VALUES, values)
        database.executemany(_LINKS, links)
        database.executemany(_CHANGES, changes)
        database.executemany(_AUDIT, audit)
        database.execute("COMMIT")
        self.written = number

    def finish(self) -> None:
        """Close the change set and keep the ids that were used."""
        self._database.execute("BEGIN IMMEDIATE")
        self._take_ids("users", self.written)
        self._take_ids("links", self.written)
        counts = orjson.dumps({"fetched": self.written}).decode()
        self._database.execute(
            "UPDATE change_sets SET state = 'applied', finished_at = ?, counts = ? WHERE id = ?",
            (_now(), counts, self._change_set),
        )
        self._database.execute("COMMIT")

    def _take_ids(self, table: str, count: int) -> int:
        """The first of `count` ids of the host's counter."""
        ((first,),) = self._database.execute(
            "INSERT INTO id_counters VALUES (?1, 1 + ?2) ON CONFLICT (name)"
            " DO UPDATE SET next_id = next_id + ?2 RETURNING next_id - ?2",
            (table, count),
        ).fetchall()
        return int(first)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def main(arguments: list[str]) -> None:
    gc.disable()  # nothing here makes cycles
    match arguments:
        case ["import", folder, url]:
            print(import_all(Path(folder), url))
        case ["fetch", url]:
            print(sum(map(len, customers(url))))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
