"""A data folder for measuring pages: users with payments, a change set, and an agent who looks.

Made once and kept: 100,000 users and a million payments take some minutes. Payments, payers and
links are those of `payments_database`; the change set holds what an import of as many payers would
do: mostly new users, and of every other action some.
"""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path
from typing import Any

from measured_database import AGENT
from payments_database import NOW, fill, payer_id

from halo_host.agents.roles import Role
from halo_host.database.bulk import insert_rows
from halo_host.database.columns import encode_json
from halo_host.database.tables import change_rows
from halo_host.host import Host
from halo_host.imports import change_sets
from halo_host.imports.change_sets import RowState, State
from halo_host.imports.rules import Action, Rule
from halo_host.settings import Settings, embedded_database

SLUG = "gocardless"
CHANGE_SET = 1
_PASSWORD = "violet harbour seventeen"
_EMAIL = "olive@example.com"
_COMMIT = 5_000
_COLUMNS = (
    *("change_set_id", "position", "external_id", "name", "action", "rule", "why", "user_id"),
    *("site_id", "before", "after", "written", "digest", "candidates", "state", "offered"),
    "search_key",
)


def settings_of(folder: Path) -> Settings:
    """Those with which the folder is filled and served."""
    return Settings(data=folder, database_url=embedded_database(folder), locale="en_GB")


def made(folder: Path, payments: int, rows: int) -> Path:
    """The data folder of that size inside `folder`; its name holds what it is made of."""
    place = folder / f"pages-{payments}-{rows}"
    if (place / "ready").exists():
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with Host(settings_of(place)) as host:
        host.connections.enable(SLUG, {"access_token": "sandbox_none"}, agent=AGENT)
        fill(host, payments)
        host.agents.add("Olive Operator", _EMAIL, Role.OPERATOR, agent=AGENT, password=_PASSWORD)
        _change_set(host, rows, payments // 10)
        with host.database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
    (place / "ready").touch()
    return place


def signed_in(folder: Path) -> str:
    """The token of a new session of an operator, for a browser's cookie."""
    with Host(settings_of(folder)) as host:
        return host.agents.sign_in(_EMAIL, _PASSWORD, "127.0.0.1", browser="benchmark").token


def _change_set(host: Host, rows: int, users: int) -> None:
    with host.database.write() as connection:
        number = change_sets.create(connection, 1, AGENT, NOW)
        assert number == CHANGE_SET
    planned = (_row(number, position, users) for position in range(1, rows + 1))
    while some := tuple(islice(planned, _COMMIT)):
        with host.database.write() as connection:
            insert_rows(connection, change_rows, _COLUMNS, some)
    counts = {"fetched": rows, "unchanged": 0, "linked": users}
    with host.database.write() as connection:
        change_sets.set_state(connection, number, State.PLANNED, counts=counts)


def _row(number: int, position: int, users: int) -> tuple[Any, ...]:
    """Of ten rows six are new users, two update one, one links one, one is a conflict."""
    name, email = f"Bea Baker {position}", f"bea{position}@x.example"
    user = position % users + 1
    action, rule, state = Action.NEW, Rule.DEFAULT_SITE, RowState.PENDING
    why = "No other rule fits, so the user goes to the Default Site."
    user_id: int | None = None
    site_id: int | None = position % 1_500 + 1
    before: dict[str, str] = {}
    after = {"given_name": "Bea", "family_name": f"Baker {position}", "email": email}
    candidates: list[dict[str, Any]] = []
    match position % 10:
        case 1 | 2:
            action, rule, user_id, site_id = Action.UPDATE, Rule.PROVIDER_ID, user, None
            why = f"The payer is linked to user {user} already."
            before = {"email": f"ann{user}@x.example", "phone": ""}
            after = {"email": email, "phone": f"+44 20 7946 {position % 10_000:04d}"}
        case 3:
            action, rule, user_id, site_id = Action.LINK, Rule.EMAIL, user, None
            why = f"User {user} of Customer {user % 1_500} has this e-mail address."
            before, after = {"phone": ""}, {"phone": f"+44 20 7946 {position % 10_000:04d}"}
        case 4:
            action, rule, state = Action.CONFLICT, Rule.EMAIL_AMBIGUOUS, RowState.OPEN
            why, site_id = "Two users have this e-mail address: choose one.", None
            candidates = [
                {"user": it, "name": f"Ann Archer {it}", "place": f"Customer {it % 1_500} / Main"}
                for it in (user, user % users + 1)
            ]
    return (
        *(number, position, payer_id(users + position), name, action, rule, why, user_id, site_id),
        *(encode_json(before), encode_json(after), "{}", f"{position:016x}"),
        *(encode_json(candidates), state, "{}", f"{name} {payer_id(position)} {email}".casefold()),
    )
