"""The hooks that the host calls. What they do is in the modules beside this one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files

from halo_host import (
    HOOK_API,
    CheckResult,
    Connection,
    Demo,
    EndOfList,
    ExternalUser,
    Integration,
    MappableField,
    PaymentPage,
    PaymentQuery,
    Tab,
    UnreadableRecord,
    User,
    hookimpl,
)

from .account import Account
from .check import check
from .importing import find_mappable_fields, import_users
from .listing import list_payments
from .tab import payments_tab

if HOOK_API >= 2:
    from .level2 import halo_open_reader as halo_open_reader
    from .level2 import halo_streams as halo_streams
    from .level2 import halo_verify_webhook as halo_verify_webhook
    from .level2 import halo_webhook_events as halo_webhook_events

SLUG = "gocardless"


@hookimpl
def halo_integrations() -> Iterable[Integration]:
    schema = files(__package__).joinpath("config.schema.json").read_bytes()
    since_0_3 = {"icon": f"{__package__}:icon.svg"} if hasattr(Integration, "icon") else {}
    yield Integration(
        slug=SLUG,
        title="GoCardless",
        description="Imports your GoCardless customers as users and shows their payments.",
        config_schema=json.loads(schema),
        website="https://gocardless.com",
        **since_0_3,
    )


@hookimpl
def halo_check_connection(connection: Connection) -> CheckResult:
    return check(Account.from_settings(connection.settings))


@hookimpl
def halo_import_users(
    connection: Connection,
) -> Iterator[ExternalUser | UnreadableRecord | EndOfList]:
    return import_users(Account.from_settings(connection.settings))


@hookimpl
def halo_mappable_fields(connection: Connection) -> Iterable[MappableField]:
    return find_mappable_fields(Account.from_settings(connection.settings))


@hookimpl
def halo_user_tabs(connection: Connection, user: User) -> Iterable[Tab]:
    yield payments_tab()


@hookimpl
def halo_list_payments(connection: Connection, query: PaymentQuery) -> PaymentPage:
    return list_payments(Account.from_settings(connection.settings), query)


@hookimpl
def halo_demo() -> Demo:
    from .demo import start_demo  # brings Flask, which nothing else needs

    return Demo(integration=SLUG, start=start_demo)
